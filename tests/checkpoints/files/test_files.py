"""The one door: every format by its content, and everything else by its name in plain words."""

import gzip
import os
from pathlib import Path

import numpy
import pytest
import torch

from seeread.checkpoints.files import read_tensors, write_safetensors, write_sharded, write_torch_zip
from seeread.errors import CheckpointError
from tests.checkpoints.forge import refused, same

TENSORS = {"a": torch.randn(3, 2), "b": torch.arange(4)}


def test_the_content_tells_the_format(tmp_path: Path) -> None:
    for name in ("model.safetensors", "model.bin", "model"):
        write_safetensors(tmp_path / name, TENSORS)
        assert same(read_tensors(tmp_path / name), TENSORS)
        write_torch_zip(tmp_path / name, TENSORS)
        assert same(read_tensors(str(tmp_path / name)), TENSORS)
    *_, index = write_sharded(tmp_path, TENSORS, max_bytes=30)
    assert same(read_tensors(index), TENSORS)


def test_pickles_from_before_pytorch_1_6_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(TENSORS, path, _use_new_zipfile_serialization=False)
    with refused(path, "before PyTorch 1.6", "save it again"):
        read_tensors(path)


NOT_WEIGHTS: dict[str, tuple[bytes, str]] = {
    "page": (b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
    "page after a blank line": (b"\n\n  <HTML lang='en'>", "web page"),
    "error of a store": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 600000000\n", "git lfs pull"),
    "empty": (b"", "empty"),
    "pickle": (b"\x80\x04\x95\x00", "bare pickle"),
    "gzip": (gzip.compress(b"weights"), "gzip"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(50), "7z"),
    "gguf": (b"GGUF\x03" + bytes(50), "GGUF"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(50), "HDF5"),
    "numpy": (b"\x93NUMPY\x01\x00" + bytes(50), "NumPy"),
    "text": (b"Repository not found", "format"),
    "json": (b'{"error": "Repository not found"}', "format"),
    "zeros": (bytes(1000), "format"),
    "one byte": (b"P", "format"),
    "empty zip": (b"PK\x05\x06" + bytes(18), "format"),
    "start of a zip": (b"PK\x03\x04", "cut"),
}


@pytest.mark.parametrize("kind", NOT_WEIGHTS)
def test_what_is_no_file_of_weights_is_called_by_its_name(tmp_path: Path, kind: str) -> None:
    content, word = NOT_WEIGHTS[kind]
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with refused(path, word):
        read_tensors(path)


def test_paths_that_are_no_files_are_called_by_their_name(tmp_path: Path) -> None:
    with refused(tmp_path, "folder"):
        read_tensors(tmp_path)
    with refused(tmp_path / "gone.pt", "no such file"):
        read_tensors(tmp_path / "gone.pt")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CheckpointError, match="loop"):
        read_tensors(tmp_path / "loop")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.pt")
    with refused(tmp_path / "model.pt", "no such file"):
        read_tensors(tmp_path / "model.pt")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_called_by_its_name(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "model", TENSORS)
    (tmp_path / "model").chmod(0)
    with refused(tmp_path / "model", "Permission denied"):
        read_tensors(tmp_path / "model")


def test_archives_of_numpy_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    numpy.savez(path, a=numpy.ones(3))
    with refused(path, "no PyTorch checkpoint"):
        read_tensors(path)
