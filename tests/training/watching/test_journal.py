"""The journal: every step once, whatever happened to the run; what it says of itself is read back as it was."""

import errno
import json
import math
import os
from pathlib import Path

import pytest
import torch
from torch import nn

from seeread.errors import DataError, SeereadError, UsageError
from seeread.training.engine.trainer import train
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from seeread.training.watching.history import History, read_history
from seeread.training.watching.journal import Journal, read_journal
from seeread.training.watching.ledger import Ledger
from seeread.training.watching.sections.course import read_course
from seeread.training.watching.watcher import Moment
from tests.training.watching.moments import MODEL, beginning, follow, moment


def steps(out: Path) -> list[int]:
    return [one.step for one in read_journal(out)]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.began(beginning(tmp_path))
    told = [
        moment(1),
        moment(2, utilisation=0.25, scale=14.3, figures={"recall": 0.5}, broken=1, trouble={"a.jpg": "damaged"}),
        moment(3, seconds=0.123456789, loss=0.1 + 0.2),
    ]
    for one in told:
        journal.stepped(one, MODEL)
    first, second, third = read_journal(tmp_path)
    assert [first, second] == told[:2]
    assert third.loss == 0.1 + 0.2  # to the last bit
    assert third.seconds == 0.123457  # which a clock is not good for
    assert set(json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0])) == {
        "step", "loss", "rate", "seconds", "waited", "images_per_second", "gradient",
    }  # fmt: skip


def test_what_is_no_number_is_null_in_the_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.began(beginning(tmp_path))
    figures = {"loss": math.nan, "recall": math.inf}
    journal.stepped(moment(1, math.nan, gradient=-math.inf, skipped=True, figures=figures), MODEL)

    def refuse(word: str) -> None:
        raise AssertionError(word)

    line = json.loads((tmp_path / "log.jsonl").read_text(), parse_constant=refuse)
    assert line["loss"] is line["gradient"] is line["figures"]["loss"] is None
    (one,) = read_journal(tmp_path)
    assert one.skipped and all(map(math.isnan, (one.loss, one.gradient, *one.figures.values())))


def test_a_run_that_goes_on_makes_no_step_twice(tmp_path: Path) -> None:
    follow([Journal(tmp_path)], tmp_path, 0, 30)  # killed
    follow([Journal(tmp_path)], tmp_path, 20, 25)
    assert steps(tmp_path) == list(range(1, 26))
    follow([Journal(tmp_path)], tmp_path, 25, 26)
    assert steps(tmp_path) == list(range(1, 27))
    follow([Journal(tmp_path)], tmp_path, 0, 2)  # begun again
    assert steps(tmp_path) == [1, 2]


@pytest.mark.parametrize("torn", [b'{"step": 6, "lo', b'{"step": 6, "loss": 1.0}', b"\0\0\0\0", b'"\xff', b"7"])
def test_a_last_line_that_was_torn_is_no_loss(tmp_path: Path, torn: bytes) -> None:
    follow([Journal(tmp_path)], tmp_path, 0, 5)
    path = tmp_path / "log.jsonl"
    path.write_bytes(path.read_bytes() + torn)
    assert steps(tmp_path)[:5] == [1, 2, 3, 4, 5]
    follow([Journal(tmp_path)], tmp_path, 5, 7)
    assert steps(tmp_path) == [1, 2, 3, 4, 5, 6, 7]
    assert len(path.read_bytes().splitlines()) == 7 and path.read_bytes().endswith(b"}\n")


def test_a_line_without_its_end_is_not_gone_on_with(tmp_path: Path) -> None:
    follow([Journal(tmp_path)], tmp_path, 0, 6)
    path = tmp_path / "log.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    follow([Journal(tmp_path)], tmp_path, 6, 8)
    assert steps(tmp_path) == [1, 2, 3, 4, 5, 7, 8]


def test_damage_in_the_middle_is_told(tmp_path: Path) -> None:
    follow([Journal(tmp_path)], tmp_path, 0, 3)
    path = tmp_path / "log.jsonl"
    one, two, three = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(one + two[:20] + b"\n" + three)
    with pytest.raises(DataError, match=r"log\.jsonl, line 2 is damaged"):
        read_journal(tmp_path)


def test_where_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"log\.jsonl cannot be read \(No such file.*the folder of a run\?"):
        read_journal(tmp_path)
    assert read_history(tmp_path) == History()
    (tmp_path / "run.json").write_text('{"sittings": 3}')
    with pytest.raises(DataError, match=r"run\.json is not the history of a run"):
        read_history(tmp_path)


def test_lines_of_another_time_are_read(tmp_path: Path) -> None:
    """With words that are new, and without some of today's."""
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 2.0, "colour": "red"}\n')
    (one,) = read_journal(tmp_path)
    assert isinstance(one, Moment) and one.loss == 2.0 and math.isnan(one.rate)


def test_every_so_many_steps_and_whatever_is_worth_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path, every=10)
    journal.began(beginning(tmp_path))
    odd = {13: {"skipped": True}, 17: {"figures": {"recall": 0.5}}, 19: {"trouble": {"a": "b"}}}
    for step in range(1, 31):
        journal.stepped(moment(step, **odd.get(step, {})), MODEL)
    assert steps(tmp_path) == [10, 13, 17, 19, 20, 30]


@pytest.mark.parametrize("room", [0, 10])
def test_a_full_disk_ends_the_run_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    def write(file: int, content: bytes) -> int:
        """As much as there is room for."""
        if room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(file, content[:room])

    written = os.write
    journal = Journal(tmp_path)
    follow([journal], tmp_path, 0, 3)
    before = (tmp_path / "log.jsonl").read_bytes()
    monkeypatch.setattr(os, "write", write)
    with pytest.raises(SeereadError, match=r"log\.jsonl cannot be written \(No space left on device\)"):
        journal.stepped(moment(4), MODEL)
    assert (tmp_path / "log.jsonl").read_bytes() == before


def test_nobody_writes_into_a_journal_that_is_closed(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    follow([journal], tmp_path, 0, 3)
    journal.ended(None)
    with pytest.raises(UsageError, match=r"log\.jsonl is not open"):
        journal.stepped(moment(4), MODEL)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SeereadError, match="cannot be written"):
        Ledger(tmp_path / "file" / "log.jsonl").open(0)


class Stumbling(Steps):
    """Finds one more broken example with every second batch."""

    @property
    def trouble(self) -> dict[str, str]:
        return {"found at once": "empty"} | {f"{n}.jpg": "damaged" for n in range(2, self.given + 1, 2)}


def test_what_a_stream_passed_over_is_told_once(tmp_path: Path) -> None:
    def run(steps: int) -> None:
        settings = Settings(steps=steps, rate=1e-3, precision="fp32", average=None)
        stream = Stumbling(lambda step: torch.ones(1, 2))
        train(nn.Linear(2, 2), lambda model, batch: model(batch).sum(), stream, settings, tmp_path,
              watchers=[Journal(tmp_path)])  # fmt: skip

    run(5)
    run(8)  # goes on
    told = [(one.step, list(one.trouble), one.broken) for one in read_journal(tmp_path) if one.trouble]
    later = [(step, [f"{step}.jpg"], step // 2 + 1) for step in (2, 4, 6, 8)]
    assert told == [(1, ["found at once"], 1), *later]
    assert list(read_course(tmp_path, "").trouble) == ["found at once", "2.jpg", "4.jpg", "6.jpg", "8.jpg"]


def test_the_history_of_a_run(tmp_path: Path) -> None:
    journal = Journal(tmp_path, facts={"data": "photos"})
    follow([journal], tmp_path, 0, 30)  # killed
    journal = Journal(tmp_path, facts={"data": "photos"})
    follow([journal], tmp_path, 20, 40)
    journal.ended("stopped by SIGTERM")
    follow([journal], tmp_path, 40, 100)
    journal.ended(None)
    history = read_history(tmp_path)
    assert [(one.step, one.last, one.reason, one.ended is None) for one in history.sittings] == [
        (0, None, None, True), (20, 40, "stopped by SIGTERM", False), (40, 100, None, False),
    ]  # fmt: skip
    assert history.settings["steps"] == 100 and history.parameters == 1_500_000 and history.facts == {"data": "photos"}
    follow([journal], tmp_path, 0, 1)
    assert len(read_history(tmp_path).sittings) == 1


def test_a_history_that_cannot_be_ended_is_no_reason_to_lose_the_run(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    follow([journal], tmp_path, 0, 3)
    (tmp_path / "run.json").unlink()
    (tmp_path / "run.json").mkdir()
    with pytest.warns(UserWarning, match=r"run\.json"):
        journal.ended(None)
