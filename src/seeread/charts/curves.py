"""Curves as an option of ECharts: with a band where bounds are known, and a diagonal where they should lie on one."""

from typing import Any

from seeread.charts.chart import Curve, Curves
from seeread.charts.colours import AXIS, MUTED, colour
from seeread.charts.figures import figure, finite, interval, scaled, unlike
from seeread.charts.frame import PHONE, Option, frame, legend_height, told, value_axis

SYMBOLS = ("circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect")
FEW = 40
"""Points; with more of them a curve has no symbols, and what is told is what lies below the pointer."""
BESIDE, HEIGHT = 430, 340
"""Pixels of width that two charts beside each other have, and of height besides the legend."""


def curves_option(chart: Curves) -> Option:
    """A line for each curve, all over one axis."""
    names = unlike([curve.name for curve in chart.curves])
    few = all(len(curve.points) <= FEW for curve in chart.curves)
    option = frame(chart.title, chart.note, names, top=14, wide=BESIDE)
    steps = _steps(chart)
    x_axis, y_axis = value_axis(chart.x_unit, chart.x_name), value_axis(chart.y_unit, chart.y_name)
    x_axis["axisLine"] = {"show": True, "onZero": False, "lineStyle": {"color": AXIS}}
    x_axis["splitLine"] = {"show": False}
    if steps is not None:
        x_axis |= {"type": "category", "data": [figure(step, chart.x_unit) for step in steps], "boundaryGap": False}
        x_axis["axisLabel"] = {"color": MUTED, "fontSize": 12}
    elif chart.logarithmic:
        x_axis |= {"type": "log", "logBase": 2}
    if chart.diagonal:
        for axis, unit in ((x_axis, chart.x_unit), (y_axis, chart.y_unit)):
            axis |= {"min": 0, "max": 100 if unit == "percent" else 1}
    else:
        x_axis["scale"] = True
        y_axis |= _from_where(chart)
    option |= {"xAxis": x_axis, "yAxis": y_axis}
    if not few:
        option["tooltip"] |= {"trigger": "axis", "axisPointer": {"lineStyle": {"color": AXIS}}}
    option["series"] = [_diagonal(chart)] if chart.diagonal else []
    for place, (curve, name) in enumerate(zip(chart.curves, names, strict=True)):
        option["series"] += [_line(chart, curve, name, place, few, steps), *_band(chart, curve, name, place, steps)]
    return option


def curves_height(chart: Curves, phone: bool) -> int:
    """Pixels that a page gives it."""
    tall = HEIGHT + (90 if chart.diagonal else 0)  # a diagonal wants a square
    legend = legend_height([curve.name for curve in chart.curves], PHONE if phone else BESIDE)
    return legend + tall - (40 if phone else 0)


def _steps(chart: Curves) -> list[float] | None:
    """All x from left to right where they cannot lie on a logarithmic axis, as no shots do not: they get even steps."""
    every = sorted({x for curve in chart.curves for x, _ in curve.points})
    return every if chart.logarithmic and (len(every) < 2 or every[0] <= 0) else None


def _from_where(chart: Curves) -> Option:
    """The axis begins at nothing unless all curves lie high above it."""
    ends = [y for curve in chart.curves for y in (*(y for _, y in curve.points), *(curve.lows or ()))]
    shown = [y for y in map(finite, ends) if y is not None]
    return {"scale": True} if shown and min(shown) > 0.5 * max(shown) else {}


def _at(chart: Curves, x: float, y: float | None, steps: list[float] | None) -> list[Any]:
    place = scaled(x, chart.x_unit) if steps is None else steps.index(x)
    level = scaled(y, chart.y_unit)
    return [place, "-" if level is None else level]


def _line(chart: Curves, curve: Curve, name: str, place: int, few: bool, steps: list[float] | None) -> Option:
    data: list[Option] = []
    for number, (x, y) in enumerate(curve.points):
        bounds = interval(curve.lows[number], curve.highs[number], chart.y_unit) if curve.lows and curve.highs else ""
        tip = told(
            name,
            f"{chart.x_name or 'x'}: {figure(x, chart.x_unit)}",
            f"{chart.y_name or 'y'}: {figure(y, chart.y_unit)}",
            f"{chart.bounds}: {bounds}" if bounds else "",
            curve.notes[number] if curve.notes else "",
        )
        point: Option = {"value": _at(chart, x, y, steps)}
        data.append(point | {"tooltip": {"formatter": tip}} if few else point)
    shade = colour(place)
    return {
        "type": "line",
        "name": name,
        "data": data,
        "symbol": SYMBOLS[place % len(SYMBOLS)],
        "symbolSize": 9,
        "showSymbol": few,
        "lineStyle": {"color": shade, "width": 2.2, "type": "dashed" if curve.dashed else "solid"},
        "itemStyle": {"color": shade},
        "emphasis": {"focus": "none", "scale": 1.4},
        "z": 4,
    }


def _band(chart: Curves, curve: Curve, name: str, place: int, steps: list[float] | None) -> list[Option]:
    """Two unseen lines, the second on top of the first, with the room between them filled."""
    if not (curve.lows and curve.highs):
        return []
    bounds = [
        (x, low, high)
        for (x, _), low, high in zip(curve.points, curve.lows, curve.highs, strict=True)
        if finite(low) is not None and finite(high) is not None
    ]
    line: Option = {
        "type": "line", "name": name, "stack": f"band {place}", "stackStrategy": "all", "symbol": "none",
        "silent": True, "tooltip": {"show": False}, "lineStyle": {"opacity": 0}, "itemStyle": {"color": colour(place)},
    }  # fmt: skip
    return [
        line | {"data": [_at(chart, x, low, steps) for x, low, _ in bounds]},
        line | {
            "data": [_at(chart, x, high - low, steps) for x, low, high in bounds],
            "areaStyle": {"color": colour(place), "opacity": 0.16},
        },
    ]  # fmt: skip


def _diagonal(chart: Curves) -> Option:
    """Where what is said and what is so are the same."""
    ends = [(100 if unit == "percent" else 1) for unit in (chart.x_unit, chart.y_unit)]
    return {
        "type": "line", "name": "", "data": [[0, 0], ends], "symbol": "none", "silent": True, "z": 1,
        "tooltip": {"show": False}, "lineStyle": {"color": AXIS, "type": "dashed", "width": 1.4},
        "itemStyle": {"color": AXIS},
    }  # fmt: skip
