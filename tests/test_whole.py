"""Files of results: whole, or as they were."""

import os
from pathlib import Path

import pytest

from seeread.errors import SeereadError
from seeread.whole import write_whole


def test_a_device_or_a_pipe_stays_what_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(SeereadError, match=r"cannot be written: it is no file\. Name another"):
            write_whole(path, lambda file: file.write(b"x"))
    assert pipe.is_fifo() and os.listdir(tmp_path) == ["pipe"]


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeereadError, match=r"cannot be written .File name too long"):
        write_whole(tmp_path / f"{'x' * 300}.html", lambda file: file.write(b"x"))


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_whole(path, lambda file: file.write(b"before"))

    def fills_the_disk(file: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(SeereadError, match=r"page.html cannot be written .No space left on device"):
        write_whole(path, fills_the_disk)
    assert path.read_bytes() == b"before" and os.listdir(tmp_path) == ["page.html"]
