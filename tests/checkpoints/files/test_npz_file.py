"""NumPy's archives of arrays: every kind of array comes as it is, and nothing else is let in."""

import io
import pickle
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from seeread.checkpoints.files.npz_file import read_npz
from tests.checkpoints.forge import flipped, outcome, refused, same

generator = np.random.default_rng(0)
ARRAYS = {
    "params/img/kernel": generator.standard_normal((3, 4)).astype(np.float32),
    "half": generator.standard_normal(5).astype(np.float16),
    "transposed": np.asfortranarray(generator.standard_normal((2, 3, 5))),
    "flags": np.array([True, False]),
    "step": np.array(7),
    "none": np.zeros((0, 3), np.float32),
}
Save = Callable[..., None]


def arrays(path: Path, **entries: bytes) -> Path:
    """An archive of entries made by hand."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(f"{name}.npy", content)
    return path


def npy(header: str, content: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + content


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_as_they_are(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "weights.npz", **ARRAYS)
    tensors = read_npz(tmp_path / "weights.npz")
    assert list(tensors) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert tensors[name].numpy().dtype == array.dtype
        np.testing.assert_array_equal(tensors[name].numpy(), array)


def test_changing_them_never_changes_the_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", **ARRAYS)
    before = (tmp_path / "weights.npz").read_bytes()
    for tensor in read_npz(tmp_path / "weights.npz").values():
        tensor.zero_()
    assert (tmp_path / "weights.npz").read_bytes() == before


def test_bfloat16_is_two_bytes_without_a_meaning(tmp_path: Path) -> None:
    numbers = torch.tensor([1.0, -2.5, 3e38]).bfloat16()
    np.savez(tmp_path / "weights.npz", w=numbers.view(torch.int16).numpy().view("V2"))
    assert read_npz(tmp_path / "weights.npz")["w"].equal(numbers)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_flipped_bit_is_noticed_or_makes_no_difference(tmp_path: Path, save: Save) -> None:
    path = tmp_path / "weights.npz"
    save(path, **ARRAYS)
    whole = read_npz(path)
    refusals = 0
    for position in random.Random(0).sample(range(path.stat().st_size * 8), 500):
        with flipped(path, position):
            tensors = outcome(read_npz, path)
            refusals += tensors is None
            assert tensors is None or same(tensors, whole)
    assert refusals > 150


def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, **ARRAYS)
    original = path.read_bytes()
    for length in random.Random(0).sample(range(4, len(original)), 100):
        path.write_bytes(original[:length])
        with refused(path, "cut"):
            read_npz(path)


def test_objects_are_refused_and_never_come_to_life(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (print, ("run",))

    buffer = io.BytesIO()
    np.save(buffer, np.array([Evil()], dtype=object), allow_pickle=True)
    path = arrays(tmp_path / "evil.npz", w=buffer.getvalue())
    with refused(path, "'w' is of Python objects"):
        read_npz(path)
    with refused(arrays(tmp_path / "bare.npz", w=pickle.dumps(Evil())), "header that makes no sense"):
        read_npz(tmp_path / "bare.npz")


def test_a_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, a=np.zeros(10_000), b=np.zeros(10_000))
    assert len(read_npz(path, most_unpacked=200_000)) == 2
    with refused(path, "'b.npy' would unpack to 80,"):
        read_npz(path, most_unpacked=120_000)


def test_an_entry_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "liar.npz"
    np.savez_compressed(path, a=np.zeros(10_000))
    with zipfile.ZipFile(path) as file:
        size = file.infolist()[0].file_size
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 1000)))
    with refused(path, "checksum"):
        read_npz(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", bytes(12)), "not as large as it says"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", bytes(20)), "not as large as it says"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (10**12,)}"), "header that makes no sense"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}"), "not as large as it says"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -2)}", bytes(16)), "not as large as it says"),
        (npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", bytes(4)), "is of '>f4'"),
        (npy("{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", bytes(16)), "is of '<U4'"),
        (npy("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", b"\7"), "truth values"),
        (npy("__import__('os')"), "header that makes no sense"),
        (npy("{}", version=b"\x09\x00"), "header that makes no sense"),
        (b"", "header that makes no sense"),
    ],
)
def test_forged_arrays(tmp_path: Path, content: bytes, told: str) -> None:
    path = arrays(tmp_path / "forged.npz", w=content)
    with refused(path, told):
        read_npz(path)


def test_other_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("readme.txt", "hello")
    with refused(tmp_path / "a.npz", "'readme.txt' is no array"):
        read_npz(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(b"something else")
    with refused(tmp_path / "b.npz", "no .npz file"):
        read_npz(tmp_path / "b.npz")
    with refused(tmp_path / "c.npz", "no such file"):
        read_npz(tmp_path / "c.npz")
    with zipfile.ZipFile(tmp_path / "d.npz", "w", zipfile.ZIP_BZIP2) as file:
        file.writestr("w.npy", b"x" * 1000)
    with refused(tmp_path / "d.npz", "compressed in a way that is not read"):
        read_npz(tmp_path / "d.npz")
