"""`POST /api/caption`: what does the picture show?"""

from fastapi import APIRouter, Request, Response
from pydantic.dataclasses import dataclass

from seeread.serving.answers import Longest, Temperature, plain, told
from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.tasks.caption import caption


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, a kept picture, and how the caption is written."""

    model: str
    picture: str
    prompt: str | None = None
    max_tokens: Longest = 64
    temperature: Temperature = 0.0


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/caption")

    @routes.post("")
    async def captioned(body: Body, request: Request) -> Response:
        """{"text", "reason", "tokens", "logprob", "confidence"}; as events, with its pieces before."""

        def job(tell: Tell) -> JSON:
            picture = desk.pictures.open(body.picture)
            with desk.shelf.model(body.model, tell) as model:
                tell.doing("Looking at the picture")
                stream = caption(
                    model, picture, stream=True, prompt=body.prompt, max_tokens=body.max_tokens,
                    temperature=body.temperature, logprobs=1,
                )  # fmt: skip
                return plain(told(stream, tell))

        return await work(request, job)

    return routes
