"""The live figures of the documentation: what they say comes from the models, and they draw themselves in a browser."""

import json
import math
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch

import seeread as sr
from recipes.figures.__main__ import FIGURES, main
from recipes.figures.contrastive import TEXTS
from tests.browser import browser
from tests.samples import copy_photographs

ROOT = Path(__file__).parents[2]
QUICK = ("contrastive-matrix", "fusion-ways")


class Quiet(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}  # noqa: RUF012

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder as `make docs` would lay it out, with the quick figures, and the address that it is served at."""
    copy_photographs(tmp_path_factory.mktemp("photographs"))
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs" / "live", folder / "live", ignore=shutil.ignore_patterns("data", "echarts*"))
    shutil.copy(ROOT / "src/seeread/charts/pages/vendor/echarts.min.js", folder / "live")
    assert main([*QUICK, "--out", str(folder / "live" / "data")]) == 0
    places = "".join(f'<div class="figure" data-figure="{name}"></div>' for name in (*QUICK, "nothing"))
    (folder / "index.html").write_text(
        '<!doctype html><link rel="icon" href="data:,"><link rel="stylesheet" href="live/figures.css">'
        f'<body data-md-color-scheme="default">{places}'
        '<script type="module" src="live/figures.js"></script>'
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


def test_every_figure_of_a_page_can_be_made() -> None:
    pages = [page.read_text() for page in (ROOT / "docs" / "ideas").glob("*.md")]
    shown = [name for page in pages for name in re.findall(r'data-figure="([^"]+)"', page)]
    assert sorted(shown) == sorted(FIGURES)


def test_the_matrix_is_that_of_the_model(site: tuple[Path, str], tmp_path: Path) -> None:
    told = json.loads((site[0] / "live/data/contrastive-matrix.json").read_text())
    photographs = copy_photographs(tmp_path)
    model = sr.load("seeread/mini-clip")
    names = [name for name in TEXTS if (photographs / name).is_file()]
    images = model.embed_images([photographs / name for name in names])
    cosines = images @ model.embed_texts(list(TEXTS.values())).T
    assert torch.tensor(told["cosines"])[: len(names)].allclose(cosines, atol=1e-3)
    assert told["texts"] == list(TEXTS.values())
    assert told["command"] == "python -m recipes.figures contrastive-matrix"


def test_the_ways_are_seven(site: tuple[Path, str]) -> None:
    ways = {way["name"]: way for way in json.loads((site[0] / "live/data/fusion-ways.json").read_text())["ways"]}
    assert ways["CLIP"]["enters"] == ["a shared space"] and ways["PaLI"]["enters"] == ["the encoder's sequence"]
    assert ways["LLaVA 1.5"]["places"] == 576 and ways["Flamingo"]["media"] == 64
    assert ways["Fuyu"]["tower"] == "" and len(ways) == 7


def test_in_a_browser(site: tuple[Path, str]) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 390, "height": 800})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(site[1])
        page.wait_for_selector(".way svg")
        told = json.loads((site[0] / "live/data/contrastive-matrix.json").read_text())
        for temperature in (told["scale"] ** -1, 1.0):
            page.locator("input[type=range]").fill(f"{math.log10(temperature):.2f}")
            logits = torch.tensor(told["cosines"]) / 10 ** float(f"{math.log10(temperature):.2f}")
            own = logits.log_softmax(0).diagonal() + logits.log_softmax(1).diagonal()
            shown = float(page.locator(".sum b").first.inner_text())
            assert shown == pytest.approx(-own.mean().item() / 2, abs=2e-3)
        assert page.locator(".way").count() == 7
        assert "make docs" in page.locator(".missing").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not complaints and all(url.startswith(("http://127.0.0.1", "data:")) for url in asked)
