"""Checkpoints in several files: all shards, only shards, and never a file from elsewhere."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from seeread.checkpoints.files.safetensors_file import write_safetensors
from seeread.checkpoints.files.sharded import read_sharded, write_sharded
from seeread.checkpoints.files.torch_file import write_torch_zip
from tests.checkpoints.forge import refused, same

TENSORS = {f"layer.{n}.weight": torch.full((10,), float(n)) for n in range(7)}


def index(folder: Path, weight_map: object, kind: str = "model.safetensors") -> Path:
    path = folder / f"{kind}.index.json"
    path.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}))
    return path


def test_shards_come_back_together(tmp_path: Path) -> None:
    paths = write_sharded(tmp_path, TENSORS, max_bytes=90, metadata={"format": "pt"})
    assert [path.name for path in paths] == [
        *(f"model-{n:05}-of-00004.safetensors" for n in range(1, 5)),
        "model.safetensors.index.json",
    ]
    assert same(read_sharded(paths[-1]), TENSORS)
    contents = json.loads(paths[-1].read_text())
    assert contents["metadata"]["total_size"] == 7 * 40
    for path in paths[:-1]:
        part = load_file(path)
        assert sum(tensor.nbytes for tensor in part.values()) <= 90
        assert all(contents["weight_map"][name] == path.name for name in part)


def test_little_goes_into_one_file_and_old_shards_go(tmp_path: Path) -> None:
    (tmp_path / "model-card.md").write_text("kept")
    (tmp_path / "other.safetensors").write_text("kept")
    first = write_sharded(tmp_path, TENSORS, max_bytes=90)
    (single,) = write_sharded(tmp_path, TENSORS)
    assert single.name == "model.safetensors"
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["model-card.md", "model.safetensors", "other.safetensors"]
    again = write_sharded(tmp_path, TENSORS, max_bytes=90)
    assert again == first
    assert not single.exists()


def test_a_tensor_larger_than_a_shard_has_its_own(tmp_path: Path) -> None:
    tensors = {"a": torch.ones(2), "b": torch.ones(100), "c": torch.ones(2), "d": torch.ones(2)}
    paths = write_sharded(tmp_path, tensors, max_bytes=16)
    assert len(paths) == 4
    assert same(read_sharded(paths[-1]), tensors)


def test_shards_of_pytorch_are_read(tmp_path: Path) -> None:
    write_torch_zip(tmp_path / "pytorch_model-00001-of-00002.bin", {"a": torch.ones(2)})
    write_torch_zip(tmp_path / "pytorch_model-00002-of-00002.bin", {"b": torch.zeros(2)})
    places = {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}
    assert same(
        read_sharded(index(tmp_path, places, "pytorch_model.bin")), {"a": torch.ones(2), "b": torch.zeros(2)}
    )


def test_shards_may_be_links_as_in_the_cache_of_the_hub(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "snapshot").mkdir()
    write_safetensors(tmp_path / "blobs" / "0123", {"a": torch.ones(2)})
    (tmp_path / "snapshot" / "model-1.safetensors").symlink_to("../blobs/0123")
    assert same(read_sharded(index(tmp_path / "snapshot", {"a": "model-1.safetensors"})), {"a": torch.ones(2)})


OUTSIDE = [
    "../outside.safetensors", "..", ".", "", "/etc/passwd", "/tmp/outside.safetensors", "sub/a.safetensors",
    "..\\outside.safetensors", "C:\\a.safetensors", "C:a.safetensors", "\\\\host\\share\\a.safetensors",
    "//host/share/a.safetensors", "file:///etc/a.safetensors", "a.safetensors\0", "a.safetensors\n", ".a.safetensors",
    "a.bin", "a.safetensors.bin", "a.pt", "A.SAFETENSORS", "~/a.safetensors", "$HOME.safetensors", "ä.safetensors",
]  # fmt: skip


@pytest.mark.parametrize("shard", OUTSIDE)
def test_shards_from_elsewhere_or_of_another_kind_are_refused(tmp_path: Path, shard: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    write_safetensors(tmp_path / "outside.safetensors", {"a": torch.ones(2)})
    write_torch_zip(folder / "a.bin", {"a": torch.ones(2)})
    path = index(folder, {"a": shard})
    with refused(path, "no plain name"):
        read_sharded(path)


def test_a_pickle_under_the_name_of_safetensors_is_refused(tmp_path: Path) -> None:
    write_torch_zip(tmp_path / "a.safetensors", {"a": torch.ones(2)})
    with refused(tmp_path / "a.safetensors"):
        read_sharded(index(tmp_path, {"a": "a.safetensors"}))


@pytest.mark.parametrize(
    "weight_map", [None, [], {}, "a.safetensors", {"a": 1}, {"a": ["a.safetensors"]}, {"../a": "a.safetensors"}]
)
def test_odd_indexes_are_refused(tmp_path: Path, weight_map: object) -> None:
    write_safetensors(tmp_path / "a.safetensors", {"a": torch.ones(2)})
    path = index(tmp_path, weight_map)
    with refused(path):
        read_sharded(path)


TWICE = '{"weight_map": {"a": "a.safetensors", "a": "b.safetensors"}}'


@pytest.mark.parametrize("text", ["", "{", "[]", "null", TWICE, "<!DOCTYPE html>", "\ufeff{}"])
def test_indexes_that_are_no_json_object_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(text, encoding="utf-8")
    with refused(path):
        read_sharded(path)


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "a.safetensors", {"a": torch.ones(2), "c": torch.ones(1)})
    write_safetensors(tmp_path / "b.safetensors", {"b": torch.ones(2), "c": torch.zeros(1)})
    for weight_map, words in (
        ({"a": "a.safetensors", "b": "gone.safetensors"}, ("'gone.safetensors'", "missing")),
        ({"a": "a.safetensors", "x": "a.safetensors"}, ("lacks", "'x'")),
        ({"a": "a.safetensors", "b": "b.safetensors", "c": "a.safetensors"}, ("repeats", "'c'")),
    ):
        path = index(tmp_path, weight_map)
        with refused(path, *words):
            read_sharded(path)


def test_damage_in_a_shard_names_the_shard(tmp_path: Path) -> None:
    paths = write_sharded(tmp_path, TENSORS, max_bytes=90)
    paths[1].write_bytes(paths[1].read_bytes()[:-1])
    with refused(paths[1], "cut"):
        read_sharded(paths[-1])


def test_a_missing_index_is_refused(tmp_path: Path) -> None:
    with refused(tmp_path / "model.safetensors.index.json", "no such file"):
        read_sharded(tmp_path / "model.safetensors.index.json")
