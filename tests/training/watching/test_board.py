"""TensorBoard reads what was written: figures, pictures, and only what still holds of a run that goes on."""

import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seeread.errors import UsageError
from seeread.training.watching.samples import Asked, Samples, read_samples
from seeread.training.watching.terminal.lines import Lines
from seeread.training.watching.usual import usual
from tests.tiny import colour_model
from tests.training.watching.moments import MODEL, beginning, follow, moment


def read(folder: Path) -> Any:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = events.EventAccumulator(str(folder), {"scalars": 0, "images": 0, "tensors": 0})
    found.Reload()
    return found


def board(folder: Path) -> Any:
    pytest.importorskip("tensorboard", reason="needs tensorboard")
    from seeread.training.watching.board import Board

    return Board(folder)


def test_figures_are_there_by_step(tmp_path: Path) -> None:
    watcher = board(tmp_path)
    watcher.began(beginning(tmp_path))
    watcher.stepped(moment(1, 4.0, figures={"recall": 0.25}), MODEL)
    watcher.stepped(moment(2, float("nan"), skipped=True, broken=3), MODEL)
    watcher.ended(None)
    found = read(tmp_path)
    assert [(one.step, one.value) for one in found.Scalars("loss")] == [(1, 4.0)]
    assert [one.value for one in found.Scalars("measured/recall")] == [0.25]
    assert [one.value for one in found.Scalars("trouble/broken")] == [0.0, 3.0]
    assert [one.value for one in found.Scalars("trouble/skipped")] == [0.0, 1.0]
    assert "speed/utilisation" not in found.Tags()["scalars"]


def test_a_run_that_goes_on_takes_back_what_it_makes_again(tmp_path: Path) -> None:
    killed, again = board(tmp_path), board(tmp_path)
    follow([killed], tmp_path, 0, 30)
    killed.ended(None)
    follow([again], tmp_path, 20, 25)
    again.ended(None)
    assert [one.step for one in read(tmp_path).Scalars("loss")] == list(range(1, 26))


def test_sample_pictures_are_shown_with_what_was_said(tmp_path: Path) -> None:
    watcher, model = board(tmp_path / "board"), colour_model()
    samples = Samples(
        tmp_path, model, [Asked(Image.new("RGB", (9, 9), "red"), "<b>")], ["red", "blue"], listeners=[watcher.show]
    )
    for one in (watcher, samples):
        one.began(beginning(tmp_path, measure_every=1))
    samples.stepped(moment(1), model.module)
    watcher.ended(None)
    found = read(tmp_path / "board")
    (picture,) = found.Images("samples/01")
    assert (picture.width, picture.height) == (9, 9)
    said = [one.tensor_proto.string_val[0].decode() for one in found.Tensors("samples/01/text_summary")]
    assert len(said) == 2 and said[0].startswith("true: &lt;b&gt;\n\nred (") and "blue" in said[0]


def test_without_tensorboard_it_is_asked_for_only_where_somebody_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    monkeypatch.setattr("seeread.training.watching.usual.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'seeread\[train\]'"):
        usual(tmp_path, tensorboard=True)
    assert len(usual(tmp_path)) == 2  # the journal, and plain lines
    assert len(usual(tmp_path, quiet=True)) == 1
    assert len(usual(tmp_path, json=True)) == 1


def test_a_tensorboard_that_is_broken_is_no_reason_not_to_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)  # its package is there, and cannot be imported
    monkeypatch.setattr("seeread.training.watching.usual.find_spec", lambda name: object())
    with pytest.warns(UserWarning, match="goes on without TensorBoard"):
        watchers = usual(tmp_path, quiet=True)
    assert len(watchers) == 1


def test_a_disk_that_is_full_for_the_board_is_no_reason_to_stop(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs tensorboard")
    (tmp_path / "board").write_text("a file where a folder should be")
    watchers = usual(tmp_path, quiet=True)
    with pytest.warns(UserWarning, match="goes on without TensorBoard"):
        follow(watchers, tmp_path, 0, 3)
    for watcher in watchers:
        watcher.ended(None)
    assert (tmp_path / "log.jsonl").read_text().count("\n") == 3


def test_samples_go_on_where_the_board_does_not(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs tensorboard")
    (tmp_path / "board").write_text("a file where a folder should be")
    model = colour_model()
    samples = Samples(tmp_path, model, [Asked(Image.new("RGB", (9, 9), "red"), "red")], ["red", "blue"])
    watchers = usual(tmp_path, quiet=True, samples=samples)
    with pytest.warns(UserWarning, match="TensorBoard") as told:
        follow(watchers, tmp_path, 0, 3)
    assert len(told) == 1
    assert [step for step, _ in read_samples(tmp_path)[0].said] == [0]


def test_plain_lines_tell_of_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = colour_model()
    samples = Samples(tmp_path, model, [Asked(Image.new("RGB", (9, 9), "red"), "red")], ["red", "blue"])
    watchers = usual(tmp_path, samples=samples, tensorboard=False)
    assert isinstance(getattr(watchers[1], "watcher", None), Lines)
    follow(watchers, tmp_path, 0, 3)
    for watcher in watchers:
        watcher.ended(None)
    assert 'step 0, sample 1: "red" ' in capsys.readouterr().err
