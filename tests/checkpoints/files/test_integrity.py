"""Checksums of a folder, and numbers that are none."""

import hashlib
import json
import random
from pathlib import Path

import pytest
import torch

from seeread.checkpoints.files.integrity import nonfinite, sha256_of, verify_manifest, write_manifest
from seeread.checkpoints.files.safetensors_file import write_safetensors
from tests.checkpoints.forge import flipped, refused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_safetensors(tmp_path / "model.safetensors", {"a": torch.ones(20)})
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "notes").write_text("not listed")
    write_manifest(tmp_path)
    return tmp_path


def test_a_manifest_lists_every_file(folder: Path) -> None:
    assert verify_manifest(folder)
    entries = json.loads((folder / "manifest.json").read_text())
    assert list(entries) == ["config.json", "model.safetensors"]
    content = (folder / "config.json").read_bytes()
    assert entries["config.json"] == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": 2}
    assert sha256_of(folder / "config.json") == entries["config.json"]["sha256"]


def test_without_a_manifest_nothing_is_said(tmp_path: Path) -> None:
    assert not verify_manifest(tmp_path)


def test_any_flipped_bit_of_a_listed_file_is_noticed(folder: Path) -> None:
    path = folder / "model.safetensors"
    for position in random.Random(0).sample(range(path.stat().st_size * 8), 100):
        with flipped(path, position), refused(path, "SHA-256"):
            verify_manifest(folder)


def test_cut_grown_and_missing_files_are_noticed(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = path.read_bytes()
    for changed in (content[:-1], content + b"\0", b""):
        path.write_bytes(changed)
        with refused(path, "cut or changed"):
            verify_manifest(folder)
    path.unlink()
    with refused(path, "missing"):
        verify_manifest(folder)


@pytest.mark.parametrize(
    "manifest",
    [
        "", "[]", "{", '{"a": 1}', '{"a": {"bytes": 2}}', '{"a": {"sha256": "a", "bytes": "2"}}',
        '{"../config.json": {"sha256": "a", "bytes": 2}}', '{"/etc/passwd": {"sha256": "a", "bytes": 2}}',
        '{"": {"sha256": "a", "bytes": 2}}', '{"..": {"sha256": "a", "bytes": 2}}',
        '{"sub\\\\x": {"sha256": "a", "bytes": 2}}', '{"a\\u0000": {"sha256": "a", "bytes": 2}}',
        '{"a": {"sha256": "a", "bytes": 2}, "a": {"sha256": "b", "bytes": 2}}',
    ],
)  # fmt: skip
def test_a_manifest_that_makes_no_sense_is_refused(folder: Path, manifest: str) -> None:
    (folder / "manifest.json").write_text(manifest)
    with refused(folder / "manifest.json"):
        verify_manifest(folder)


def test_a_missing_file_has_no_checksum(tmp_path: Path) -> None:
    with refused(tmp_path / "gone", "No such file"):
        sha256_of(tmp_path / "gone")


def test_numbers_that_are_none_are_found() -> None:
    bad = [float("nan"), float("inf"), -float("inf")]
    tensors = {"fine": torch.ones(5), "empty": torch.empty(0), "whole": torch.arange(3), "flags": torch.ones(1).bool()}
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        tensors[f"large.{dtype}"] = torch.full((1000,), torch.finfo(dtype).max, dtype=dtype)
        for value in bad:
            tensors[f"bad.{dtype}.{value}"] = torch.tensor([1.0, value, -1.0], dtype=dtype)
    tensors["bad.fp8"] = torch.tensor([1.0, float("nan")]).to(torch.float8_e5m2)
    assert nonfinite(tensors) == [name for name in tensors if name.startswith("bad")]
