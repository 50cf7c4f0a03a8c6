"""What a terminal shows of a run, and what a log has of it."""

import math
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from seeread.training.watching.terminal.bar import Bar
from seeread.training.watching.terminal.lines import Lines
from seeread.training.watching.terminal.pace import Pace
from seeread.training.watching.terminal.telling import changed, sampled
from seeread.training.watching.words import duration, size
from tests.training.watching.moments import MODEL, beginning, moment


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def terminal(width: int = 80) -> Console:
    return Console(file=StringIO(), force_terminal=True, width=width, highlight=False, markup=False, emoji=False,
                   color_system=None, _environ={"TERM": "xterm"})  # fmt: skip


def written(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_the_bar_shows_what_there_is_to_know(tmp_path: Path) -> None:
    console, clock = terminal(110), Clock()
    bar = Bar(console, clock)
    bar.began(beginning(tmp_path, steps=100))
    for step in range(1, 51):
        clock.now += 3
        bar.stepped(moment(step, 2.0, utilisation=0.4), MODEL)
    last = written(console).split("training")[-1]
    for said in ("50/100", "2 min left", "loss 2", "rate 1.0e-03", "256 images/s", "waiting 2%", "40% of peak"):
        assert said in last, said
    assert "skipped" not in last and "broken" not in last
    bar.stepped(moment(51, math.nan, skipped=True, broken=2, trouble={"a.jpg": "cut", "b.jpg": "empty"}), MODEL)
    bar.stepped(moment(52, figures={"recall@10": 0.25}), MODEL)
    clock.now += 3
    bar.stepped(moment(53, figures={"recall@10": 0.5}), MODEL)
    told = written(console)
    assert "step 51: the loss or its gradient was no number; no weight was moved" in told
    assert "step 51: passed over a.jpg: cut" in told and "1 skipped · 2 broken" in told
    assert "step 53: recall@10 50.0% (+25.0%)" in told
    assert "nan" not in told
    bar.ended(None)
    assert written(console).rstrip().endswith("53 steps done in 3 min, loss 1.90")
    assert told.count("\x1b[?25l") == 1 and written(console).endswith("\n")
    assert written(console).count("\x1b[?25h") == 1  # the cursor is back


def test_the_bar_is_not_drawn_more_often_than_it_can_be_read(tmp_path: Path) -> None:
    console, clock = terminal(), Clock()
    bar = Bar(console, clock)
    bar.began(beginning(tmp_path, steps=100_000))
    for step in range(1, 1001):
        clock.now += 0.001
        bar.stepped(moment(step), MODEL)
    assert 9 <= written(console).count("training") <= 13
    bar.ended("stopped by SIGTERM")
    assert "stopped after step 1,000 of 100,000" in written(console)
    assert "stopped by SIGTERM" in written(console)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_bar_fits_and_says_nothing_to_the_terminal_itself(tmp_path: Path, width: int) -> None:
    console, clock = terminal(width), Clock()
    bar = Bar(console, clock)
    bar.began(beginning(tmp_path))
    for step in range(1, 4):
        clock.now += 1
        bar.stepped(moment(step, trouble={"\x1b]0;evil\x07[red]x\n.jpg": "\x9b2J"}), MODEL)
    bar.ended(None)
    told = written(console)
    assert "\x1b]" not in told and "\x07" not in told and "\x9b" not in told
    assert "[red]x" in told  # as it is, and no colour
    lines = re.split(r"[\r\n]", re.sub(r"\x1b\[\??\d+\w", "", told))
    assert any("3/100" in line for line in lines) and max(map(len, lines)) <= width


def test_plain_lines_come_now_and_then(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = Lines(clock)
    lines.began(beginning(tmp_path, steps=1000))
    for step in range(1, 1001):
        clock.now += 0.01
        lines.stepped(moment(step), MODEL)
    lines.ended(None)
    out, told = capsys.readouterr()
    assert out == "" and "\x1b" not in told
    said = [int(line.split()[1].replace(",", "")) for line in told.splitlines() if line.startswith("step")]
    assert said == [1, *range(50, 1001, 50)]
    assert told.splitlines()[0] == "6 of 1.5 million parameters learn"
    assert told.splitlines()[-1].startswith("1,000 steps done in 10 s, loss ")
    assert "5 s left" in told.splitlines()[11]


def test_of_slow_steps_there_is_a_line_each_half_minute(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = Lines(clock)
    lines.began(beginning(tmp_path, steps=1_000_000))
    for step in range(1, 101):
        clock.now += 1
        lines.stepped(moment(step), MODEL)
    lines.ended("the disk is full\x1b[2J\nand more")
    told = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in told if line.startswith("step")] == ["1", "31", "61", "91"]
    assert told[-1].endswith("the disk is full?[2J and more")


def test_a_run_that_goes_on_is_told_from_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.began(beginning(tmp_path, step=40))
    lines.stepped(moment(41), MODEL)
    lines.ended(None)
    lines.began(beginning(tmp_path, step=100))
    lines.ended(None)
    told = capsys.readouterr().err.splitlines()
    assert "going on after step 40" in told[0] and told[1].startswith("step 41 of 100")
    assert told[-1] == "all 100 steps were done already"


def test_the_time_that_is_left_counts_all_that_a_run_does(tmp_path: Path) -> None:
    clock = Clock()
    pace = Pace(beginning(tmp_path, step=10, steps=110), clock)
    assert pace.left is None
    clock.now += 60  # the first step warms up
    pace.add(moment(11))
    assert pace.left is None
    for step in range(12, 32):
        clock.now += 2  # of which only 0.25 are the step's own
        pace.add(moment(step))
    assert pace.left == pytest.approx(2 * 79)


def test_figures_are_smoothed_and_what_is_no_number_is_left_out(tmp_path: Path) -> None:
    pace = Pace(beginning(tmp_path))
    pace.add(moment(1, 4.0))
    assert pace.mean("loss") == 4.0  # without a pull to nothing
    pace.add(moment(2, math.nan, skipped=True))
    pace.add(moment(3, 2.0))
    assert pace.mean("loss") == pytest.approx((0.95 * 4 + 2) / 1.95)
    assert pace.mean("utilisation") is None and pace.skipped == 1


def test_the_loss_is_drawn_over_the_whole_run(tmp_path: Path) -> None:
    pace = Pace(beginning(tmp_path, steps=1000))
    assert pace.shape == ""
    for step in range(1, 1001):
        pace.add(moment(step, 10 - step / 100))
    assert len(pace.shape) == 16 and pace.shape[0] == "█" and pace.shape[-1] == "▁"
    assert list(pace.shape) == sorted(pace.shape, reverse=True)


def test_words() -> None:
    seconds = [0.4, 99, 100, 3540, 3600, 8000, 47 * 3600, 100 * 3600]
    assert [duration(one) for one in seconds] == [
        "0 s", "99 s", "2 min", "59 min", "1 h", "2 h 13 min", "47 h", "4 days 4 h",
    ]  # fmt: skip
    assert [size(one) for one in (12, 38_912, 151_277_313, 8_030_261_248)] == [
        "12", "38,912", "151 million", "8.03 billion",
    ]  # fmt: skip
    assert changed("held-out loss", 1.25, 1.5) == "1.25 (−0.25)" and changed("accuracy", 0.5, None) == "50.0%"
    said = sampled(5, ["A dog.", "cat", ""], [[("a dog", 0.5)], [("\x1b dog", None)], [("x", 1.0)]])
    assert list(said) == ['step 5, sample 1: "a dog" 50% ✓', 'step 5, sample 2: "? dog" (true: "cat")']
