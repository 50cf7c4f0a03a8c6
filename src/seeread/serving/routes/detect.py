"""`POST /api/detect`: where in the picture are these things?"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field
from pydantic.dataclasses import dataclass

from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.tasks.certainty.sure import sure_boxes
from seeread.tasks.detect import detect
from seeread.tasks.pointing.plain import plain


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, a kept picture, and what to look for; `together` asks for all of it at once, and not one by one."""

    model: str
    picture: str
    labels: Annotated[list[str], Field(max_length=100)]
    together: bool = True


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/detect")

    @routes.post("")
    async def detected(body: Body, request: Request) -> Response:
        """{"width", "height", "objects": [{"label", "confidence", "calibrated", "box", "pixels"}], "dropped", "cut"},
        the surest first."""

        def job(tell: Tell) -> JSON:
            picture = desk.pictures.open(body.picture)
            with desk.shelf.model(body.model, tell) as model:
                tell.doing("Looking for " + ", ".join(body.labels))
                found = detect(model, picture, body.labels, together=body.together)
                calibration = desk.shelf.calibration(body.model)
            return plain(sure_boxes(found, calibration.boxes if calibration else None))

        return await work(request, job)

    return routes
