"""`POST /api/chat`: a conversation about pictures. Nothing of it is kept here: each request brings all of it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from pydantic.dataclasses import dataclass

from seeread.errors import UsageError
from seeread.preprocessing.dialogue import Picture, Turn
from seeread.serving.answers import Longest, Temperature, plain, told
from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.tasks.chat import chat


@dataclass(frozen=True, config=STRICT)
class Said:
    """What one of the two said, and the kept pictures that were shown with it."""

    speaker: Literal["user", "assistant"]
    text: str
    pictures: Annotated[list[str], Field(max_length=16)] = Field(default_factory=list)


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, and what was said so far, the message that it is to answer last. `system` is what it is told in
    advance, for those that take it."""

    model: str
    turns: Annotated[list[Said], Field(min_length=1, max_length=200)]
    system: str | None = None
    max_tokens: Longest = 256
    temperature: Temperature = 0.0


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/chat")

    @routes.post("")
    async def chatted(body: Body, request: Request) -> Response:
        """{"text", "reason", "tokens", "logprob", "confidence", "remembers"}; as events, with its pieces before. A
        model that does not remember takes each message as a question by itself."""

        def job(tell: Tell) -> JSON:
            *before, last = [_turn(desk, said) for said in body.turns]
            if last.speaker != "user":
                raise UsageError("The last turn is the model's own. End with a message of yours.")
            with desk.shelf.model(body.model, tell) as model:
                tell.doing("Reading")
                talk = chat(
                    model, system=body.system, max_tokens=body.max_tokens, temperature=body.temperature, logprobs=1
                )
                talk.turns += before
                stream = talk.say(last.text, [picture.source for picture in last.pictures], stream=True)
                return plain(told(stream, tell)) | {"remembers": talk.remembers}

        return await work(request, job)

    return routes


def _turn(desk: Desk, said: Said) -> Turn:
    return Turn(said.speaker, (*(Picture(desk.pictures.open(name)) for name in said.pictures), said.text))
