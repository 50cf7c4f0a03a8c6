"""What routes of models that write have in common: their answers, and how long these may become."""

from contextlib import closing
from typing import Annotated, TypeAlias

from pydantic import Field

from seeread.generation.answer import Answer
from seeread.serving.tell import JSON, Tell
from seeread.tasks.writing.write import Stream

Longest: TypeAlias = Annotated[int, Field(ge=1, le=2000)]
"""Tokens of an answer."""

Temperature: TypeAlias = Annotated[float, Field(ge=0, le=5)]


def told(stream: Stream, tell: Tell) -> Answer:
    """The answer, its pieces told as they are written. One who leaves has it stopped."""
    with closing(stream):
        for piece in stream:
            tell.piece(piece)
    return stream.answer


def plain(answer: Answer) -> dict[str, JSON]:
    """{"text", "reason", "tokens", "logprob", "confidence"}."""
    return {
        "text": answer.text, "reason": answer.reason, "tokens": answer.tokens, "logprob": answer.logprob,
        "confidence": answer.confidence,
    }  # fmt: skip
