"""What stands out in a run, in sentences: what went wrong, and what might be done about it."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median, stdev

from seeread.charts.chart import Tiles
from seeread.charts.figures import figure, finite
from seeread.training.watching.sections.course import Course, known
from seeread.training.watching.words import duration, is_less_better, unit_of

WAITING = 0.1
"""The share of time that may be spent waiting for data without a word."""
FALLING, RISING, LITTLE = 0.02, 0.02, 0.02
"""Changes of a loss, compared with what it was, that are worth a word."""
MOST = 8
"""Tiles."""
ENOUGH = 50
"""Steps; of fewer nothing can be said about where they lead."""


def in_short(course: Course) -> str:
    """The run in a sentence or two."""
    if not course.steps:
        return "No step of it is written down yet."
    far = "All" if course.last >= course.planned else f"{course.last:,} of"
    ended = course.history.sittings[-1].ended if course.history.sittings else None
    when = f", until {_when(ended)}" if ended else ""
    seen = (
        f" {round(course.images):,} pictures went by; one that came again counts again."
        if course.images
        else ""
    )
    return f"{far} {course.planned:,} steps{when}.{seen}"


def tiles(course: Course) -> Tiles:
    """The run in a few figures."""
    told = [
        (
            "steps",
            f"{course.last:,}",
            "all done" if course.last >= course.planned else f"of {course.planned:,}",
        )
    ]
    if course.seconds:
        speed = figure(float(f"{course.images / course.seconds:.3g}"), "number")
        told.append(
            (
                "time of the steps",
                duration(course.seconds),
                f"{speed} pictures a second" if course.images else "",
            )
        )
    first, last = course.mean("loss", 0, 0.02), course.mean("loss", 0.95, 1)
    if first is not None and last is not None:
        told.append(("loss", figure(last, "number"), f"from {figure(first, 'number')}"))
    for name, points in course.figures.items():
        values = [value for _, value in points if finite(value) is not None]
        if values:
            unit = unit_of(name, values)
            told.append(
                (name, figure(values[-1], unit), f"from {figure(values[0], unit)}" if values[1:] else "")
            )
    waited = course.mean("waited")
    if waited is not None:
        told.append(("waiting for data", figure(waited, "percent"), "of the time of a step"))
    return Tiles("", told[:MOST])


def findings(course: Course) -> list[str]:
    """What its reader should know, the gravest first."""
    found = [*_state(course), *_trouble(course), *_learning(course), *_speed(course)]
    return found or [
        "Nothing stands out: no step was skipped, nothing was broken, and the data came in time."
    ]


def _state(course: Course) -> Iterator[str]:
    sittings = course.history.sittings
    if sittings and course.last < course.planned:
        newest = sittings[-1]
        if newest.reason is not None:
            yield f"It stopped after step {course.last:,} of {course.planned:,}: {newest.reason}"
        elif newest.ended is None:
            yield (
                f"It has made {course.last:,} of {course.planned:,} steps, and goes on or was killed: it was begun at "
                f"{_when(newest.began)} and has not said that it is over."
            )
    again = sum(1 for sitting in sittings[1:] if sitting.step < course.planned)
    if again:
        times = "once" if again == 1 else f"{again} times"
        yield f"It was interrupted {times} and gone on with, and makes no step twice."


def _trouble(course: Course) -> Iterator[str]:
    if course.skipped:
        yield (
            f"{len(course.skipped):,} of {course.last:,} steps moved nothing, as their loss or gradient was no number. "
            "A few do no harm; if there are many, try a lower rate, a longer warm-up, or fp32."
        )
    if course.broken:
        many = (
            "One example is broken and was"
            if course.broken == 1
            else f"{course.broken:,} examples are broken and were"
        )
        yield f"{many} passed over." + (" See below." if course.trouble else "")


def _learning(course: Course) -> Iterator[str]:
    if len(course.steps) < ENOUGH:
        return
    first, before, last = (course.mean("loss", *ends) for ends in ((0, 0.1), (0.8, 0.9), (0.9, 1)))
    if first is None or before is None or last is None:
        return
    if last > (1 - LITTLE) * first:
        yield (
            "The loss hardly fell. Try a higher rate if its curve is flat, a lower one if it is restless, and look "
            "whether pictures and texts belong together."
        )
    elif before - last > max(FALLING * before, 3 * _doubt(course)) and course.last >= course.planned:
        fell = f"{1 - last / before:.0%}"
        yield f"The loss was still falling at the end, by {fell} over the last tenth: more steps may help."
    yield from _by_heart(course)
    limit, scales = course.history.settings.get("scale_limit"), known(course.columns["scale"])
    if limit and scales and scales[-1] > 0.995 * limit:
        yield f"The learned scale of the logits came to its limit of {figure(limit, 'number')} and was held there."


def _doubt(course: Course) -> float:
    """The standard error of how much the loss fell over the last tenth."""
    losses, count = course.columns["loss"], len(course.steps)
    tenths = [known(losses[int(start * count) : int((start + 0.1) * count)]) for start in (0.8, 0.9)]
    return math.hypot(*(stdev(one) / math.sqrt(len(one)) if len(one) > 1 else math.inf for one in tenths))


def _by_heart(course: Course) -> Iterator[str]:
    """Where a figure was better before the end, by more than it goes up and down anyway."""
    for name, points in course.figures.items():
        values = [(step, value) for step, value in points if finite(value) is not None]
        if len(values) < 4:
            continue
        less = is_less_better(name)
        step, best = (min if less else max)(values, key=lambda point: point[1])
        _, last = values[-1]
        worse = (last - best) if less else (best - last)
        usual = median(abs(after - before) for (_, before), (_, after) in pairwise(values))
        if step <= 0.8 * course.last and worse > max(RISING * abs(best), 1.5 * usual):
            unit = unit_of(name, [best, last])
            yield (
                f'"{name}" was best after step {step:,} ({figure(best, unit)}) and is {figure(last, unit)} at the end: '
                "the model may have begun to learn by heart. Try fewer steps, more data or a lower rate."
            )


def _speed(course: Course) -> Iterator[str]:
    waited = course.mean("waited")
    if waited is not None and waited > WAITING:
        yield (
            f"{waited:.0%} of the time of a step was spent waiting for data. More processes that read it, smaller "
            "pictures on disk or a faster disk would make the run that much shorter."
        )


def _when(moment: str) -> str:
    try:
        return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return moment
