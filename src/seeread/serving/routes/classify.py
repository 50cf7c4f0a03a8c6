"""`POST /api/classify`: which of these labels fits the picture?"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field
from pydantic.dataclasses import dataclass

from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.tasks.classify import classify


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, a kept picture, and the labels to choose from."""

    model: str
    picture: str
    labels: Annotated[list[str], Field(max_length=1000)] | None = None
    template: str | None = None


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/classify")

    @routes.post("")
    async def classified(body: Body, request: Request) -> Response:
        """{"kind", "calibrated", "scores": [{"label", "score", "similarity"}]}, best first."""

        def job(tell: Tell) -> JSON:
            picture = desk.pictures.open(body.picture)
            with desk.shelf.model(body.model, tell) as model:
                tell.doing("Comparing")
                found = classify(model, picture, body.labels, template=body.template)
            pairs = zip(found.scores, found.similarities, strict=True)
            scores: list[JSON] = [
                {"label": label, "score": score, "similarity": similarity} for (label, score), similarity in pairs
            ]
            return {"kind": found.kind, "calibrated": found.calibrated, "scores": scores}

        return await work(request, job)

    return routes
