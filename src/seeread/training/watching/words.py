"""How times, counts and texts of others are written, in a terminal and in a report."""

from seeread.preprocessing.image import printable


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
