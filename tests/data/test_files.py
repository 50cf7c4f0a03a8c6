"""Files of data: what is in them, and what is wrong with them."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from seeread.data.files import read_json, read_json_lines, read_table, read_zip
from seeread.errors import DataError


def test_they_are_read(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", ["b"]) == {"a": [1, 2], "b": ["x", "y"]}
    (tmp_path / "o.json").write_text('[1, "é"]', "utf-8")
    assert read_json(tmp_path / "o.json") == [1, "é"]
    (tmp_path / "l.jsonl").write_text('{"a": 1}\n{"a": 2, "b": 3}\n')
    assert read_json_lines(tmp_path / "l.jsonl", ["a"]) == [{"a": 1}, {"a": 2, "b": 3}]
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("one.txt", b"1")
    assert read_zip(tmp_path / "z.zip") == {"one.txt": b"1"}


@pytest.mark.parametrize(
    "read",
    [lambda path: read_table(path, []), read_json, lambda path: read_json_lines(path, []), read_zip],
    ids=["parquet", "json", "json lines", "zip"],
)
def test_what_is_not_there_or_not_of_the_kind_is_said(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    with pytest.raises(DataError, match=r"nowhere: there is no such file\. Give the path of a"):
        read(tmp_path / "nowhere")
    (tmp_path / "other").write_text("{no")
    with pytest.raises(DataError, match=r"other: .*not"):
        read(tmp_path / "other")


def test_missing_parts_are_named(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"no column b, c\. It has: a\."):
        read_table(tmp_path / "t.parquet", ["c", "a", "b"])
    (tmp_path / "l.jsonl").write_text('{"a": 1, "b": 1}\n{"b": 2}\n')
    with pytest.raises(DataError, match="line 2 lacks a"):
        read_json_lines(tmp_path / "l.jsonl", ["a", "b"])
    (tmp_path / "l.jsonl").write_text("[1]\n")
    with pytest.raises(DataError, match="line 1 lacks a"):
        read_json_lines(tmp_path / "l.jsonl", ["a"])
