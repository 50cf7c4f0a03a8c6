"""Progress bars: on the standard error, for a person, and only where there is something to wait for."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

LEAST = 64
"""Pictures; fewer are done before a bar is read."""


@contextmanager
def progress(what: str, least: int = LEAST) -> Iterator[Callable[[int, int], None]]:
    """Gives a function that is told (done, of how many) as the work goes on; a bar is shown from `least` on."""
    with ExitStack() as until_done:
        moves: list[Callable[[int], None]] = []

        def advance(done: int, total: int) -> None:
            if total < least or not sys.stderr.isatty():
                return
            if not moves:
                moves.append(_bar(what, total, until_done))
            moves[0](done)

        yield advance


def _bar(what: str, total: int, until_done: ExitStack) -> Callable[[int], None]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = until_done.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
    task = shown.add_task(what, total=total)
    return lambda done: shown.update(task, completed=done)
