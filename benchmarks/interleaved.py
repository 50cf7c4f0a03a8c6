"""Timing of rivals in one run: each in turn, again and again, so that a machine's moods hit all alike."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds of every round, by contender. The first contender is what the others are compared with."""

    seconds: dict[str, list[float]]

    def median(self, name: str) -> float:
        """In seconds."""
        return statistics.median(self.seconds[name])

    def times_faster(self, name: str) -> float:
        """How many times faster than the first contender: the median of the ratios of each round."""
        first = next(iter(self.seconds.values()))
        return statistics.median(a / b for a, b in zip(first, self.seconds[name], strict=True))


def interleave(contenders: dict[str, Callable[[], object]], rounds: int, warmup: int = 2) -> Timing:
    """Time all contenders, `rounds` times each, in turn, after `warmup` rounds that do not count."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(warmup + rounds):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - start)
    return Timing(seconds)


def report(title: str, timing: Timing) -> None:
    """One line a contender: its median, and how many times faster it is than the first."""
    print(f"\n{title}")
    for name in timing.seconds:
        print(f"  {name:<46}{timing.median(name) * 1e3:10.2f} ms{timing.times_faster(name):8.2f} x", flush=True)
