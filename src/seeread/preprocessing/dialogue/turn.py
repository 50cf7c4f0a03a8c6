"""What people say to a model: turns of words and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from seeread.errors import UsageError
from seeread.preprocessing.image import Source

Speaker = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Picture:
    """A picture at its place in a turn: anything that `open_image` takes."""

    source: Source


@dataclass(frozen=True)
class Turn:
    """What one speaker says, words and pictures in the order in which they are read."""

    speaker: Speaker
    content: tuple[str | Picture, ...]

    def __post_init__(self) -> None:
        if self.speaker not in ("system", "user", "assistant"):
            raise UsageError(f"A turn is of system, user or assistant, not of {self.speaker!r}.")
        if not all(isinstance(part, str | Picture) for part in self.content):
            raise UsageError("A turn consists of texts and of pictures, each wrapped as Picture(...).")

    @property
    def pictures(self) -> list[Picture]:
        """The pictures, in reading order."""
        return [part for part in self.content if isinstance(part, Picture)]

    @property
    def text(self) -> str:
        """The words, without the pictures."""
        return "\n".join(part for part in self.content if isinstance(part, str))


Dialogue = Sequence[Turn]
"""Turns, the oldest first; the last is the user's, whom the model is to answer."""


def ask(question: str, *sources: Source) -> list[Turn]:
    """A dialogue of one turn: the pictures, then the question."""
    return [Turn("user", (*map(Picture, sources), question))]
