"""A folder of coloured pictures, and a cache of its own for each test."""

from pathlib import Path

import pytest
from PIL import Image

COLOURS = {"a.png": "red", "b.png": "green", "sub/c.jpg": "blue", "sub/d.png": "darkred"}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "seeread"


@pytest.fixture
def photos(tmp_path: Path, cache: Path) -> Path:
    for name, colour in COLOURS.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 16), colour).save(path)
    return tmp_path / "photos"
