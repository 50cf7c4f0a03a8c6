"""The zip archive: nothing compressed, nothing twice, nothing cut, and every flipped bit noticed."""

import random
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from seeread.checkpoints.files.torch_file import read_torch, write_torch_zip
from tests.checkpoints.forge import FLOATS, archive, flipped, outcome, refused, same, state, tensor

TENSORS = {
    "weight": torch.randn(3, 4, generator=torch.Generator().manual_seed(0)),
    "bias": torch.arange(5).half(),
    "flags": torch.tensor([True, False]),
    "steps": torch.tensor(7),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.pt"
    write_torch_zip(path, TENSORS)
    return path


def test_every_flipped_bit_is_noticed_or_makes_no_difference(file: Path) -> None:
    refusals = 0
    for position in random.Random(0).sample(range(file.stat().st_size * 8), 2000):
        with flipped(file, position):
            tensors = outcome(read_torch, file)
            refusals += tensors is None
            assert tensors is None or same(tensors, TENSORS)
    assert same(read_torch(file), TENSORS)
    assert refusals > 500  # the rest lies in padding, dates, and entries that nobody reads


def test_every_flipped_bit_of_the_numbers_is_noticed(file: Path) -> None:
    numbers = TENSORS["weight"].numpy().tobytes()
    start = file.read_bytes().index(numbers) * 8
    for position in range(start, start + len(numbers) * 8):
        with flipped(file, position), refused(file, "data/0", "checksum", "Download it again"):
            read_torch(file)


def test_a_cut_file_is_refused_wherever_it_is_cut(file: Path) -> None:
    original = file.read_bytes()
    for length in random.Random(0).sample(range(4, len(original)), 300):
        file.write_bytes(original[:length])
        with refused(file, "cut"):
            read_torch(file)


def test_bytes_added_at_the_end_or_before_the_start_are_refused(file: Path) -> None:
    original = file.read_bytes()
    for changed in (original + b"\0", original + original, original[:4] + b"\0" * 7 + original):
        file.write_bytes(changed)
        with refused(file):
            read_torch(file)


def test_a_deflated_archive_is_refused_before_it_grows(tmp_path: Path) -> None:
    zeros = bytes(50_000_000)
    pickle = state(weight=tensor(count=12_500_000, size=(12_500_000,), stride=(1,)))
    path = archive(tmp_path / "bomb.pt", pickle, {"0": zeros}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    with refused(path, "compressed", "safetensors"):
        read_torch(path)


def test_only_what_is_read_must_be_stored(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.pt", state(weight=tensor()))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:  # TorchScript deflates its code, which nobody reads
        file.writestr("archive/code/__torch__.py", "import os\n" * 100)
    assert read_torch(path)["weight"].equal(FLOATS.view(2, 2))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["archive/data.pkl", "archive/data/0", "archive/version"])
def test_two_entries_of_one_name_are_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "model.pt", state(weight=tensor()), version=b"3\n")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, b"another")
    with refused(path, "two entries of the same name"):
        read_torch(path)


def test_two_checkpoints_in_one_archive_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.pt", state(weight=tensor()))
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("other/data.pkl", state(weight=tensor()))
    with refused(path, "data.pkl"):
        read_torch(path)


@pytest.mark.parametrize("entries", [{}, {"word/document.xml": b""}, {"weight.npy": b""}, {"data.pkl": b""}])
def test_other_zip_files_are_refused(tmp_path: Path, entries: dict[str, bytes]) -> None:
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    with refused(path):
        read_torch(path)


def test_entries_that_overlap_are_refused(file: Path) -> None:
    content = bytearray(file.read_bytes())
    directory = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", directory + 1)
    content[second + 42 : second + 46] = content[directory + 42 : directory + 46]  # both begin at the same place
    file.write_bytes(content)
    with refused(file, "runs into"):
        read_torch(file)


def test_a_directory_that_swaps_two_names_is_refused(file: Path) -> None:
    content = file.read_bytes()
    directory = content.index(b"PK\x01\x02")
    records = content[directory:].replace(b"data/0", b"data/x").replace(b"data/1", b"data/0")
    file.write_bytes(content[:directory] + records.replace(b"data/x", b"data/1"))
    with refused(file, "not where the directory says"):
        read_torch(file)


def test_bytes_between_the_directory_and_its_end_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.pt", state(weight=tensor()))
    content = path.read_bytes()
    path.write_bytes(content[:-22] + b"hidden" + content[-22:])
    with refused(path, "cut or damaged"):
        read_torch(path)


def test_sizes_of_64_bits_are_read(tmp_path: Path) -> None:
    """Archives of more than 4 GB keep sizes and places in an extra block; here a small one that does so."""
    path = archive(tmp_path / "model.pt", state(weight=tensor()))
    content = path.read_bytes()
    end = content.rindex(b"PK\x05\x06")
    (start,) = struct.unpack_from("<I", content, end + 16)
    records, at = b"", start
    while at < end:
        fields = list(struct.unpack_from("<4sHHHHHHIIIHHHHHII", content, at))
        name = content[at + 46 : at + 46 + fields[10]]
        at += 46 + fields[10]
        extra = struct.pack("<HHB", 9, 1, 0) + struct.pack("<HHQQQ", 1, 24, fields[9], fields[8], fields[16])
        fields[8] = fields[9] = fields[16] = 0xFFFFFFFF
        fields[11] = len(extra)
        records += struct.pack("<4sHHHHHHIIIHHHHHII", *fields) + name + extra
    count = 3
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(records), start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + len(records), 1)
    narrow = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(content[:start] + records + wide + locator + narrow)
    assert read_torch(path)["weight"].equal(FLOATS.view(2, 2))
    short = records.replace(struct.pack("<HH", 1, 24), struct.pack("<HH", 1, 8))
    path.write_bytes(content[:start] + short + wide + locator + narrow)
    with refused(path):
        read_torch(path)


def test_big_endian_numbers_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.pt", state(weight=tensor()), byteorder=b"big")
    with refused(path, "big-endian"):
        read_torch(path)
