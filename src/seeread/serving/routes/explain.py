"""`POST /api/explain`: where in the picture does it come from, and how far is that to be believed?"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field
from pydantic.dataclasses import dataclass

from seeread.explanation.aim import Task, aim
from seeread.explanation.explain import check_precision, explain_target
from seeread.explanation.faith.check import RANDOM_MAPS
from seeread.explanation.methods.table import default, find, fitting
from seeread.explanation.told import as_json
from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, a kept picture, and what is to be explained, as `seeread.explain` takes it. `checks` is how many random
    maps each map is held against; with 0 nothing is tested, and the answer is there at once."""

    model: str
    picture: str
    text: str | None = None
    task: Task | None = None
    answer: str | None = None
    labels: Annotated[list[str], Field(max_length=32)] | None = None
    method: str | None = None
    max_tokens: Annotated[int, Field(ge=1, le=200)] | None = None
    checks: Annotated[int, Field(ge=0, le=200)] = RANDOM_MAPS


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/explain")

    @routes.post("")
    async def explained(body: Body, request: Request) -> Response:
        """{"model", "method", "text", "answer", "maps", "notes"} as `seeread explain --json` prints it, and "methods":
        those that would fit, {"name", "summary", "kind"} each, the best first."""

        def job(tell: Tell) -> JSON:
            picture = desk.pictures.open(body.picture)
            with desk.shelf.model(body.model, tell) as model:
                check_precision(model)
                tell.doing("Asking the model")
                target = aim(
                    model, picture, body.text, task=body.task, answer=body.answer, labels=body.labels,
                    max_tokens=body.max_tokens,
                )  # fmt: skip
                method = default(target) if body.method is None else find(body.method, target)
                tell.doing("Finding where it comes from")
                found = explain_target(
                    target, [method], body.text or "", checks=body.checks, progress=tell.progress
                )[0]
                methods: list[JSON] = [
                    {"name": one.name, "summary": one.summary, "kind": one.kind} for one in fitting(target)
                ]
            told: dict[str, JSON] = as_json(found)
            return told | {"model": body.model, "methods": methods}

        return await work(request, job)

    return routes
