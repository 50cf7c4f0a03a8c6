"""Wherever the disk is full or fails, the checkpoint before is whole, and the error says how much room is needed."""

import errno
import io
import os
import re
import resource
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from seeread.errors import CheckpointError
from seeread.training.keeping.checkpoint import latest, newest, write_checkpoint
from tests.training.keeping.writing import FILES, steps_of, tensors, written


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """As on a disk that is full: no file grows beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_where_no_file_can_grow_nothing_is_lost(tmp_path: Path) -> None:
    before, sample = written(tmp_path, 100, 200)
    largest = max((sample / name).stat().st_size for name in FILES)
    shutil.rmtree(sample)
    for size in range(0, largest, 7):
        with largest_file(size), pytest.raises(CheckpointError) as raised:
            written(tmp_path, 200)
        assert re.search(
            r"step-00000200: not written\. A checkpoint takes 1 MiB, and [\d,]+ MiB are free",
            str(raised.value),
        )
        assert "File too large" in str(raised.value)
        assert [path.name for path in before.parent.iterdir()] == [before.name]
    assert latest(tmp_path) == before
    with largest_file(largest):
        written(tmp_path, 200)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte, in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if (
        sys.platform != "linux"
        or not shutil.which("mount")
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only root may mount a disk, and not everywhere")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_on_a_disk_that_is_full_nothing_is_lost(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        CheckpointError, match=r"takes 1 MiB, and 0 MiB are free\. The reason: the disk is too full"
    ):
        written(small_disk, 100)
    usage = shutil.disk_usage(
        small_disk
    )  # others write as well: what was free beforehand may be gone when it is needed
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2**40))
    (before,) = written(small_disk, 100)
    larger = tensors(200) | {"large": torch.zeros(20_000)}
    with (small_disk / "other").open("wb") as other:
        other.write(bytes(usage.free - 2**15))
    failures = 0
    while True:
        try:
            path = write_checkpoint(small_disk, 200, larger, {})
        except CheckpointError as error:
            assert "No space left on device" in str(error)
        else:
            break
        failures += 1
        assert [each.name for each in before.parent.iterdir()] == [before.name]
        assert latest(small_disk) == before
        with (small_disk / "other").open("r+b") as other:  # a page more each time
            other.truncate(usage.free - 2**15 - 4096 * failures)
    assert failures > 10 and latest(small_disk) == path


@pytest.mark.parametrize("trouble", ["ENOSPC", "EIO", "EROFS"])
def test_whichever_call_fails_nothing_is_lost(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call to the file system fails, or the second, and so on until all went well."""
    written(tmp_path, 100)
    number = getattr(errno, trouble)
    calls, fails = 0, 0

    def failing(module: Any, name: str) -> None:
        plain = getattr(module, name)

        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == fails:
                raise OSError(number, os.strerror(number))
            return plain(*arguments, **named)

        monkeypatch.setattr(module, name, call)

    for module, name in ((os, "mkdir"), (os, "open"), (os, "fsync"), (os, "replace"), (os, "rename")):
        failing(module, name)
    failing(io, "open")
    while True:
        calls, fails = 0, fails + 1
        try:
            written(tmp_path, 200)
        except CheckpointError as error:
            assert os.strerror(number) in str(error) and "A checkpoint takes 1 MiB" in str(error)
        if calls < fails:
            break
        calls = fails + 1  # looking must not fail
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = newest(tmp_path)
        assert found is not None and found.notes["step"] in (100, 200)
        assert not list((tmp_path / "checkpoints").glob(".*")) or found.notes["step"] == 200
        if found.notes["step"] == 200:
            shutil.rmtree(found.path)
    calls = fails + 1
    assert fails > 12 and latest(tmp_path) == tmp_path / "checkpoints" / "step-00000200"


def test_too_little_room_is_said_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, 100)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2**19))
    with pytest.raises(
        CheckpointError, match=r"takes 9 MiB, and 0 MiB are free\. The reason: the disk is too full"
    ):
        write_checkpoint(tmp_path, 200, {"large": torch.zeros(2**21)}, {})
    assert steps_of(tmp_path) == [100]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CheckpointError, match="Permission denied"):
        written(tmp_path, 1)
