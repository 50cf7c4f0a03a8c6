"""The report of a run: one page that opens offline, with curves, pictures, and what stands out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from seeread.charts.chart import Piece, Section, Words
from seeread.charts.pages.page import page
from seeread.training.watching.sections.course import Course, read_course
from seeread.training.watching.sections.curves import learning, measured, speed
from seeread.training.watching.sections.facts import facts, trouble
from seeread.training.watching.sections.findings import findings, in_short, tiles
from seeread.training.watching.sections.shown import shown
from seeread.whole import write_whole

NAME = "report.html"


def write_report(
    out: Path,
    *,
    title: str | None = None,
    told: Mapping[str, str] | None = None,
    broken: Mapping[str, str] | None = None,
    extra: Sequence[Section] = (),
) -> Path:
    """Writes `report.html` into the folder of a run, whether it is over, was stopped, or goes on, and gives its path.

    It is made from what watchers wrote there: the journal, its history, and sample pictures. `told` is what there is to
    say of model and data besides, `broken` what was passed over and why, and `extra` are sections of others, such as
    what the model could do before and after; they come first. Raises DataError where there is no run in `out` or what
    is there cannot be read, SeereadError where the page cannot be written.
    """
    course = read_course(out, title or out.absolute().name)
    course.trouble |= broken or {}
    course.broken = max(course.broken, len(course.trouble))
    sections = [_short(course), *extra, shown(out, course.samples)]
    if course.steps:
        sections += [learning(course), speed(course)]
    sections += [trouble(course), facts(course, told or {})]
    html = page(title or f"How {course.name} was trained", [one for one in sections if one], in_short(course))
    content = html.encode("utf-8", "replace")  # a name of a file may hold what no text can
    write_whole(out / NAME, lambda file: file.write(content))
    return out / NAME


def _short(course: Course) -> Section:
    pieces: list[Piece] = [tiles(course)] if course.steps else []
    pieces.append(Words("What stands out", findings(course)))
    table = measured(course)
    return Section("In short", [*pieces, table] if table is not None else pieces)
