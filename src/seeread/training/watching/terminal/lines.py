"""A run in plain lines, where nobody looks at a bar: in the log of a job."""

import sys
import time
from collections.abc import Callable

from torch import nn

from seeread.training.watching.terminal.pace import Pace
from seeread.training.watching.terminal.telling import closing, events, opening
from seeread.training.watching.watcher import Beginning, Moment
from seeread.training.watching.words import duration, plain


class Lines:
    """Tells of a run in plain lines on the standard error: of the first step, and then every so often."""

    SHARE, SECONDS = 0.05, 30.0
    """Of all steps, and of time, whichever is over first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.clock = clock
        self._pace: Pace | None = None
        self._figures: dict[str, float] = {}
        self._told = (0, 0.0)

    def began(self, beginning: Beginning) -> None:
        """Says that it begins."""
        self._pace, self._told = Pace(beginning, self.clock), (-1, 0.0)
        self.say(opening(beginning))

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        """Says how it goes, if it is time."""
        pace = self._pace
        if pace is None:
            return
        pace.add(moment)
        for line in events(moment, self._figures):
            self.say(line)
        self._figures |= moment.figures
        step, then = self._told
        reached, told = (int(one / (self.SHARE * pace.steps)) for one in (moment.step, step))
        due = step < 0 or reached > told or self.clock() - then >= self.SECONDS
        if due or moment.step == pace.steps:
            left = "" if pace.left is None or moment.step == pace.steps else f" · {duration(pace.left)} left"
            self.say(f"step {moment.step:,} of {pace.steps:,} · {pace.told()}{left}")
            self._told = moment.step, self.clock()

    def say(self, line: str) -> None:
        """One line."""
        print(plain(line), file=sys.stderr, flush=True)

    def ended(self, reason: str | None) -> None:
        """Says how it went."""
        if self._pace is not None:
            self.say(closing(self._pace, reason))
            self._pace = None
