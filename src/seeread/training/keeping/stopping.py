"""Being asked to stop: by Ctrl-C, by a scheduler that needs the machine, by a colleague."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from seeread.errors import SeereadError

SAVED_AND_STOPPED = 75
"""The exit status of a run that was asked to stop, saved its state, and can be gone on with (EX_TEMPFAIL: try again
later, as in sysexits.h; schedulers know it)."""

ASKING = ("SIGTERM", "SIGINT", "SIGUSR1")


class StoppedError(SeereadError):
    """A run that was asked to stop; its state is saved. The command line ends with SAVED_AND_STOPPED."""


class Stopping:
    """Whether somebody asked: `by` is the signal's name, None so far."""

    by: str | None = None

    def __bool__(self) -> bool:
        return self.by is not None


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Within, a signal that asks to stop is noted, to be looked at between two steps. A second one ends the process at
    once, as the first would have without this; nothing that was saved is lost then either.

    Signals are the main thread's: in another one nobody can ask. Processes that are forked within inherit the ear:
    workers that load data live through a signal to the whole group, and end when the run ends.
    """
    asked = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(number: int, frame: FrameType | None) -> None:
        if asked:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        asked.by = signal.Signals(number).name

    numbers = [getattr(signal, name) for name in ASKING if hasattr(signal, name)]  # Windows has no SIGUSR1
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
