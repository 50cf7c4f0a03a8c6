"""Curves of a run: what it learned, and how fast it was."""

from seeread.charts.chart import Cell, Curve, Curves, Section, Table, Unit
from seeread.charts.figures import figure, finite
from seeread.training.watching.sections.course import Course, known
from seeread.training.watching.words import is_less_better, unit_of


def learning(course: Course) -> Section:
    """Loss, whatever was measured, gradients and the rate."""
    losses = [name for name in course.figures if "loss" in name.lower()]
    held_out = [_measured(course, name) for name in losses]
    limit = course.history.settings.get("gradient_limit")
    pieces = [
        _chart(course, "loss", "Loss", "loss", "while learning", held_out),
        *(_figure(course, name) for name in course.figures if name not in losses),
        _chart(
            course,
            "gradient",
            "Length of the gradient",
            "norm",
            "before it was limited",
            _limit(course, limit),
        ),
        _chart(course, "rate", "Learning rate", "rate", "rate"),
        _chart(course, "scale", "Learned scale of the logits", "scale", "scale"),
    ]
    lead = ""
    if course.wide > 1:
        lead = (
            f"Each point is the mean of {course.wide} steps; the shade spans the least and the most of them."
        )
    return Section("How it learned", [piece for piece in pieces if piece is not None], lead)


def speed(course: Course) -> Section | None:
    """How fast it was and what it waited for; None where nothing is known."""
    pieces = [
        _chart(course, "images_per_second", "Pictures a second", "pictures a second", "speed"),
        _chart(course, "waited", "Waiting for data", "share of the time", "waiting", unit="percent"),
        _chart(course, "utilisation", "Use of the device", "share of its peak", "use", unit="percent"),
    ]
    charts = [piece for piece in pieces if piece is not None]
    return Section("How fast it was", charts) if charts else None


def measured(course: Course) -> Table | None:
    """What was measured on the way: first, best and last. None where nothing was."""
    rows: list[list[Cell]] = []
    for name, points in course.figures.items():
        known_ones = [(step, value) for step, value in points if finite(value) is not None]
        if not known_ones:
            continue
        unit = unit_of(name, [value for _, value in known_ones])
        step, best = (min if is_less_better(name) else max)(known_ones, key=lambda point: point[1])
        ends: list[Cell] = [
            (figure(value, unit), value) for value in (known_ones[0][1], best, known_ones[-1][1])
        ]
        rows.append([name, *ends, step])
    return (
        Table("Measured on the way", ["figure", "first", "best", "last", "best after step"], rows)
        if rows
        else None
    )


def _chart(
    course: Course,
    column: str,
    title: str,
    y_name: str,
    name: str,
    more: "list[Curve] | None" = None,
    unit: Unit = "number",
) -> Curves | None:
    curve = course.curve(column, name)
    if curve is None:
        return None
    return Curves(title, "step", y_name, [curve, *(more or [])], y_unit=unit, bounds="least and most")


def _figure(course: Course, name: str) -> Curves | None:
    curve = _measured(course, name)
    return Curves(name, "step", "", [curve], y_unit=unit_of(name, [value for _, value in curve.points]))


def _measured(course: Course, name: str) -> Curve:
    return Curve(name, [(float(step), value) for step, value in course.figures[name]])


def _limit(course: Course, limit: float | None) -> list[Curve]:
    """A line where gradients were cut off, unless they lie far from it."""
    lengths = known(course.columns["gradient"])
    if limit is None or not lengths or not limit / 2 < max(lengths) < 20 * limit:
        return []
    ends = (float(course.steps[0]), float(course.steps[-1]))
    return [Curve("limit", [(end, limit) for end in ends], dashed=True)]
