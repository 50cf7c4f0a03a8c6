"""The report of a run: it opens offline, shows what happened, and takes what others wrote for text."""

import json
import math
import re
from pathlib import Path

import pytest
from PIL import Image

from seeread.charts.chart import Curves, Section, Table, Tiles, Words
from seeread.errors import DataError
from seeread.training.watching.journal import Journal
from seeread.training.watching.report import write_report
from seeread.training.watching.samples import Asked, Samples
from seeread.training.watching.sections.course import MOST, Course, read_course
from seeread.training.watching.sections.curves import learning, measured, speed
from seeread.training.watching.sections.findings import findings, tiles
from tests.browser import browser, opened
from tests.charts.test_page import Tree
from tests.tiny import colour_model
from tests.training.watching.moments import MODEL, beginning, follow, moment

EVIL = '<script>document.title="evil"</script><img src=x onerror=alert(1)>'


def course(out: Path) -> Course:
    return read_course(out, "a run")


def long_run(out: Path, steps: int, **journal: int) -> None:
    """The loss falls, but for one peak; figures are measured ten times, and get worse at the end."""
    watcher = Journal(out, **journal)
    watcher.began(beginning(out, steps=steps))
    for step in range(1, steps + 1):
        loss = 99.0 if step == steps // 2 + 1 else 4 * math.exp(-2 * step / steps)
        figures = {}
        if step % (steps // 10) == 0:
            share = step / steps
            figures = {"held-out loss": 2 + abs(share - 0.5), "recall@10": share - share**2 / 2}
        watcher.stepped(moment(step, loss, figures=figures), MODEL)
    watcher.ended(None)


def test_a_page_for_a_whole_run(tmp_path: Path) -> None:
    long_run(tmp_path, 600)
    model = colour_model()
    asked = [Asked(Image.new("RGB", (30, 20), "red"), EVIL), Asked(Image.new("RGB", (30, 20), "blue"), "blue", EVIL)]
    samples = Samples(tmp_path, model, asked, ["red", "blue", EVIL])
    samples.began(beginning(tmp_path, steps=600, measure_every=300))
    for step in range(1, 601):
        samples.stepped(moment(step), model.module)
    samples.ended(None)
    path = write_report(
        tmp_path,
        title=f"How it went {EVIL}",
        told={"data": EVIL},
        broken={EVIL: EVIL},
        extra=[Section("Before and after", [Words(EVIL, [EVIL])])],
    )
    assert path == tmp_path / "report.html"
    html = path.read_text()
    tree = Tree(html)
    assert len(re.findall(r"<script>", html)) == 2  # the page's own
    assert not [tag for tag, attrs in tree.elements if any(name.startswith("on") for name in attrs)]
    assert "".join(tree.text).count(EVIL) >= 8
    headings = re.findall(r"<h2>(.*?)</h2>", html)
    assert headings == [
        "In short", "Before and after", "What it said on the way", "How it learned", "How fast it was",
        "What was passed over", "What it was",
    ]  # fmt: skip
    assert [tag for tag, _ in tree.elements].count("img") == 2
    assert "was best after step 300 (2) and is 2.50 at the end" in html
    assert "1 examples" not in html and "One example is broken" in html


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_it_opens_without_a_network(tmp_path: Path, width: int, dark: bool) -> None:
    long_run(tmp_path, 300)
    path = write_report(tmp_path, told={"data": EVIL})
    with browser() as chromium, opened(chromium, path, width, dark=dark) as one:
        drawn = one.page.evaluate("document.querySelectorAll('.chart svg:has(path)').length")
        assert drawn == len(course_charts(tmp_path))
        assert one.page.evaluate("document.documentElement.scrollWidth") == width
        assert one.requests == [] and one.complaints == [] and "evil" not in one.page.title()


def course_charts(out: Path) -> list[Curves]:
    told = [learning(course(out)), speed(course(out))]
    return [piece for section in told if section for piece in section.pieces if isinstance(piece, Curves)]


def test_curves_of_long_runs_are_short_and_lose_no_peak(tmp_path: Path) -> None:
    long_run(tmp_path, 5000)
    loss = course_charts(tmp_path)[0]
    curve, held_out = loss.curves
    assert 100 < len(curve.points) <= MOST
    assert curve.highs and max(curve.highs) == 99.0 and curve.lows and min(curve.lows) < 0.5414
    assert curve.points[-1][0] == 5000 and loss.bounds == "least and most"
    place = max(range(len(curve.points)), key=lambda number: curve.highs[number])  # type: ignore[index]
    assert 2500 <= curve.points[place][0] <= 2550
    first = [4 * math.exp(-2 * step / 5000) for step in range(1, 26)]
    assert curve.points[0] == (25, pytest.approx(sum(first) / 25))
    assert [step for step, _ in held_out.points] == list(range(500, 5001, 500))
    assert [chart.title for chart in course_charts(tmp_path)] == [
        "Loss", "recall@10", "Length of the gradient", "Learning rate", "Pictures a second", "Waiting for data",
    ]  # fmt: skip


def test_curves_of_short_runs_have_every_step(tmp_path: Path) -> None:
    follow([Journal(tmp_path)], tmp_path, 0, 60)
    (curve,) = course_charts(tmp_path)[0].curves
    assert [step for step, _ in curve.points] == list(range(1, 61)) and curve.lows is None


def test_steps_that_were_skipped_leave_no_mark_in_the_means(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.began(beginning(tmp_path))
    for step in range(1, 101):
        bad = step in (7, 8)
        journal.stepped(moment(step, math.nan if bad else 2.0, skipped=bad), MODEL)
    found = course(tmp_path)
    assert found.mean("loss") == 2.0 and found.skipped == [7, 8]
    assert any(one.startswith("2 of 100 steps moved nothing") for one in findings(found))


def test_the_figures_are_those_of_the_run(tmp_path: Path) -> None:
    long_run(tmp_path, 1000)
    found = course(tmp_path)
    assert found.seconds == pytest.approx(250) and found.images == pytest.approx(64_000)
    told = {name: (value, note) for name, value, note in tiles(found).tiles}
    assert told["steps"] == ("1,000", "all done") and told["time of the steps"] == ("4 min", "256 pictures a second")
    assert told["recall@10"] == ("50.0%", "from 9.5%") and told["waiting for data"][0] == "2.0%"
    table = measured(found)
    assert isinstance(table, Table)
    assert [row[:1] + [cell[0] for cell in row[1:4]] + row[4:] for row in table.rows] == [  # type: ignore[index]
        ["held-out loss", "2.40", "2", "2.50", 500], ["recall@10", "9.5%", "50.0%", "50.0%", 1000],
    ]  # fmt: skip


def test_of_a_journal_with_every_tenth_step_the_time_is_that_of_all(tmp_path: Path) -> None:
    long_run(tmp_path, 1000, every=10)
    found = course(tmp_path)
    assert len(found.steps) == 100
    assert found.seconds == pytest.approx(250) and found.images == pytest.approx(64_000)


def test_a_run_that_is_not_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.began(beginning(tmp_path))
    html = write_report(tmp_path).read_text()
    assert "No step of it is written down yet." in html
    follow([journal], tmp_path, 0, 30)
    assert "30 of 100 steps" in write_report(tmp_path).read_text()
    assert any("goes on or was killed" in one for one in findings(course(tmp_path)))
    journal.ended("Stopped by SIGTERM after step 30.")
    assert findings(course(tmp_path))[0] == (
        "It stopped after step 30 of 100: Stopped by SIGTERM after step 30."
    )
    follow([journal], tmp_path, 30, 100)
    journal.ended(None)
    told = findings(course(tmp_path))
    assert told[0] == "It was interrupted once and gone on with, and makes no step twice."
    assert "Sittings" in write_report(tmp_path).read_text()


def test_where_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Is this the folder of a run"):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_a_journal_alone_is_enough(tmp_path: Path) -> None:
    lines = [{"step": step, "loss": 2.0 / step} for step in range(1, 50)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    html = write_report(tmp_path).read_text()
    Tree(html)
    assert "<h2>How it learned</h2>" in html and "<h2>How fast it was</h2>" not in html


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"waited": 0.4}, "40% of the time of a step was spent waiting for data"),
        ({"scale": 99.9}, "came to its limit of 100"),
        ({"loss": 2.0}, "The loss hardly fell"),
        ({"broken": 5}, "5 examples are broken"),
        ({}, "still falling at the end, by 22%"),
    ],
)
def test_what_stands_out(tmp_path: Path, change: dict[str, float], said: str) -> None:
    journal = Journal(tmp_path)
    journal.began(beginning(tmp_path))
    for step in range(1, 101):
        journal.stepped(moment(step, **change), MODEL)
    journal.ended(None)
    told = findings(course(tmp_path))
    assert any(said in one for one in told), told


def test_what_goes_up_and_down_is_not_taken_for_more(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.began(beginning(tmp_path))
    scores = {12: 0.458, 24: 0.583, 36: 0.667, 48: 0.583, 60: 0.625, 100: 0.625}  # of 24 pictures
    for step in range(1, 101):
        figures = {"top-1 accuracy": scores[step]} if step in scores else {}
        loss = 1 + 3 * math.exp(-step / 8) + (0.5 if step in (85, 86, 89) else 0.0)  # it falls by chance alone
        journal.stepped(moment(step, loss, figures=figures), MODEL)
    journal.ended(None)
    (only,) = findings(course(tmp_path))
    assert only.startswith("Nothing stands out")


def test_nothing_stands_out_of_a_run_that_went_well(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.began(beginning(tmp_path))
    for step in range(1, 101):
        journal.stepped(moment(step, 1 + 3 * math.exp(-step / 8)), MODEL)
    journal.ended(None)
    (only,) = findings(course(tmp_path))
    assert only.startswith("Nothing stands out")
    assert isinstance(tiles(course(tmp_path)), Tiles)
