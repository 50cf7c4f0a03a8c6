"""The application of the studio: the REST interface, the routes of the pages, and the files of the pages."""

from collections.abc import Collection
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from seeread.serving.application import application
from seeread.serving.desk import Desk
from seeread.serving.guard import LOCAL
from seeread.studio.routes import compare, inside, scores, space

PAGES = (compare, inside, scores, space)
"""The routes that pages have for themselves."""

WEB = Path(str(files("seeread.studio"))) / "web"
ECHARTS = Path(str(files("seeread.charts.pages"))) / "vendor" / "echarts.min.js"
"""One copy for the pages here and for reports that open offline."""


def studio(desk: Desk, names: Collection[str] = LOCAL, open_to_all: bool = False) -> FastAPI:
    """The application; `names` and `open_to_all` say which host names it answers to: see `serving.guard`."""
    routers = [page.router(desk) for page in PAGES]
    app = application(desk, routers, names, open_to_all)

    @app.get("/", include_in_schema=False)
    def index() -> FileResponse:
        return FileResponse(WEB / "index.html")

    @app.get("/web/vendor/echarts.js", include_in_schema=False)
    def echarts() -> FileResponse:
        return FileResponse(ECHARTS, media_type="text/javascript")

    app.mount("/web", StaticFiles(directory=WEB))
    return app
