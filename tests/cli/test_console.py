"""What a person sees on a terminal, and a program in a pipe."""

import io
import sys

import pytest
from rich.cells import cell_len

from seeread.charts.counts import millions
from seeread.cli.output.charts import show_charts, show_lines
from seeread.cli.output.console import plural, shorten
from seeread.cli.output.progress import progress
from seeread.tasks.scores import Classification, Score

LONG = "a " + "very " * 12 + "long label"
RESULTS = [
    (f"holiday/2024/a rather long folder name/{number:03}.jpg",
     Classification("x", (Score(LONG, 0.97), Score("犬", 0.02), Score("a cat", 0.01)), "softmax"))
    for number in range(12)
]  # fmt: skip


@pytest.mark.parametrize("width", [8, 20, 40, 80, 200])
@pytest.mark.parametrize("show", [show_charts, show_lines])
def test_nothing_is_wider_than_the_terminal(
    width: int, show: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("seeread.cli.output.console.is_terminal", lambda: True)
    monkeypatch.setattr("seeread.cli.output.charts.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    show(RESULTS, 3)  # type: ignore[operator]
    out = capsys.readouterr().out
    assert max(map(cell_len, out.splitlines())) <= width
    assert out.count("0.970") >= (12 if width >= 80 else 0)


def test_nothing_is_cut_where_a_program_reads(capsys: pytest.CaptureFixture[str]) -> None:
    show_lines(RESULTS, 3)
    out = capsys.readouterr().out
    assert RESULTS[0][0] in out
    assert LONG in out
    assert len(out.splitlines()) == 12


@pytest.mark.parametrize("show", [show_charts, show_lines])
def test_names_cannot_play_with_the_terminal(show: object, capsys: pytest.CaptureFixture[str]) -> None:
    show([("\x1b[31m\n.png", Classification("x", (Score("\x1b[2J", 1.0),), "softmax"))], 1)  # type: ignore[operator]
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "?[31m?.png" in out


@pytest.mark.parametrize("width", range(1, 30))
def test_shortened_texts_keep_their_end(width: int) -> None:
    text = "photos/ein langer Ordner/犬犬犬/cat.png"
    short = shorten(text, width)
    assert cell_len(short) <= width
    assert shorten("cat.png", 7) == "cat.png"
    if width >= 10:
        assert short.endswith(".png")


def test_numbers_read_well() -> None:
    assert [millions(n) for n in (None, 10_407_729, 151_277_313, 2_539_567_105, 8_401)] == [
        "", "10.4 M", "151 M", "2.54 B", "8,401",
    ]  # fmt: skip
    assert (plural(1, "picture"), plural(0, "picture")) == ("1 picture", "0 pictures")


def test_a_bar_only_for_long_work_and_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def shown(terminal: io.StringIO, total: int) -> str:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress("Looking") as advance:
            advance(1, total)
            advance(total, total)
        return terminal.getvalue()

    assert shown(io.StringIO(), 1000) == ""
    assert shown(Terminal(), 10) == ""
    assert "Looking" in shown(Terminal(), 1000)
