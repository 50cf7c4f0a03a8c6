"""What the page Scores asks: what was measured in the folder of the studio, and what each of it says."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from pydantic.dataclasses import dataclass
from starlette.responses import Response

from seeread.charts.colours import DARK
from seeread.errors import UsageError
from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.studio.scores.found import search
from seeread.studio.scores.show import show


@dataclass(frozen=True, config=STRICT)
class Body:
    """What is to be shown, by the name that the list gives it."""

    name: Annotated[str, Field(max_length=1000)]


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/scores")

    @routes.get("")
    async def scores(request: Request) -> Response:
        """{"folder", "found": [{"name", "kind", "title"}], "dark": colours of charts by night}."""

        def job(_: Tell) -> JSON:
            found: list[JSON] = [
                {"name": one.name, "kind": one.kind, "title": one.title} for one in search(desk.folder)
            ]
            return {"folder": desk.folder.name, "found": found, "dark": dict(DARK)}

        return await work(request, job)

    @routes.post("")
    async def shown(body: Body, request: Request) -> Response:
        """{"title", "lead", "sections"}, as `studio.scores.pieces` describes them."""

        def job(tell: Tell) -> JSON:
            tell.doing("Reading what was measured")
            found = search(desk.folder)
            wanted = next((one for one in found if one.name == body.name), None)
            if wanted is None:
                raise UsageError("It is no longer there. Look at the list again.")
            answer: JSON = show(wanted, [one for one in found if one.kind == "records"])
            return answer

        return await work(request, job)

    return routes
