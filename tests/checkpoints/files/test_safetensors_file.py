"""Safetensors: every tensor bit for bit, every odd header refused, no copies."""

import json
import mmap
import random
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from safetensors.torch import load_file, save_file

from seeread.checkpoints.files.safetensors_file import (
    DTYPES,
    read_metadata,
    read_safetensors,
    write_safetensors,
)
from seeread.errors import CheckpointError
from tests.checkpoints.forge import outcome, refused, same
from tests.checkpoints.forge import safetensors as forge

TENSORS = {f"kind.{name}": torch.randint(0, 2, (3, 5)).to(dtype) for name, dtype in DTYPES.items()} | {
    "scalar": torch.tensor(3.5),
    "empty": torch.empty(0, 7),
    "nan": torch.tensor([float("nan"), float("inf"), -0.0]),
}

F = b"\0" * 8


def entry(begin: int, end: int, shape: object = None, dtype: object = "F32", **more: object) -> dict[str, object]:
    shape = [(end - begin) // 4] if shape is None else shape
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end], **more}


def test_files_of_the_library_come_out_bit_for_bit(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "model.safetensors", {"format": "pt"})
    assert same(read_safetensors(tmp_path / "model.safetensors"), TENSORS)
    assert read_metadata(tmp_path / "model.safetensors") == {"format": "pt"}


def test_what_is_written_is_what_the_library_and_we_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    whole = torch.randn(6, 8)
    tensors = TENSORS | {"slice": whole[1:3, 2:5], "transposed": whole.T, "tied.a": whole, "tied.b": whole}
    write_safetensors(path, tensors, {"format": "pt", "ä": "ö"})
    assert same(load_file(path), tensors)
    assert same(read_safetensors(path), tensors)
    with safetensors.safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt", "ä": "ö"} == read_metadata(path)
    write_safetensors(path, {})
    assert read_safetensors(path) == {} == read_metadata(path)


def test_no_size_of_a_header_is_taken_for_another_format(tmp_path: Path) -> None:
    """The first two bytes are the size of the header, and may be those of a pickle or a gzip archive."""
    path = tmp_path / "model.safetensors"
    for size in (*range(64, 330), 0x8B1F, 0x4B50):
        text = json.dumps({"a": entry(0, 8)}).encode().ljust(size)
        assert read_safetensors(forge(path, text, F))["a"].equal(torch.zeros(2))


def test_parameters_are_written_without_their_gradients(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "model.safetensors", {"weight": torch.nn.Parameter(torch.ones(2))})
    assert not read_safetensors(tmp_path / "model.safetensors")["weight"].requires_grad


def test_tensors_lie_in_the_file_and_the_file_never_changes(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {"a": torch.ones(10), "b": torch.ones(10)})
    before = path.read_bytes()
    tensors = read_safetensors(path)
    assert abs(tensors["b"].data_ptr() - tensors["a"].data_ptr()) == 40
    tensors["a"].zero_()
    assert path.read_bytes() == before
    assert read_safetensors(path)["a"].sum() == 10


def test_numbers_that_lie_askew_are_copied_to_where_they_fit(tmp_path: Path) -> None:
    header = {"a": entry(0, 2, [2], "U8"), "b": entry(2, 10)}
    path = forge(tmp_path / "model.safetensors", header, b"\1\2" + torch.tensor([3.0, 4.0]).numpy().tobytes())
    tensors = read_safetensors(path)
    assert tensors["b"].tolist() == [3, 4]
    assert tensors["b"].data_ptr() % 4 == 0


def _resident() -> int:
    """Bytes of memory that this process holds; 0 where the system does not say."""
    statistics = Path("/proc/self/statm")
    return int(statistics.read_text().split()[1]) * mmap.PAGESIZE if statistics.exists() else 0


def test_a_gigabyte_opens_at_once(tmp_path: Path) -> None:
    """A sparse file, which takes no room on the disk: a copy of it would take a gigabyte of memory."""
    path = forge(tmp_path / "model.safetensors", {"a": entry(0, 2**30)})
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + 2**30)
    before = _resident()
    weight = read_safetensors(path)["a"]
    assert weight.shape == (2**28,)
    assert weight[-1] == 0
    assert _resident() - before < 2**28


HEADERS: dict[str, tuple[Any, bytes]] = {
    "not an object": ([], b""),
    "no JSON": (b"{nonsense", b""),
    "cut JSON": (b'{"a":', b""),
    "two objects": (b"{}{}", b""),
    "no UTF-8": (b'{"\xff\xfe": 1}', b""),
    "leading space": (b" {}", b""),
    "deep nesting": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b""),
    "a number of 10,000 digits": (b'{"a":' + b"9" * 10_000 + b"}", b""),
    "duplicate tensor": (b'{"a":%b,"a":%b}' % ((json.dumps(entry(0, 8)).encode(),) * 2), F),
    "duplicate shape": (b'{"a":{"dtype":"F32","shape":[9],"shape":[2],"data_offsets":[0,8]}}', F),
    "entry is a number": ({"a": 3}, F),
    "entry is a list": ({"a": [entry(0, 8)]}, F),
    "no dtype": ({"a": {"shape": [2], "data_offsets": [0, 8]}}, F),
    "no shape": ({"a": {"dtype": "F32", "data_offsets": [0, 8]}}, F),
    "no offsets": ({"a": {"dtype": "F32", "shape": [2]}}, F),
    "unknown key": ({"a": entry(0, 8, requires_grad=True)}, F),
    "unknown dtype": ({"a": entry(0, 8, dtype="F33")}, F),
    "dtype is a number": ({"a": entry(0, 8, dtype=32)}, F),
    "dtype is a list": ({"a": entry(0, 8, dtype=["F32"])}, F),
    "shape is a number": ({"a": entry(0, 8, shape=2)}, F),
    "shape is a text": ({"a": entry(0, 8, shape="2")}, F),
    "negative shape": ({"a": entry(0, 8, shape=[-1, -2])}, F),
    "real shape": ({"a": entry(0, 8, shape=[2.0])}, F),
    "true shape": ({"a": entry(0, 8, shape=[True, 2])}, F),
    "NaN shape": (b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', F),
    "shape too large": ({"a": entry(0, 8, shape=[3])}, F),
    "shape too small": ({"a": entry(0, 8, shape=[1])}, F),
    "shape overflows": ({"a": entry(0, 8, shape=[2**32, 2**32])}, F),
    "shape overflows to nothing": ({"a": entry(0, 0, shape=[2**63, 0])}, b""),
    "1,000 axes": ({"a": entry(0, 8, shape=[1] * 999 + [2])}, F),
    "one offset": ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [8]}}, F),
    "three offsets": ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 8]}}, F),
    "offsets backwards": ({"a": entry(8, 0, [2])}, F),
    "negative offsets": ({"a": entry(-8, 0, [2])}, F),
    "huge offsets": ({"a": entry(2**64, 2**64 + 8)}, F),
    "real offsets": ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0.0, 8.0]}}, F),
    "beyond the end": ({"a": entry(0, 12)}, F),
    "starts late": ({"a": entry(4, 8)}, F),
    "ends early": ({"a": entry(0, 4)}, F),
    "gap": ({"a": entry(0, 4), "b": entry(8, 12)}, F + F),
    "overlap": ({"a": entry(0, 8), "b": entry(4, 12)}, F + F),
    "the same bytes twice": ({"a": entry(0, 8), "b": entry(0, 8)}, F),
    "another file behind": ({"a": entry(0, 8)}, F + b"PK\x03\x04"),
    "no tensors but bytes": ({}, F),
    "name with dots": ({"../../a": entry(0, 8)}, F),
    "name with zero": ({"a\0": entry(0, 8)}, F),
    "name with newline": ({"a\n": entry(0, 8)}, F),
    "name with letters that turn": ({"a\u202eb": entry(0, 8)}, F),
    "name with backslash": ({"a\\b": entry(0, 8)}, F),
    "empty name": ({"": entry(0, 8)}, F),
    "long name": ({"a" * 257: entry(0, 8)}, F),
    "metadata is a list": ({"__metadata__": []}, b""),
    "metadata holds a number": ({"__metadata__": {"a": 1}}, b""),
    "truth values of 2": ({"a": entry(0, 8, shape=[8], dtype="BOOL")}, b"\0\1\2\0\0\0\0\0"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_hostile_headers_are_refused(tmp_path: Path, kind: str) -> None:
    path = forge(tmp_path / "model.safetensors", *HEADERS[kind])
    with refused(path):
        read_safetensors(path)


@pytest.mark.parametrize("size", [0, 1, 3, 2**24 + 1, 2**27, 2**31, 2**63, 2**64 - 1])
def test_false_header_sizes_are_refused(tmp_path: Path, size: int) -> None:
    path = forge(tmp_path / "model.safetensors", {"a": entry(0, 8)}, F, size)
    with refused(path):
        read_safetensors(path)


def test_too_many_tensors_are_refused_in_time(tmp_path: Path) -> None:
    header = {f"t{n}": entry(0, 0) for n in range(50_001)}
    path = forge(tmp_path / "model.safetensors", header)
    with refused(path, "50,001 tensors"):
        read_safetensors(path)


def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_safetensors(path, TENSORS)
    original = path.read_bytes()
    numbers = 8 + int.from_bytes(original[:8], "little")
    for length in random.Random(0).sample(range(1, len(original)), 200):
        path.write_bytes(original[:length])
        with refused(path, "it is cut" if length >= 9 else "", "Download it again"):
            read_safetensors(path)
    path.write_bytes(original[: numbers + 5])
    with refused(path, f"its tensors take {len(original) - numbers:,} bytes, and 5 are there"):
        read_safetensors(path)


def test_mutated_headers_end_in_tensors_or_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {"a": torch.ones(2, 3), "b": torch.ones(4).half()}, {"format": "pt"})
    original = path.read_bytes()
    header = 8 + int.from_bytes(original[:8], "little")
    chance, refusals = random.Random(0), 0
    for _ in range(500):
        changed = bytearray(original)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(header)] = chance.choice(b'{}[]",:0129aF-. \x00\xff')
        path.write_bytes(changed)
        refusals += outcome(read_safetensors, path) is None
    assert refusals > 300


@pytest.mark.parametrize("name", ["", "../a", "a b", "a" * 257])
def test_impossible_names_are_not_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.safetensors"
    with refused(path, "name"):
        write_safetensors(path, {name: torch.ones(2)})
    with refused(path, "complex64"):
        write_safetensors(path, {"a": torch.ones(2, dtype=torch.complex64)})
    assert list(tmp_path.iterdir()) == []


def test_metadata_of_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = forge(tmp_path / "model.safetensors", {"__metadata__": {"a": ["b"]}})
    with pytest.raises(CheckpointError):
        read_metadata(path)
