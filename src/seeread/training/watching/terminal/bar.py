"""A run in a terminal: a bar that moves, the figures below it, and above it what happened."""

import atexit
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import nn

from seeread.training.watching.terminal.pace import Pace
from seeread.training.watching.terminal.telling import closing, events, opening
from seeread.training.watching.watcher import Beginning, Moment
from seeread.training.watching.words import duration, plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

OFTEN = 0.1
"""Seconds between two drawings at least."""
WIDE = 100
"""Columns that it takes at most."""


class Bar:
    """Shows a run on the standard error, for a person. It is drawn by the run itself, between two steps: there is no
    thread that a process which is forked to read data would inherit in the middle of a line."""

    def __init__(self, console: "Console | None" = None, clock: Callable[[], float] = time.monotonic):
        from rich.console import Console

        self.console = console or Console(stderr=True, highlight=False, markup=False, emoji=False)
        self.clock = clock
        self._live: Live | None = None
        self._pace: Pace | None = None
        self._figures: dict[str, float] = {}
        self._drawn = 0.0

    def began(self, beginning: Beginning) -> None:
        """Shows that it begins."""
        from rich.live import Live

        self._pace = Pace(beginning, self.clock)
        self.say(opening(beginning))
        self._live = Live(self._picture(), console=self.console, auto_refresh=False, transient=True)
        self._live.start(refresh=True)
        atexit.register(self._live.stop)  # a run that nobody ends must not keep the cursor

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        """Moves the bar, and tells what happened."""
        pace, live = self._pace, self._live
        if pace is None or live is None:
            return
        pace.add(moment)
        for line in events(moment, self._figures):
            self.say(line)
        self._figures |= moment.figures
        if self.clock() - self._drawn >= OFTEN or moment.step == pace.steps:
            live.update(self._picture(), refresh=True)
            self._drawn = self.clock()

    def say(self, line: str) -> None:
        """A line above the bar."""
        from rich.text import Text

        self.console.print(Text(plain(line), style="dim"))

    def ended(self, reason: str | None) -> None:
        """Takes the bar away, and says how it went."""
        if self._live is not None:
            self._live.stop()
            atexit.unregister(self._live.stop)
            self._live = None
        if self._pace is not None:
            self.console.print(closing(self._pace, reason))
            self._pace = None

    def _picture(self) -> "RenderableType":
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        assert self._pace is not None
        pace, wide = self._pace, min(self.console.width, WIDE)
        left = "" if pace.left is None else f"{duration(pace.left)} left"
        row = Table.grid(padding=(0, 2), expand=True)
        row.width = wide
        for ratio in (None, 1, None, None):
            row.add_column(ratio=ratio, no_wrap=True)
        bar = ProgressBar(total=max(pace.steps, 1), completed=pace.step)
        row.add_row("training", bar, f"{pace.step:,}/{pace.steps:,}", left)
        drawable = (self.console.encoding or "").lower().startswith("utf")
        figures = Text(pace.told(shape=drawable), style="dim", no_wrap=True, overflow="ellipsis")
        return Group(row, figures)
