"""Folders of coloured pictures, a model that knows nothing but colours, and a cache of its own for each test."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

Paint = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "seeread"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five shades each of red, green and blue, named red-0.png and so on, and one that is broken."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for place, name in enumerate(("red", "green", "blue")):
        for shade in range(5):
            colour = [10 * shade, 10 * shade, 10 * shade]
            colour[place] = 215 + 10 * shade
            Image.new("RGB", (40, 24), tuple(colour)).save(folder / f"{name}-{shade}.png")
    (folder / "broken.jpg").write_text("no picture")
    return folder
