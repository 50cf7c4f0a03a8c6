"""`GET /api/models`: what there is to be asked, and what each can do."""

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from seeread.checkpoints.catalogue import Entry, find
from seeread.interface import Classifies, Compares, Fills, Generates
from seeread.pretrained import Answers, Pretrained
from seeread.serving.desk import Desk
from seeread.serving.sent import sent
from seeread.serving.tell import JSON


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/models")

    @routes.get("")
    def models() -> Response:
        """All of them: {"name", "does", "loaded", "parameters", "resolution", "data", "licence"} each. What it does is
        some of compare, write, point, segment, classify, fill; null where that is not known before it is loaded."""
        return sent([_told(desk, name) for name in desk.shelf.names])

    return routes


def _told(desk: Desk, name: str) -> JSON:
    loaded, entry = desk.shelf.loaded(name), find(name)
    does = _abilities(loaded) if loaded else _promised(entry) if entry else None
    known: dict[str, JSON] = {}
    if entry is not None:
        facts = asdict(entry)
        known = {field: facts[field] for field in ("parameters", "resolution", "data", "licence")}
    return {"name": name, "does": does, "loaded": loaded is not None, **known}


def _promised(entry: Entry) -> list[str]:
    """What a model is known to do before it is loaded; those that point draw outlines, too, where they were taught as
    PaliGemma's authors taught them."""
    return [*entry.does, *(["segment"] if "point" in entry.does and entry.family != "seeread" else [])]


def _abilities(model: Pretrained) -> list[str]:
    """The same, read off the model, in the words of the catalogue."""
    style = model.processor.style
    abilities = [
        ("compare", isinstance(model.model, Compares)),
        ("write", isinstance(model.model, Generates | Answers)),
        ("point", style is not None and style.detect is not None),
        ("segment", style is not None and style.segment is not None),
        ("classify", isinstance(model.model, Classifies)),
        ("fill", isinstance(model.model, Fills)),
    ]
    return [ability for ability, able in abilities if able]
