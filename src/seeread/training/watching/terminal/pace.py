"""What of a run's moments is told while it goes on: figures smoothed, troubles counted, and how long it will take."""

import math
import time
from collections.abc import Callable

from seeread.charts.figures import figure
from seeread.training.watching.watcher import Beginning, Moment

SMOOTH = 0.95
"""Of the figures told, the part that is not the newest step's."""
BARS = "▁▂▃▄▅▆▇█"
WIDE = 16
"""Signs of a loss drawn in a line."""


class Pace:
    """Is given each moment. The smoothed figures are means, the newest counting most; time is that of a clock on the
    wall, with all that a run does besides its steps."""

    def __init__(self, beginning: Beginning, clock: Callable[[], float] = time.monotonic):
        self.steps, self.first, self.step = beginning.settings.steps, beginning.step, beginning.step
        self.clock, self.begun = clock, clock()
        self.skipped = self.broken = 0
        self._warm: tuple[int, float] | None = None
        self._means: dict[str, tuple[float, float]] = {}
        self._losses: list[tuple[int, float]] = []
        self.newest: Moment | None = None

    def add(self, moment: Moment) -> None:
        """One step more."""
        self.newest, self.step = moment, moment.step
        self._warm = self._warm or (moment.step, self.clock())
        self.skipped += moment.skipped
        self.broken = max(self.broken, moment.broken)
        for name in ("loss", "images_per_second", "waited", "utilisation"):
            value = getattr(moment, name)
            if value is not None and math.isfinite(value):
                total, weight = self._means.get(name, (0.0, 0.0))
                self._means[name] = SMOOTH * total + value, SMOOTH * weight + 1.0
        if math.isfinite(moment.loss):
            self._draw(moment)

    def mean(self, name: str) -> float | None:
        """A smoothed figure; None if it was never known."""
        total, weight = self._means.get(name, (0.0, 0.0))
        return total / weight if weight else None

    @property
    def left(self) -> float | None:
        """Seconds to the last step; None until that can be told. The first step of a sitting, which warms up, says
        nothing."""
        if self._warm is None or self.step <= self._warm[0]:
            return None
        step, then = self._warm
        return (self.clock() - then) / (self.step - step) * (self.steps - self.step)

    @property
    def seconds(self) -> float:
        """Since the run was begun, or gone on with."""
        return self.clock() - self.begun

    @property
    def shape(self) -> str:
        """The loss up to now, as a row of bars."""
        values = [loss for _, loss in self._losses]
        low, high = min(values, default=0.0), max(values, default=0.0)
        if len(values) < 2 or high <= low:
            return ""
        return "".join(BARS[round((value - low) / (high - low) * (len(BARS) - 1))] for value in values)

    def told(self, shape: bool = False) -> str:
        """The figures in one line."""
        parts = []
        if (loss := self.mean("loss")) is not None:
            parts.append(
                f"loss {figure(loss, 'number')}" + (f" {self.shape}" if shape and self.shape else "")
            )
        if self.newest is not None:
            parts.append(f"rate {self.newest.rate:.1e}")
        if (speed := self.mean("images_per_second")) is not None:
            parts.append(f"{figure(float(f'{speed:.3g}'), 'number')} images/s")
        if (waited := self.mean("waited")) is not None:
            parts.append(f"waiting {waited:.0%}")
        if (used := self.mean("utilisation")) is not None:
            parts.append(f"{used:.0%} of peak")
        if self.skipped:
            parts.append(f"{self.skipped:,} skipped")
        if self.broken:
            parts.append(f"{self.broken:,} broken")
        return " · ".join(parts)

    def _draw(self, moment: Moment) -> None:
        """Of as many stretches of the run as there are signs, the loss at the end of each."""
        stretch = (moment.step - self.first - 1) * WIDE // max(self.steps - self.first, 1)
        loss = self.mean("loss") or 0.0
        if self._losses and self._losses[-1][0] == stretch:
            self._losses[-1] = stretch, loss
        else:
            self._losses.append((stretch, loss))
