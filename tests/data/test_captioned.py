"""Reading parquet files of pictures."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from seeread.data.captioned import read_parquet
from seeread.errors import DataError, ImageError


def png(colour: str, size: tuple[int, int] = (6, 6)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def write(path: Path, **columns: list[object]) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


def words(row: dict[str, object]) -> tuple[str, ...]:
    return (f"a {row['name']}",)


def test_pictures_captions_and_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", image=[png("red"), png("blue", (9, 3)), png("red")], name=["z", "a", "z"])
    data = read_parquet(path, 6, words, label="name")
    assert data.images.shape == (3, 3, 6, 6) and len(data) == 3
    assert data.images[0, :, 0, 0].tolist() == [255, 0, 0] and data.images[1, :, 3, 3].tolist() == [0, 0, 255]
    assert data.captions == (("a z",), ("a a",), ("a z",))
    assert data.labels is not None and data.labels.tolist() == [1, 0, 1]


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.parquet: there is no such file"):
        read_parquet(tmp_path / "nowhere.parquet", 6, words)
    path = write(tmp_path / "b.parquet", picture=[b""], name=["a"])
    with pytest.raises(DataError, match="no column image"):
        read_parquet(path, 6, words)
    (tmp_path / "c.parquet").write_bytes(b"not a table")
    with pytest.raises(DataError, match=r"c\.parquet: .*not a parquet file"):
        read_parquet(tmp_path / "c.parquet", 6, words)
    with pytest.raises(ImageError):
        read_parquet(write(tmp_path / "d.parquet", image=[b"no picture"], name=["a"]), 6, words)
