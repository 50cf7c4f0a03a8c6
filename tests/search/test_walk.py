"""Finding the pictures of a folder."""

import os
import sys
from pathlib import Path

import pytest

from seeread.errors import DataError
from seeread.search.walk import walk


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


def test_pictures_by_suffix_in_order(tmp_path: Path) -> None:
    others = ("notes.txt", "jpg", ".hidden.jpg", ".seeread/d.jpg", "e.jpg.part")
    for name in ("b.PNG", "a.jpeg", "deep/er/c.webp", *others):
        touch(tmp_path / name)
    (tmp_path / "folder.jpg").mkdir()
    found = walk(tmp_path)
    assert list(found.pictures) == ["a.jpeg", "b.PNG", os.path.join("deep", "er", "c.webp")]
    assert found.pictures["a.jpeg"].size == 1
    assert found.pictures["a.jpeg"].mtime_ns == (tmp_path / "a.jpeg").stat().st_mtime_ns
    assert not found.unreadable


def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    touch(tmp_path / "in" / "a.jpg")
    touch(tmp_path.parent / f"{tmp_path.name}-elsewhere" / "b.jpg")
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "out").symlink_to(tmp_path.parent / f"{tmp_path.name}-elsewhere")
    (tmp_path / "nowhere.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "in" / "a.jpg")
    assert list(walk(tmp_path).pictures) == ["in/a.jpg", "link.jpg", "out/b.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    touch(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jpg")))
    assert [os.fsencode(name) for name in walk(tmp_path).pictures] == [b"\xff\xfe.jpg"]


def test_very_deep_folders(tmp_path: Path) -> None:
    depth, here = 1200, os.getcwd()  # deeper than Python calls itself
    os.chdir(tmp_path)
    try:
        for _ in range(depth):
            os.mkdir("d")
            os.chdir("d")
        Path("a.jpg").write_bytes(b"x")
        assert list(walk(tmp_path).pictures) == [os.path.join(*["d"] * depth, "a.jpg")]
        os.unlink("a.jpg")
        for _ in range(depth):
            os.chdir("..")
            os.rmdir("d")
    finally:
        os.chdir(here)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_folders_that_may_not_be_read(tmp_path: Path) -> None:
    touch(tmp_path / "locked" / "a.jpg")
    touch(tmp_path / "b.jpg")
    (tmp_path / "locked").chmod(0)
    try:
        found = walk(tmp_path)
        assert (list(found.pictures), found.unreadable) == (["b.jpg"], ["locked"])
        with pytest.raises(DataError, match="may not be read"):
            walk(tmp_path / "locked")
    finally:
        (tmp_path / "locked").chmod(0o700)


@pytest.mark.parametrize("name", ["none", "file", "zero\0byte"])
def test_what_is_no_folder(name: str, tmp_path: Path) -> None:
    touch(tmp_path / "file")
    with pytest.raises(DataError, match="Give the path of a folder"):
        walk(tmp_path / name)
