"""What the page Inside asks: how a model is built, and what becomes of a picture and a text in it."""

from fastapi import APIRouter, Request, Response

from seeread.explanation.diagram.diagram import diagram
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api")

    @routes.get("/diagram")
    async def drawn(model: str, request: Request) -> Response:
        """The model as boxes within boxes: `explanation.diagram.box.Box` as JSON."""

        def job(tell: Tell) -> JSON:
            with desk.shelf.model(model, tell) as pretrained:
                answer: JSON = diagram(pretrained).to_dict()
            return answer

        return await work(request, job)

    return routes
