"""What was found, as a page: a title, a lead, and sections."""

from pathlib import Path
from typing import Any

from seeread.charts.chart import Section
from seeread.checkpoints.catalogue import find
from seeread.errors import DataError
from seeread.evaluation.published.published import published
from seeread.evaluation.records.record import Record
from seeread.evaluation.records.store import read_records
from seeread.evaluation.report.build import build
from seeread.evaluation.report.familiar import familiar
from seeread.studio.scores.explained import explained
from seeread.studio.scores.found import Found
from seeread.studio.scores.pieces import section_json
from seeread.studio.scores.saved import read_page
from seeread.studio.scores.trusted import sections as trusted
from seeread.tasks.certainty.calibration import read_calibration


def show(one: Found, records: list[Found]) -> dict[str, Any]:
    """{"title", "lead", "sections"} as of `pieces.section_json`. `records` are those that may stand beside what others
    report, as far as they can be read. Raises DataError for what cannot be."""
    match one.kind:
        case "records":
            return _page("What was measured", _lead(read_records(one.path)), build(one.path))
        case "calibration" if one.path.suffix == ".json":
            found = read_calibration(one.path)
            return _page(f"How far {found.model.name} can be trusted", "", trusted(found))
        case "explanations":
            return _page(f"How faithful explanations are: {one.title}", "", explained(one.path))
        case "published":
            measured = [record for each in records for record in _readable(each.path)]
            return _page(one.title, "", [familiar(published("imagenet"), measured, _called)])
    return read_page(one.path)


def _readable(path: Path) -> list[Record]:
    """The records of a folder; none if they are damaged: their own page says so."""
    try:
        return read_records(path)
    except DataError:
        return []


def _page(title: str, lead: str, sections: list[Section]) -> dict[str, Any]:
    return {"title": title, "lead": lead, "sections": [section_json(section) for section in sections]}


def _lead(records: list[Record]) -> str:
    newest = max((record.time for record in records), default="")
    many = "one record" if len(records) == 1 else f"{len(records)} records"
    return f"{many[0].upper()}{many[1:]}, the newest of {newest[:10]}."


def _called(name: str) -> str:
    """The one name of a model that is known by several."""
    entry = find(name)
    return entry.name if entry else name
