"""`GET /api/models`: what there is to be asked, and what each can do."""

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from seeread.checkpoints.catalogue import Ability, find
from seeread.interface import Classifies, Compares, Fills, Generates
from seeread.pretrained import Answers, Pretrained
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/models")

    @routes.get("")
    def models() -> Response:
        """All of them: {"name", "does", "parameters", "resolution", "data", "licence", "loaded"} each."""
        return JSONResponse([_told(desk, name) for name in desk.shelf.names])

    return routes


def _told(desk: Desk, name: str) -> JSON:
    loaded, entry = desk.shelf.loaded(name), find(name)
    does = _abilities(loaded) if loaded else list(entry.does) if entry else None
    known: dict[str, JSON] = {}
    if entry is not None:
        facts = asdict(entry)
        known = {field: facts[field] for field in ("parameters", "resolution", "data", "licence")}
    return {"name": name, "does": does, "loaded": loaded is not None, **known}


def _abilities(model: Pretrained) -> list[JSON]:
    """In the words of the catalogue."""
    style = model.processor.style
    abilities: list[tuple[Ability, bool]] = [
        ("compare", isinstance(model.model, Compares)),
        ("write", isinstance(model.model, Generates | Answers)),
        ("point", style is not None and style.detecting is not None),
        ("classify", isinstance(model.model, Classifies)),
        ("fill", isinstance(model.model, Fills)),
    ]
    return [ability for ability, able in abilities if able]
