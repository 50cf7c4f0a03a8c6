"""Folders to choose from, and no way out of them."""

import os
from pathlib import Path

import pytest

from seeread.errors import UsageError
from seeread.spaces.folders import Folder, folders, inside


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a.png", "holiday/b.jpg", "holiday/2019/c.jpg", ".hidden/d.jpg", "texts/e.txt"):
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.jpg").write_bytes(b"")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside", target_is_directory=True)
    return tmp_path / "root"


def test_counts_here_and_below(tree: Path) -> None:
    assert folders(tree) == [Folder("", 3), Folder("holiday", 2), Folder("holiday/2019", 1)]
    assert folders(tree / "texts") == []
    assert folders(tree / "none") == []


def test_a_folder_whose_name_is_no_text_is_left_out(tree: Path) -> None:
    odd = tree / os.fsdecode(b"odd \xff")
    odd.mkdir()
    (odd / "f.png").write_bytes(b"")
    assert [one.name for one in folders(tree)] == ["", "holiday", "holiday/2019"]


def test_inside(tree: Path) -> None:
    assert inside(tree, "") == tree.resolve()
    assert inside(tree, "holiday/2019") == (tree / "holiday" / "2019").resolve()


@pytest.mark.parametrize(
    "name", ["..", "../outside", "link", "/etc", "holiday/../../outside", "a.png", "none", "a\0b", "x" * 5000]
)
def test_no_way_out(tree: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        inside(tree, name)
