"""The watchers that a run usually has."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

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
        watchers.append(Guarded(told, "its progress"))
        listeners.append(_saying(told.say))
    if tensorboard or (tensorboard is None and find_spec("tensorboard") is not None):
        board = Board(out / FOLDER)
        watchers.append(Guarded(board, "TensorBoard"))
        listeners.append(board.show)
    if samples is not None:
        samples.listeners += listeners
        watchers.append(Guarded(samples, "its sample pictures"))
    return watchers


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
