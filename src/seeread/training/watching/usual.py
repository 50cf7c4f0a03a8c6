"""The watchers that a run usually has."""

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from seeread.errors import UsageError
from seeread.training.watching.board import Board
from seeread.training.watching.guarded import Guarded
from seeread.training.watching.journal import Journal
from seeread.training.watching.samples import Asked, Listener, Said, Samples
from seeread.training.watching.terminal.bar import Bar
from seeread.training.watching.terminal.lines import Lines
from seeread.training.watching.terminal.telling import sampled
from seeread.training.watching.watcher import Watcher

FOLDER = "board"
"""Of TensorBoard, in the folder of a run."""


def usual(
    out: Path,
    *,
    quiet: bool = False,
    json: bool = False,
    samples: Samples | None = None,
    tensorboard: bool | None = None,
    facts: Mapping[str, str] | None = None,
) -> list[Watcher]:
    """A journal; a bar for a person, plain lines in a log, nothing if `quiet`; TensorBoard if it is installed, or as
    `tensorboard` says; and `samples`, of which the others tell. For a program (`json`) there are no plain lines: it
    reads the journal. `facts` are what the report says of the run besides its settings.

    All but the journal may fail without the run's failing. Raises UsageError where TensorBoard is asked for and is not
    installed.
    """
    watchers: list[Watcher] = [Journal(out, facts=facts)]
    listeners: list[Listener] = []
    if not quiet and (told := _told(json)) is not None:
        guarded = Guarded(told, "its progress")
        watchers.append(guarded)
        listeners.append(guarded.also(_saying(told.say)))
    if (board := _board(out, tensorboard)) is not None:
        guarded = Guarded(board, "TensorBoard")
        watchers.append(guarded)
        listeners.append(guarded.also(board.show))
    if samples is not None:
        samples.listeners += listeners
        watchers.append(Guarded(samples, "its sample pictures"))
    return watchers


def _board(out: Path, wanted: bool | None) -> Board | None:
    """One that cannot be imported is an error only where it is asked for."""
    if wanted is False or (wanted is None and find_spec("tensorboard") is None):
        return None
    try:
        return Board(out / FOLDER)
    except UsageError as error:
        if wanted:
            raise
        warnings.warn(f"The run goes on without TensorBoard, which failed: {error}", stacklevel=3)
        return None


def _told(json: bool) -> Bar | Lines | None:
    if sys.stderr.isatty():
        bar = Bar()
        if not bar.console.is_dumb_terminal:
            return bar
    return None if json else Lines()


def _saying(say: Callable[[str], None]) -> Listener:
    def tell(step: int, asked: Sequence[Asked], said: Sequence[Said]) -> None:
        for line in sampled(step, [one.truth for one in asked], said):
            say(line)

    return tell
