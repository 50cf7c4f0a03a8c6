"""`POST /api/segment`: which pixels of the picture are these things?"""

from fastapi import APIRouter, Request, Response

from seeread.serving.body import Things
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.tasks.pointing.plain import plain
from seeread.tasks.pointing.point import point
from seeread.tasks.segment import segmenting
from seeread.tasks.writing.write import whole


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/segment")

    @routes.post("")
    async def segmented(body: Things, request: Request) -> Response:
        """As /api/detect, and each object has the "codes" that the model wrote and, where the server was given a mask
        decoder, its "mask": {"size": [height, width], "counts": [...]}, COCO's run lengths, column by column."""

        def job(tell: Tell) -> JSON:
            picture = desk.pictures.open(body.picture)
            with desk.shelf.model(body.model, tell) as model:
                tell.doing("Looking for " + ", ".join(body.labels))
                asked = segmenting(model, body.labels, desk.mask_decoder, body.together)
                (found,) = whole(enumerate(point(model, [picture], asked, 1, None)))
            return plain(found)

        return await work(request, job)

    return routes
