"""Files appear whole or not at all, even where the disk is full."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from seeread.checkpoints.files.atomic import replacing, write_bytes, write_json
from seeread.checkpoints.files.safetensors_file import write_safetensors
from seeread.checkpoints.files.sharded import read_sharded, write_sharded
from seeread.checkpoints.files.torch_file import write_torch_zip
from seeread.errors import CheckpointError
from tests.checkpoints.forge import same

BIG = {"a": torch.ones(100_000), "b": torch.ones(100_000)}


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """The kernel refuses to let any file of this process grow beyond `limit` bytes."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


WRITERS: dict[str, Callable[[Path], object]] = {
    "safetensors": lambda path: write_safetensors(path, BIG),
    "torch": lambda path: write_torch_zip(path, BIG),
    "bytes": lambda path: write_bytes(path, bytes(100_000)),
    "json": lambda path: write_json(path, ["x"] * 100_000),
}


@pytest.mark.parametrize("limit", [0, 100, 50_000])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, writer: str, limit: int) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"before")
    with full_disk(limit), pytest.raises(CheckpointError, match="model"):
        WRITERS[writer](path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
    WRITERS[writer](path)
    assert path.stat().st_size > 50_000
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_shards_as_they_were(tmp_path: Path) -> None:
    old = {"a": torch.zeros(10), "b": torch.zeros(10)}
    *_, index = write_sharded(tmp_path, old, max_bytes=40)
    names = sorted(tmp_path.iterdir())
    with full_disk(300_000), pytest.raises(CheckpointError):
        write_sharded(tmp_path, {"b": torch.ones(10), "a": torch.ones(100_000)}, max_bytes=40)
    assert sorted(tmp_path.iterdir()) == names
    assert same(read_sharded(index), old)


def test_an_interrupt_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"before")

    def interrupted() -> None:
        with replacing([path, tmp_path / "new"]) as (first, second):
            first.write_bytes(b"after")
            second.write_bytes(b"after")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_of_the_old_file_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"before")
    with path.open("rb") as reader:
        write_bytes(path, b"after")
        assert reader.read() == b"before"
    assert path.read_bytes() == b"after"


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"blob")
    (tmp_path / "model").symlink_to("blob")
    write_bytes(tmp_path / "model", b"after")
    assert (tmp_path / "blob").read_bytes() == b"blob"
    assert (tmp_path / "model").read_bytes() == b"after"


@pytest.mark.parametrize("writer", WRITERS)
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, writer: str) -> None:
    with pytest.raises(CheckpointError, match=r"gone.*No such file"):
        WRITERS[writer](tmp_path / "gone" / "model")


def test_permissions_are_those_of_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_json(tmp_path / "model.json", {"ä": 1})
    assert (tmp_path / "model.json").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert json.loads((tmp_path / "model.json").read_text("utf-8")) == {"ä": 1}
