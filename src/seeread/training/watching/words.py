"""How times, counts and texts of others are written, in a terminal and in a report."""

import math
from collections.abc import Iterable

from seeread.charts.chart import Unit
from seeread.preprocessing.image import printable

_SHARES = ("accuracy", "recall", "precision", "top-", "share", "exact")
_LESS = ("loss", "error", "perplexity", "rank")
"""Words in names of figures: of those that are shares, and of those that had better be small."""


def duration(seconds: float) -> str:
    """48 s, 12 min, 2 h 13 min, 3 days 4 h."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def plain(text: str) -> str:
    """Anything in one line that does nothing to a terminal."""
    return printable(" ".join(text.split()))


def size(count: int) -> str:
    """151 million, 38,912."""
    for unit, name in ((10**9, "billion"), (10**6, "million")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:,}"


def is_less_better(name: str) -> bool:
    """Whether a figure of that name had better be small."""
    return any(word in name.lower() for word in _LESS)


def unit_of(name: str, values: Iterable[float]) -> Unit:
    """Whether a figure of that name is a share."""
    shares = any(word in name.lower() for word in _SHARES)
    return (
        "percent" if shares and all(0 <= value <= 1 for value in values if math.isfinite(value)) else "number"
    )


def is_same(text: str, truth: str) -> bool:
    """Whether two texts differ in nothing but capitals, spaces and a full stop."""
    one, other = (" ".join(words.lower().split()).strip(" .") for words in (text, truth))
    return one == other
