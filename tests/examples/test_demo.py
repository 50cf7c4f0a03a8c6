"""`make demo` with a small random model: what it prints, what it draws, and from where."""

import runpy
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from seeread.checkpoints.save import save
from seeread.cli.main import run
from tests.samples import copy_photographs
from tests.tiny import tiny_model

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


class Ran(NamedTuple):
    status: object
    out: str
    err: str


Demo = Callable[..., Ran]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "tiny"
    save(tiny_model(), folder)
    return folder


@pytest.fixture
def demo(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Demo:
    """Runs the script in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", [str(DEMO), "--model", str(model), *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(str(DEMO), run_name="__main__")
        captured = capsys.readouterr()
        return Ran(left.value.code, captured.out, captured.err)

    return run


def test_the_photographs_of_the_packages(demo: Demo, tmp_path: Path) -> None:
    copy_photographs(tmp_path / "here")  # or skip
    ran = demo()
    assert (ran.status, ran.err) == (0, "")
    for name in ("cat.png", "coffee.png", "rocket.jpg", "flower.jpg", "temple.jpg"):
        assert name in ran.out
        assert (tmp_path / "out" / "photos" / name).is_file()
    with Image.open(tmp_path / "out" / "demo.png") as picture:
        assert picture.width > 1500
        assert len(picture.getcolors(2**24) or []) > 10_000, "photographs are in it"


def test_what_it_says_to_try_works(demo: Demo, tmp_path: Path) -> None:
    copy_photographs(tmp_path / "here")
    lines = [line for line in demo().out.splitlines() if " classify " in line or " search " in line]
    assert len(lines) == 2
    for line in lines:
        assert run(shlex.split(line)[1:]) == 0


def test_pictures_of_ones_own(demo: Demo, tmp_path: Path) -> None:
    photos = tmp_path / "my holiday"
    for number in range(14):
        path = photos / "deep" / f"{number:02} ein sehr langer Name \u72ac.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20 + number, 300), (18 * number, 90, 200)).save(path)
    (photos / "broken.jpg").write_text("no picture")
    ran = demo("--photos", photos, "--labels", "a red dog, a cat", "--query", "blue")
    assert (ran.status, ran.err) == (0, "")
    assert "1 file cannot be opened and is left out" in ran.out
    assert "the first 12 of 14" in ran.out
    assert not (tmp_path / "out" / "photos").exists()
    assert (tmp_path / "out" / "demo.png").is_file()


@pytest.mark.parametrize("photos", ["none", "empty"])
def test_no_pictures(demo: Demo, tmp_path: Path, photos: str) -> None:
    (tmp_path / "empty").mkdir()
    ran = demo("--photos", photos)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("demo: ")
    assert len(ran.err.splitlines()) == 1
