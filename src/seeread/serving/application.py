"""The one application: routes, and what stands around them."""

import mimetypes
from collections.abc import Collection, Sequence

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from seeread import __version__
from seeread.serving.desk import Desk
from seeread.serving.guard import LOCAL, Guard
from seeread.serving.routes import ask, caption, chat, classify, detect, explain, models, pictures, segment
from seeread.serving.trouble import INSIDE, trouble

_PLAIN = {404: "There is nothing at this address.", 405: "This address is not asked that way."}


def application(
    desk: Desk, routers: Sequence[APIRouter] = (), names: Collection[str] = LOCAL, open_to_all: bool = False
) -> FastAPI:
    """The REST interface of tasks, with other `routers` beside them. `names` are the host names that it answers to,
    and with `open_to_all` so is every address in numbers."""
    mimetypes.add_type("text/javascript", ".js")  # some systems' registries say otherwise, and then no module runs
    app = FastAPI(
        title="seeread", version=__version__, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None,
    )  # fmt: skip
    for route in (models, pictures, classify, caption, ask, detect, segment, chat, explain):
        app.include_router(route.router(desk))
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(
        Guard, names=names, rooms={"/api/pictures": desk.pictures.limits.bytes}, open_to_all=open_to_all
    )
    return app


def _misshapen(_: Request, error: Exception) -> Response:
    """A body that is not what the route takes."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return trouble(400, f"{place}: {first['msg']}." if place else f"{first['msg']}.")


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return trouble(error.status_code, _PLAIN.get(error.status_code, str(error.detail)))


def _failed(_: Request, __: Exception) -> Response:
    return trouble(500, INSIDE)
