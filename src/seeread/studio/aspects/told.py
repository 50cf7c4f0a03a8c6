"""The table as JSON, as the page and scripts get it."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from seeread.studio.aspects.cell import Cell
from seeread.studio.aspects.contrast import between, in_short
from seeread.studio.aspects.subject import Subject
from seeread.studio.aspects.table import GROUPS, Row, rows


def told(subjects: Sequence[Subject]) -> dict[str, Any]:
    """{"models": [{"name", "title", "family", "known", "in_short", "source"}], "contrast": [sentences], "groups":
    [{"name", "rows": [{"id", "name", "about", "differs", "cells": [cell or null]}]}]}. A cell is {"text", "more",
    "number", "parts": [{"name", "value"}], "known", "source"}."""
    pairs = combinations(subjects, 2) if len(subjects) == 2 else ()
    return {
        "models": [_model(subject) for subject in subjects],
        "contrast": [sentence for one, other in pairs for sentence in between(one, other)],
        "groups": [
            {"name": group.name, "rows": [_row(row) for row in found]}
            for group in GROUPS
            if (found := rows(group, subjects))
        ],
    }


def _model(subject: Subject) -> dict[str, Any]:
    return {
        "name": subject.name,
        "title": subject.title,
        "family": subject.family,
        "known": "reported" if subject.reported else "measured",
        "in_short": in_short(subject),
        "source": _source(subject.source),
    }


def _row(row: Row) -> dict[str, Any]:
    aspect = row.aspect
    return {
        "id": aspect.id, "name": aspect.name, "about": aspect.about, "differs": row.differs,
        "cells": [None if cell is None else _cell(cell) for cell in row.cells],
    }  # fmt: skip


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "text": cell.text, "more": cell.more, "number": cell.number, "known": cell.known,
        "parts": [{"name": part.name, "value": part.value} for part in cell.parts], "source": _source(cell.source),
    }  # fmt: skip


def _source(source: tuple[str, str] | None) -> dict[str, str] | None:
    return None if source is None else {"shown": source[0], "address": source[1]}
