"""What the outside hears of a mistake is a sentence, and nothing of the machine."""

from pathlib import Path

import pytest

pytest.importorskip("starlette")

from seeread.serving.trouble import without_paths


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("/srv/ann/models/x/config.json: not JSON.", "config.json: not JSON."),
        ("Cannot read '/srv/ann/a b.png'.", "Cannot read 'a b.png'."),
        ("~/models/mine is no folder.", "mine is no folder."),
        (r"C:\Users\ann\x.bin is damaged", "x.bin is damaged"),
        ("in (/tmp/a/b), and /usr/lib/c: both", "in (b), and c: both"),
        ("seeread/mini-clip compares and does not write.", "seeread/mini-clip compares and does not write."),
        ("an image or/and a text, 1/2 of it", "an image or/and a text, 1/2 of it"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
    ],
)
def test_folders_are_left_out(message: str, shown: str) -> None:
    assert without_paths(message) == shown


def test_folders_of_this_machine_are_left_out_whatever_they_are_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = tmp_path / "my own things"
    here.mkdir()
    monkeypatch.chdir(here)
    assert without_paths(f"{here}/deep down/x.json is damaged") == "deep down/x.json is damaged"
    here.rmdir()
    assert without_paths("/srv/ann/x.json is damaged") == "x.json is damaged"
