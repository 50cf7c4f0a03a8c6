"""`POST /api/caption`: what does the picture show?"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field
from pydantic.dataclasses import dataclass

from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.tasks.caption import caption


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, a kept picture, and how long the caption may become."""

    model: str
    picture: str
    max_tokens: Annotated[int, Field(ge=1, le=1000)] = 64


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/caption")

    @routes.post("")
    async def captioned(body: Body, request: Request) -> Response:
        """{"text", "reason", "tokens", "logprob"}; pieces of the text as they are written."""

        def job(tell: Tell) -> JSON:
            picture = desk.pictures.open(body.picture)
            with desk.shelf.model(body.model, tell) as model:
                tell.doing("Looking")
                stream = caption(model, picture, stream=True, max_tokens=body.max_tokens, logprobs=1)
                for piece in stream:
                    tell.piece(piece)
            answer = stream.answer
            return {
                "text": answer.text, "reason": answer.reason, "tokens": answer.tokens, "logprob": answer.logprob,
            }  # fmt: skip

        return await work(request, job)

    return routes
