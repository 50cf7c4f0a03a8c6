"""What a job that takes a while tells of itself, and how it learns that nobody listens any more."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from threading import Event
from typing import TypeAlias, TypeVar

Batches = TypeVar("Batches")

JSON: TypeAlias = "str | int | float | bool | Sequence[JSON] | Mapping[str, JSON] | None"
"""What an answer is made of."""


class Left(Exception):  # noqa: N818  # nothing is wrong: the one who asked has gone
    """Whoever asked has gone, and the job is to be given up."""


class Tell:
    """Given to a job, which runs in a thread of its own. `say` takes an event's name and its data. Each method raises
    Left when `gone` is set, so that a job that tells often is given up soon."""

    def __init__(self, say: Callable[[str, JSON], None], gone: Event):
        self._say, self._gone = say, gone
        self._what = ""

    def check(self) -> None:
        """Only look whether anybody listens."""
        if self._gone.is_set():
            raise Left

    def doing(self, what: str, done: int = 0, total: int | None = None) -> None:
        """What is being done now, in words for people; how much of it, where that is known."""
        self.check()
        self._what = what
        self._say("progress", {"what": what, "done": done, "total": total})

    def progress(self, batches: Iterable[Batches]) -> Iterable[Batches]:
        """Wraps the batches of a long job: a `seeread.pretrained.Progress`."""
        total = len(batches) if isinstance(batches, Sized) else None
        return self._counted(batches, total)

    def _counted(self, batches: Iterable[Batches], total: int | None) -> Iterator[Batches]:
        done = 0
        self.doing(self._what, done, total)
        for done, batch in enumerate(batches, 1):
            yield batch
            self.doing(self._what, done, total)

    def piece(self, text: str) -> None:
        """The next letters of a text that is being written."""
        self.check()
        self._say("piece", text)
