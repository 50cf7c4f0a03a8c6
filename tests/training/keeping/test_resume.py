"""A run that was ended and gone on with is the run that was left alone, bit for bit, whatever its settings."""

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seeread.errors import CheckpointError, DataError, UsageError
from seeread.models.dual_encoder import DualEncoder
from seeread.training.engine import standing, trainer
from seeread.training.engine.standing import AVERAGE, LEARNER, OPTIMIZER
from seeread.training.engine.trainer import train
from seeread.training.keeping.checkpoint import checkpoints, write_checkpoint
from seeread.training.objectives.contrast import Contrast
from seeread.training.recipe import Portion
from seeread.training.streams.build import build_stream
from seeread.training.streams.stream import State
from seeread.training.watching.watcher import Beginning, Moment, Watcher
from tests.tiny import tiny_config, tiny_model
from tests.training.keeping import toy
from tests.training.keeping.comparing import WrongError, compare
from tests.training.streams.makers import data

SHORT = {"steps": 14, "warmup": 4, "save_every": 4, "measure_every": 6}


@pytest.fixture(autouse=True)
def nothing_waits_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


class EndedError(Exception):
    """The process was ended from outside."""


class Ends:
    """Ends the run behind a step."""

    def __init__(self, step: int):
        self.step = step

    def began(self, beginning: Beginning) -> None:
        pass

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        if moment.step == self.step:
            raise EndedError

    def ended(self, reason: str | None) -> None:
        pass


def alone_and_ended(folder: Path, changes: Mapping[str, Any], ends: tuple[int, ...] = (3, 7, 10)) -> None:
    """Two runs; one ends a few times on its way. Raises WrongError if they differ."""
    alone, out = folder / "alone", folder / "ended"
    for place in (alone, out):
        place.mkdir()
    toy.live(alone, changes)
    for step in ends:
        with pytest.raises(EndedError):
            toy.live(out, changes, [Ends(step)])
    toy.live(out, changes)
    compare(out, alone)


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("average", [0.9, None])
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_it_goes_on_as_if_it_had_never_stopped(
    accumulate: int, precision: str, average: float | None, optimizer: str, tmp_path: Path
) -> None:
    changes = SHORT | {
        "accumulate": accumulate,
        "precision": precision,
        "average": average,
        "optimizer": optimizer,
    }
    alone_and_ended(tmp_path, changes)


@pytest.mark.parametrize(
    "changes",
    [{"schedule": "wsd"}, {"patch_dropout": 0.5}, {"recompute": True}, {"frozen": ("text",)}],
    ids=str,
)
def test_so_it_does_with_every_other_setting(changes: dict[str, Any], tmp_path: Path) -> None:
    alone_and_ended(tmp_path, SHORT | changes)


def stay_put(stream: toy.Seen, state: State) -> None:
    """Begin with the first batch again."""


SABOTAGE: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "chance": lambda patch: patch.setattr(standing, "restore_chance", lambda state: None),
    "stream": lambda patch: patch.setattr(toy.Seen, "restore", stay_put),
}


@pytest.mark.parametrize("what", SABOTAGE)
def test_the_comparison_notices_what_is_not_restored(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SABOTAGE[what](monkeypatch)
    with pytest.raises(WrongError):
        alone_and_ended(tmp_path, SHORT)


@pytest.mark.parametrize("section", [LEARNER, AVERAGE, OPTIMIZER])
def test_the_comparison_notices_tensors_that_are_not_kept(
    section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(run: Path, step: int, tensors: Mapping[str, Tensor], notes: Mapping[str, Any]) -> Path:
        forgotten = {
            name: torch.zeros_like(t) if name.startswith(section) else t for name, t in tensors.items()
        }
        return write_checkpoint(run, step, forgotten, notes)

    monkeypatch.setattr(trainer, "write_checkpoint", write)
    with pytest.raises(WrongError):
        alone_and_ended(tmp_path, SHORT)


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("workers", [0, 2])
def test_it_goes_on_within_a_set_that_is_read_ahead(workers: int, accumulate: int, tmp_path: Path) -> None:
    """Of 21 pictures two are broken; eight are learned from in a step, so that epochs end within steps."""
    settings = replace(toy.SETTINGS, steps=9, save_every=2, batch=8, accumulate=accumulate, broken_limit=0.2)

    def learn(out: Path, watchers: Sequence[Watcher] = ()) -> tuple[nn.Module, Mapping[str, str]]:
        start = tiny_model()
        portions = [Portion(data=data(21, "captions", broken=(3, 8)))]
        stream = build_stream(start, portions, "contrast", settings, workers=workers)
        try:
            return train(start.model, Contrast(), stream, settings, out, watchers=watchers), stream.trouble
        finally:
            stream.close()

    model, trouble = learn(tmp_path / "alone")
    for step in (3, 5):
        with pytest.raises(EndedError):
            learn(tmp_path / "ended", [Ends(step)])
    gone_on, same_trouble = learn(tmp_path / "ended")
    assert all(
        torch.equal(one, other) for one, other in zip(model.parameters(), gone_on.parameters(), strict=True)
    )
    assert len(trouble) == 2 and same_trouble == trouble


def test_no_other_settings_and_no_other_model_are_taken(tmp_path: Path) -> None:
    toy.live(tmp_path, SHORT)
    with pytest.raises(
        UsageError, match=r"step-00000014: its run was begun with rate 0\.003 and is now given 0\.5"
    ):
        toy.live(tmp_path, SHORT | {"rate": 0.5})
    wider = replace(tiny_config(), embedding=12)
    with pytest.raises(DataError, match=r"run of another model: .* is \(8, 16\) and not \(12, 16\)"):
        train(DualEncoder(wider), toy.objective, toy.Seen(4), replace(toy.SETTINGS, **SHORT), tmp_path)


def test_it_may_go_on_for_longer_and_keep_more(tmp_path: Path) -> None:
    toy.live(tmp_path, SHORT)
    toy.live(tmp_path, SHORT | {"steps": 17, "keep": 4})
    assert [path.name[-2:] for path in checkpoints(tmp_path)] == ["17", "16", "14", "12"]


def test_behind_a_damaged_checkpoint_it_goes_on_from_the_one_before(tmp_path: Path) -> None:
    alone, out = tmp_path / "alone", tmp_path / "damaged"
    for place in (alone, out):
        place.mkdir()
        toy.live(place, SHORT)
    for name in ("final.safetensors", "checkpoints/step-00000014/state.json"):
        (out / name).write_bytes(b"{}")
    with pytest.warns(UserWarning, match=r"Going on from step-00000012\. Passed over: .*state\.json"):
        toy.live(out, SHORT)
    compare(out, alone)


def test_where_nothing_can_be_kept_it_ends_and_what_was_kept_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, out = tmp_path / "alone", tmp_path / "full"
    for place in (alone, out):
        place.mkdir()
    toy.live(alone, SHORT)
    calls = 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 25:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(
            CheckpointError, match=r"not written\. A checkpoint takes 1 MiB, .* No space left"
        ):
            toy.live(out, SHORT)
    toy.live(out, SHORT)
    compare(out, alone)
