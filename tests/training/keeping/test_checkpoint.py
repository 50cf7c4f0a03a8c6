"""Checkpoints are whole or not there, and whatever happened to one is noticed."""

import json
import os
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from seeread.errors import CheckpointError, DataError
from seeread.training.keeping.checkpoint import (
    latest,
    newest,
    prune,
    read_checkpoint,
    sweep,
    write_checkpoint,
)
from tests.training.keeping.writing import FILES, steps_of, tensors, written


def test_what_was_written_is_read_bit_for_bit(tmp_path: Path) -> None:
    (path,) = written(tmp_path, 200)
    assert path == tmp_path / "checkpoints" / "step-00000200"
    assert sorted(file.name for file in path.iterdir()) == sorted(FILES)
    found = read_checkpoint(path)
    assert found.notes == {"step": 200, "stream": {"given": 200}}
    assert found.tensors.keys() == tensors(200).keys()
    for name, tensor in tensors(200).items():
        assert found.tensors[name].dtype == tensor.dtype and torch.equal(found.tensors[name], tensor)


def test_the_newest_is_the_one_of_most_steps(tmp_path: Path) -> None:
    assert latest(tmp_path) is None
    paths = written(tmp_path, 90, 1000, 200)
    assert latest(tmp_path) == paths[1]


def test_a_number_that_is_none_is_never_kept(tmp_path: Path) -> None:
    written(tmp_path, 1)
    bad = tensors(2)
    bad["model.weight"][1, 2] = float("nan")
    bad["model.half"][0] = float("inf")
    with pytest.raises(
        CheckpointError, match=r"not written, since 2 of its tensors .*: model\.weight, model\.half\."
    ):
        write_checkpoint(tmp_path, 2, bad, {})
    assert steps_of(tmp_path) == [1]


def damages(path: Path, times: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files of a checkpoint, each cut, and with single bits flipped, `times` times."""
    chance = random.Random(0)
    for name in FILES:
        content = (path / name).read_bytes()
        for _ in range(times):
            yield (
                name,
                content[: chance.randrange(len(content) - 1)],
            )  # without its last line end JSON is the same
            place = chance.randrange(len(content))
            yield (
                name,
                content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :],
            )


def test_every_cut_and_every_flipped_bit_is_noticed_and_the_one_before_is_taken(tmp_path: Path) -> None:
    before, path = written(tmp_path, 100, 200)
    whole = {name: (path / name).read_bytes() for name in FILES}
    for name, damaged in damages(path, 40):
        (path / name).write_bytes(damaged)
        with pytest.warns(UserWarning, match=r"Going on from step-00000100\. Passed over: .*step-00000200"):
            found = newest(tmp_path)
        assert found is not None and found.path == before
        assert torch.equal(found.tensors["model.weight"], tensors(100)["model.weight"])
        (path / name).write_bytes(whole[name])
    assert latest(tmp_path) == path


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_is_noticed(name: str, tmp_path: Path) -> None:
    before, path = written(tmp_path, 100, 200)
    (path / name).unlink()
    with pytest.warns(UserWarning, match="Passed over"):
        assert latest(tmp_path) == before


def test_a_manifest_that_lists_too_little_is_noticed(tmp_path: Path) -> None:
    (path,) = written(tmp_path, 100)
    manifest = json.loads((path / "manifest.json").read_text())
    del manifest["state.safetensors"]
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match=r"does not list state\.safetensors"):
        read_checkpoint(path)


def test_a_folder_under_another_name_is_noticed(tmp_path: Path) -> None:
    (path,) = written(tmp_path, 100)
    other = path.rename(path.with_name("step-00000300"))
    with pytest.raises(CheckpointError, match="that of step 100, under another name"):
        read_checkpoint(other)
    with pytest.raises(CheckpointError, match="no checkpoint of a run"):
        read_checkpoint(path.with_name("step-00000300").rename(path.with_name("mine")))


def test_nothing_begins_from_zero_in_silence(tmp_path: Path) -> None:
    for path in written(tmp_path, 100, 200):
        (path / "state.json").write_text("{}")
    with pytest.raises(
        DataError, match=r"none of its 2 checkpoints is whole.*state\.json.*remove the folder"
    ):
        latest(tmp_path)


def test_one_that_was_damaged_is_replaced(tmp_path: Path) -> None:
    _, path = written(tmp_path, 100, 200)
    (path / "state.safetensors").write_bytes(b"")
    assert written(tmp_path, 200) == [path] and latest(tmp_path) == path
    assert steps_of(tmp_path) == [100, 200]


@pytest.mark.parametrize(
    ("keep", "stay"), [(3, [3, 4, 5]), (2, [4, 5]), (1, [4, 5]), (0, [4, 5]), (9, [1, 2, 3, 4, 5])]
)
def test_old_ones_go_and_two_stay(keep: int, stay: list[int], tmp_path: Path) -> None:
    written(tmp_path, 1, 2, 3, 4, 5)
    prune(tmp_path, keep)
    assert steps_of(tmp_path) == stay


def test_none_goes_while_those_after_it_are_damaged(tmp_path: Path) -> None:
    paths = written(tmp_path, 1, 2, 3, 4)
    for path in paths[2:]:
        (path / "state.safetensors").write_bytes(b"cut")
    prune(tmp_path, 2)
    assert steps_of(tmp_path) == [1, 2, 3, 4]
    for path in paths[:2]:
        (path / "state.json").write_bytes(b"cut")
    prune(tmp_path, 2)
    assert steps_of(tmp_path) == [1, 2, 3, 4]


def test_one_that_cannot_be_removed_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, 1, 2, 3)

    def rename(old: Path, new: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(old))

    monkeypatch.setattr(os, "rename", rename)
    with pytest.warns(UserWarning, match="could not be removed.*step-00000001"):
        prune(tmp_path, 2)
    assert steps_of(tmp_path) == [1, 2, 3]


def test_what_killed_writers_left_is_swept(tmp_path: Path) -> None:
    (path,) = written(tmp_path, 1)
    for name in (".step-00000002.1a2b3c4d.part", ".step-00000001.1a2b3c4d.gone"):
        shutil.copytree(path, path.with_name(name))
    assert latest(tmp_path) == path
    sweep(tmp_path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_notes_that_json_cannot_hold_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_checkpoint(tmp_path, 1, tensors(1), {"model": object()})
    assert steps_of(tmp_path) == []


def test_everything_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of what reaches the disk: each file, then the manifest, then their folder, then the name."""
    told: list[str] = []
    plain, rename = os.fsync, os.rename

    def fsync(descriptor: int) -> None:
        told.append(re.sub(r"\.[0-9a-f]{8}\.part", "", Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))
        plain(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", lambda old, new: (told.append("rename"), rename(old, new)))
    written(tmp_path, 7)
    folder = ".step-00000007"
    assert told == [
        *(".state.safetensors", folder, ".state.json", folder, ".manifest.json", folder),
        *(folder, "rename", "checkpoints"),
    ]
