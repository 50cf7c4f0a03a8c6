"""`POST /api/detect`: where in the picture are these things?"""

from fastapi import APIRouter, Request, Response

from seeread.serving.body import Things
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.tasks.certainty.sure import sure_boxes
from seeread.tasks.detect import detect
from seeread.tasks.pointing.plain import plain


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/detect")

    @routes.post("")
    async def detected(body: Things, request: Request) -> Response:
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
