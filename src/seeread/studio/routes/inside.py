"""What the page Inside asks: how a model is built, and what becomes of a picture and a text in it."""

from collections import OrderedDict
from threading import Lock
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Request, Response
from pydantic import Field
from pydantic.dataclasses import dataclass

from seeread.errors import UsageError
from seeread.explanation.aim import aim
from seeread.explanation.diagram.diagram import diagram
from seeread.explanation.inside import told
from seeread.explanation.inside.inside import Inside, inside
from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work

KEPT = 3
"""Runs that are kept to be looked into. All queries, keys and values of a large model take some room."""

Number: TypeAlias = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, a kept picture, and a text: labels with ; between them for a model that compares, a question for one
    that writes. With `answer` it is held to have said that."""

    model: str
    picture: str
    text: str | None = None
    answer: str | None = None


@dataclass(frozen=True, config=STRICT)
class Attention(Body):
    """One attention of that run, by its number among `looks`: of one of its items, one of its heads or, with none, the
    mean of all, and one of its queries."""

    look: Number = 0
    item: Number = 0
    head: Number | None = None
    query: Number | None = None


class Runs:
    """The latest runs, by what was asked."""

    def __init__(self, desk: Desk):
        self._desk = desk
        self._kept: OrderedDict[tuple[str | None, ...], Inside] = OrderedDict()
        self._lock = Lock()

    def of(self, body: Body, tell: Tell) -> Inside:
        """The run, made now unless it is kept still."""
        asked = (body.model, body.picture, body.text, body.answer)
        with self._lock:
            if (kept := self._kept.get(asked)) is not None:
                self._kept.move_to_end(asked)
                return kept
        picture = self._desk.pictures.open(body.picture)
        with self._desk.shelf.model(body.model, tell) as model:
            tell.doing("Running the model")
            made = inside(aim(model, picture, body.text or None, answer=body.answer or None))
        with self._lock:
            self._kept[asked] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api")
    runs = Runs(desk)

    @routes.get("/diagram")
    async def drawn(model: str, request: Request) -> Response:
        """The model as boxes within boxes: `explanation.diagram.box.Box` as JSON."""

        def job(tell: Tell) -> JSON:
            with desk.shelf.model(model, tell) as pretrained:
                pass  # what is run for a diagram is not this model, but its shapes: others may have it meanwhile
            answer: JSON = diagram(pretrained).to_dict()
            return answer

        return await work(request, job)

    @routes.post("/inside")
    async def outlined(body: Body, request: Request) -> Response:
        """What was seen and read, and what became of it, part by part: see `explanation.inside.told.outline`."""
        return await work(request, lambda tell: told.outline(runs.of(body, tell)))

    @routes.post("/inside/ends")
    async def ends(body: Attention, request: Request) -> Response:
        """What the queries and keys of an attention are: {"queries", "keys"}, a list of places each."""
        return await work(request, lambda tell: told.ends(_found(runs.of(body, tell), body), body.look, body.item))

    @routes.post("/inside/attention")
    async def attention(body: Attention, request: Request) -> Response:
        """The map of an attention: {"first", "rows"}, each row the shares of all keys for one query."""

        def job(tell: Tell) -> JSON:
            run = _found(runs.of(body, tell), body)
            answer: JSON = told.attention(run, body.look, body.item, body.head, body.query)
            return answer

        return await work(request, job)

    @routes.post("/inside/steps")
    async def steps(body: Attention, request: Request) -> Response:
        """One query of one head with all its numbers, step by step."""

        def job(tell: Tell) -> JSON:
            run = _found(runs.of(body, tell), body)
            answer: JSON = told.steps(run, body.look, body.item, body.head or 0, body.query or 0)
            return answer

        return await work(request, job)

    return routes


def _found(run: Inside, body: Attention) -> Inside:
    """The run, if it has what is asked for. Raises UsageError."""
    if body.look >= len(run.looks):
        raise UsageError(f"This run has {len(run.looks)} attentions, and number {body.look} is none of them.")
    look = run.looks[body.look]
    wanted = ((body.item, look.items), (body.head or 0, look.heads), (body.query or 0, look.q.shape[2]))
    if any(number >= count for number, count in wanted):
        raise UsageError(
            f"This attention has {look.items} items, {look.heads} heads and {look.q.shape[2]} queries; ask for one of "
            "them."
        )
    return run
