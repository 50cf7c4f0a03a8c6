"""Makes checkpoint files byte by byte, honest or forged."""

import json
import pickle
import pickletools
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor

from seeread.errors import CheckpointError

FLOATS = torch.arange(4, dtype=torch.float32)


def archive(
    path: Path, data_pkl: bytes, storages: dict[str, bytes] | None = None, method: int = 0, **more: bytes
) -> Path:
    """A zip archive as torch.save lays it out; `storages` defaults to four floats under the key 0."""
    entries = {"data.pkl": data_pkl, "byteorder": b"little", **more}
    for key, content in ({"0": FLOATS.numpy().tobytes()} if storages is None else storages).items():
        entries[f"data/{key}"] = content
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in entries.items():
            file.writestr(f"archive/{name}", content)
    return path


def literal(value: object) -> bytes:
    """The opcodes that push a plain value."""
    return pickletools.optimize(pickle.dumps(value, 2))[2:-1]


def name(module: str, attribute: str) -> bytes:
    """The opcode that looks up a name."""
    return f"c{module}\n{attribute}\n".encode()


def tensor(
    key: object = "0", count: object = 4, offset: object = 0, size: object = (2, 2), stride: object = (2, 1),
    kind: str = "FloatStorage",
) -> bytes:  # fmt: skip
    """The opcodes that push a tensor as torch.save writes it; the default is FLOATS as 2 x 2."""
    storage = b"(" + literal("storage") + name("torch", kind) + literal(key) + literal("cpu") + literal(count) + b"tQ"
    view = literal(offset) + literal(size) + literal(stride) + literal(False)
    hooks = name("collections", "OrderedDict") + b")R"
    return name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage + view + hooks + b"tR"


def state(**entries: bytes) -> bytes:
    """The pickle of a dict, its values given as opcodes."""
    return b"\x80\x02}(" + b"".join(literal(key) + value for key, value in entries.items()) + b"u."


def safetensors(path: Path, header: object, numbers: bytes = b"", size: int | None = None) -> Path:
    """A safetensors file with any header: an object to spell as JSON, padded as is usual, or bytes as they are."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (0 if isinstance(header, bytes) else -len(text) % 8)
    path.write_bytes((len(text) if size is None else size).to_bytes(8, "little") + text + numbers)
    return path


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    """The same names, dtypes, shapes and bits (NaN equal to NaN)."""
    return a.keys() == b.keys() and all(
        a[key].dtype == b[key].dtype
        and a[key].shape == b[key].shape
        and a[key].contiguous().view(-1).view(torch.uint8).equal(b[key].contiguous().view(-1).view(torch.uint8))
        for key in a
    )


@contextmanager
def refused(path: Path, *words: str) -> Iterator[None]:
    """What happens within must end in a CheckpointError that names `path`, says `words`, and is fit to be read."""
    with pytest.raises(CheckpointError) as caught:
        yield
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith(".")
    assert len(message) < 400 + len(str(path))
    assert "0x7f" not in message
    assert message.isprintable()
    for word in words:
        assert word in message, message


@contextmanager
def flipped(path: Path, position: int) -> Iterator[None]:
    """The file with one bit flipped; position counts bits."""
    with path.open("r+b") as file:
        file.seek(position // 8)
        byte = file.read(1)[0]
        for value in (byte ^ 1 << position % 8, byte):
            file.seek(position // 8)
            file.write(bytes([value]))
            file.flush()
            if value != byte:
                yield


def outcome(read: Callable[[Path], dict[str, Tensor]], path: Path) -> dict[str, Tensor] | None:
    """What reading gives, or None if the file is refused; any other exception is the caller's failure."""
    try:
        return read(path)
    except CheckpointError as error:
        if str(path) not in str(error):
            raise AssertionError(f"the error does not name the file: {error}") from error
        return None
