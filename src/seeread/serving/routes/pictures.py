"""`/api/pictures`: bring a picture, see it again, and the drawn ones that are always there."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from seeread.errors import SeereadError
from seeread.serving.desk import Desk
from seeread.serving.sent import sent
from seeread.serving.trouble import trouble
from seeread.serving.work import work


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/pictures")

    @routes.get("")
    def examples() -> Response:
        """The pictures that are always there: {"name", "width", "height"} each."""
        return sent([asdict(kept) for kept in desk.pictures.examples])

    @routes.post("")
    async def keep(request: Request) -> Response:
        """Keeps the picture that the body is, as a file has it, and says what it is called: {"name", "width",
        "height"}."""
        data = await request.body()
        return await work(request, lambda _: asdict(desk.pictures.keep(data)))

    @routes.get("/{name}")
    async def picture(name: str, side: Annotated[int | None, Query(ge=16, le=4096)] = None) -> Response:
        """The picture, upright; `side` is the most pixels that its longer side may have."""
        try:
            data, kind = await run_in_threadpool(desk.pictures.encoded, name, side)
        except SeereadError as error:
            return trouble(404, str(error))
        return Response(data, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})

    return routes
