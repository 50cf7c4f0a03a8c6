"""`POST /api/ask`: the answer to a question about the picture."""

from fastapi import APIRouter, Request, Response
from pydantic.dataclasses import dataclass

from seeread.serving.answers import Longest, Temperature, plain, told
from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.tasks.answer import answer
from seeread.tasks.certainty.sure import sure_answer


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, a kept picture, a question, and how the answer is written."""

    model: str
    picture: str
    question: str
    max_tokens: Longest = 128
    temperature: Temperature = 0.0


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/ask")

    @routes.post("")
    async def answered(body: Body, request: Request) -> Response:
        """{"text", "reason", "tokens", "logprob", "confidence"}; as events, with its pieces before. The confidence is
        there where the model was calibrated for answers."""

        def job(tell: Tell) -> JSON:
            picture = desk.pictures.open(body.picture)
            with desk.shelf.model(body.model, tell) as model:
                calibration = desk.shelf.calibration(body.model)
                tell.doing("Looking at the picture")
                stream = answer(
                    model, picture, body.question, stream=True, max_tokens=body.max_tokens,
                    temperature=body.temperature, logprobs=1,
                )  # fmt: skip
                written = told(stream, tell)
            return plain(sure_answer(written, calibration.answers if calibration else None))

        return await work(request, job)

    return routes
