"""What the page Compare asks: which models there are, how they differ, and how each is built."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from pydantic.dataclasses import dataclass
from starlette.responses import Response

from seeread.checkpoints.catalogue import close_names, find
from seeread.checkpoints.match import skeleton
from seeread.errors import UsageError
from seeread.explanation.diagram.diagram import diagram
from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.sent import sent
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.studio.aspects.listed import PAIRINGS, listed
from seeread.studio.aspects.subject import Subject, loaded, published
from seeread.studio.aspects.told import told

MOST = 12
"""Models side by side; more than that nobody can look at."""


@dataclass(frozen=True, config=STRICT)
class Several:
    """The models to be compared, by name."""

    models: Annotated[list[str], Field(min_length=1, max_length=MOST)]


@dataclass(frozen=True, config=STRICT)
class One:
    """The model of which a diagram is wanted."""

    model: str


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/compare")

    @routes.get("")
    def comparable() -> Response:
        """{"models": [{"name", "title", "family", "here", "known", "does", "parameters"}], "pairings": [{"title",
        "question", "models"}], "most"}: all that can be compared, and where to begin."""
        here = desk.shelf.names
        models = [asdict(one) for one in listed(here)]
        names = {one["name"] for one in models}
        pairings = [asdict(pairing) for pairing in PAIRINGS if names.issuperset(pairing.models)]
        return sent({"models": models, "pairings": pairings, "most": MOST})

    @routes.post("")
    async def compared(body: Several, request: Request) -> Response:
        """The table of aspects, as `studio.aspects.told` describes it. Nothing is fetched."""

        def job(tell: Tell) -> JSON:
            subjects = []
            for place, name in enumerate(dict.fromkeys(body.models)):
                tell.doing(f"Measuring {name}", place, len(body.models))
                subjects.append(_subject(desk, name, tell))
            answer: JSON = told(subjects)
            return answer

        return await work(request, job)

    @routes.post("/diagram")
    async def drawn(body: One, request: Request) -> Response:
        """How the model is built: boxes within boxes, as `explanation.diagram` describes them."""

        def job(tell: Tell) -> JSON:
            tell.doing(f"Drawing {body.model}")
            subject = _subject(desk, body.model, tell)
            if subject.config is None:
                raise UsageError(f"{subject.title} is only known from a paper: there is nothing of it to draw.")
            answer: JSON = diagram(skeleton(subject.config)).to_dict()
            return answer

        return await work(request, job)

    return routes


def _subject(desk: Desk, name: str, tell: Tell) -> Subject:
    """The model of that name, measured. Raises UsageError for one that nobody knows."""
    if (known := published(name)) is not None:
        return known
    if (entry := find(name)) is not None and entry.source is None and entry.name not in desk.shelf.names:
        raise UsageError(f"{entry.name} is not open in this studio. Start it with: seeread studio {entry.name}")
    if name not in desk.shelf.names:
        close = " or ".join(close_names(name))
        raise UsageError(f"There is no model {name!r} to compare.{f' Did you mean {close}?' if close else ''}")
    with desk.shelf.model(name, tell) as model:
        return loaded(name, model)
