"""What a run was: its data and settings, its sittings, and what was broken."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from seeread.charts.chart import Cell, Piece, Section, Table, Words
from seeread.training.settings import Settings
from seeread.training.watching.sections.course import Course
from seeread.training.watching.words import plain, size

_DEFAULTS = {field.name: field.default for field in fields(Settings) if field.default is not MISSING}
MOST = 500
"""Rows of a table."""


def facts(course: Course, more: Mapping[str, str]) -> Section:
    """From what it learned, and how."""
    history = course.history
    told = {**history.facts, **more}
    if history.parameters:
        told["parameters"] = f"{size(history.parameters)}, of which {size(history.learning)} learn"
    if history.ranks > 1:
        told["processes"] = str(history.ranks)
    pieces: list[Piece] = []
    if told:
        pieces.append(
            Table("Model and data", ["what", "value"], [[name, plain(value)] for name, value in told.items()])
        )
    if history.settings:
        rows: list[list[Cell]] = [
            [name.replace("_", " "), _value(value), _instead(name, value)]
            for name, value in history.settings.items()
        ]
        pieces.append(Table("Settings", ["setting", "value", "instead of"], rows))
    if len(history.sittings) > 1:
        pieces.append(_sittings(course))
    return Section("What it was", pieces)


def trouble(course: Course) -> Section | None:
    """What was passed over; None where all was well."""
    pieces: list[Piece] = []
    if course.trouble:
        listed = list(course.trouble.items())
        note = f"And {len(listed) - MOST:,} more." if len(listed) > MOST else ""
        rows: list[list[Cell]] = [[plain(name), plain(why)] for name, why in listed[:MOST]]
        pieces.append(Table("Broken examples", ["example", "why"], rows, note))
    if course.skipped:
        steps = ", ".join(f"{step:,}" for step in course.skipped[:MOST])
        why = "No weight was moved in these steps, as the loss or its gradient was no number:"
        pieces.append(
            Words("Skipped steps", [f"{why} {steps}{', and more' if len(course.skipped) > MOST else ''}."])
        )
    return Section("What was passed over", pieces) if pieces else None


def _sittings(course: Course) -> Table:
    rows: list[list[Cell]] = []
    for place, sitting in enumerate(course.history.sittings):
        newest = place + 1 == len(course.history.sittings)
        ended = sitting.ended or ("" if newest else "killed")
        why = sitting.reason or ("all steps done" if sitting.last == course.planned else "")
        rows.append([sitting.began, sitting.step, ended, sitting.last, why])
    return Table("Sittings", ["begun", "after step", "ended", "at step", "why"], rows)


def _instead(name: str, value: Any) -> str:
    """What the setting is where nobody says another."""
    usual = _value(_DEFAULTS[name]) if name in _DEFAULTS else ""
    return "" if usual == _value(value) else usual


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
