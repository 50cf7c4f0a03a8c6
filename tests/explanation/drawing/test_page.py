"""The page opens offline, shows the map of what is pointed at, and lets nothing that was said become part of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from seeread.explanation.causal.lens import Lens, Place
from seeread.explanation.drawing.colours import ramp
from seeread.explanation.drawing.overlay import overlay
from seeread.explanation.drawing.page import page
from seeread.explanation.heatmap import Area, Explanation
from tests.browser import browser, opened
from tests.explanation.drawing.samples import DOUBTED, explanation, heatmap, picture, spot

EVIL = '</script><script>alert(1)</script><img src=x onerror=alert(2)>"&'


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as one:
        yield one


def saved(folder: Path, *explanations: Explanation) -> Path:
    path = folder / "why.html"
    path.write_text(page(picture(), explanations), "utf-8")
    return path


def test_its_data_are_those_of_the_explanation() -> None:
    html = page(picture(), [explanation(heatmap("dog"))])
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    told = json.loads(found[1])
    assert told["explanations"][0]["maps"][0]["about"] == "dog"
    assert bytes.fromhex(told["ramps"]["hot"]) == ramp(True).tobytes()


def test_pointing_at_a_word_shows_its_map(chromium: Any, tmp_path: Path) -> None:
    words = [
        heatmap("a red dog", "answer"), heatmap("red", faithfulness=DOUBTED), heatmap("dog", values=spot(2, 1)),
    ]  # fmt: skip
    path = saved(tmp_path, explanation(*words, answer="a red dog."))
    with opened(chromium, path) as one:
        one.page.wait_for_selector("#said button")
        assert one.page.inner_text("#said") == "a red dog."
        assert one.page.inner_text("#about") == "The whole answer"
        one.page.hover("#said button >> text=dog")
        assert one.page.inner_text("#about") == "dog"
        assert "0.610" in one.page.inner_text("#likely")
        assert one.page.inner_text("#verdict").startswith("Faithful here")
        shown = colour_at(one.page, 0.375, 0.625)
        assert shown[0] > 200
        assert shown[2] < 140
        one.page.hover("#said button >> text=red")
        assert one.page.inner_text("#verdict").startswith("Not to be believed")
        grey = colour_at(one.page, 0.625, 0.375)
        assert max(grey) - min(grey) <= 3
        one.page.mouse.move(0, 0)
        assert one.page.inner_text("#about") == "The whole answer", "what is pinned comes back"
        one.page.click("#said button >> text=dog")
        one.page.mouse.move(0, 0)
        assert one.page.inner_text("#about") == "dog"
        one.page.keyboard.press("ArrowLeft")
        assert one.page.inner_text("#about") == "red"
        assert one.page.locator("#all li").count() == 3
        assert not one.complaints
        assert not one.requests


def test_it_paints_as_the_sheet_does(chromium: Any, tmp_path: Path) -> None:
    values = torch.rand(5, 3, generator=torch.Generator().manual_seed(0))
    hot = heatmap(values=values, area=Area(0.1, -0.1, 0.8, 1.2))
    path = saved(tmp_path, explanation(hot))
    expected = numpy.asarray(overlay(picture(), hot)).astype(int)
    with opened(chromium, path) as one:
        one.page.wait_for_selector("#said button")
        pixels = one.page.evaluate(
            "() => { const c = document.getElementById('map'); "
            "return [c.width, c.height, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"
        )
    found = numpy.array(pixels[2:]).reshape(pixels[1], pixels[0], 4)[..., :3]
    assert found.shape == expected.shape
    away = numpy.abs(found - expected)
    assert away.mean() < 1.5
    assert numpy.quantile(away, 0.99) < 12, "drawings are kept as PNG"


def test_methods_are_switched(chromium: Any, tmp_path: Path) -> None:
    both = [explanation(heatmap()), explanation(heatmap(values=spot(3, 0)), method="rollout")]
    with opened(chromium, saved(tmp_path, *both)) as one:
        one.page.click("#methods button >> text=rollout")
        assert one.page.get_attribute("#methods button >> text=rollout", "aria-pressed") == "true"
        assert colour_at(one.page, 0.125, 0.875)[0] > 200
        assert not one.complaints


def test_the_map_fades_and_day_turns_into_night(chromium: Any, tmp_path: Path) -> None:
    with opened(chromium, saved(tmp_path, explanation(heatmap()))) as one:
        one.page.wait_for_selector("#said button")
        one.page.fill("#strength", "0")
        assert colour_at(one.page, 0.625, 0.375) == [128, 128, 128]
        one.page.click("#theme")
        assert one.page.get_attribute("html", "data-theme") == "dark"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_lens_tells_what_each_spot_would_say(chromium: Any, tmp_path: Path, width: int) -> None:
    spots = [Place("picture", "", Area(place / 2, 0.0, place / 2 + 0.5, 1.0)) for place in range(2)]
    words = (
        ((("sky", 0.2), (" ", 0.1), ("tree", 0.1)), (("dog", 0.3), ("cat", 0.2), (EVIL, 0.1)), (("a", 1.0),) * 3),
        ((("blue", 0.7), ("red", 0.1), ("tree", 0.1)), ((EVIL, 0.9), ("cat", 0.05), ("x", 0.01)), (("b", 1.0),) * 3),
    )
    told = Lens(("text.0", "text.1"), (*spots, Place("prompt", "what?", None)), words)
    path = tmp_path / "why.html"
    path.write_text(page(picture(), [explanation(heatmap())], told), "utf-8")
    with opened(chromium, path, width) as one:
        one.page.wait_for_selector("#spots button")
        assert one.page.locator("#spots button").all_inner_texts() == ["blue", EVIL]
        one.page.fill("#layer", "0")
        assert one.page.locator("#spots button").all_inner_texts() == ["sky", "dog"]
        one.page.focus("#spots button >> nth=0")
        assert "blue 0.70" in one.page.inner_text("#spot-words")
        assert "\u2423 0.10" in one.page.inner_text("#spot-words"), "a space is seen"
        assert one.page.evaluate("document.documentElement.scrollWidth") <= width
        assert not one.complaints
        assert not one.requests


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_the_screen_and_nothing_said_is_run(chromium: Any, tmp_path: Path, width: int) -> None:
    maps = [heatmap(EVIL, "label"), heatmap("word " * 40, "label"), heatmap("x" * 200, "label")]
    path = saved(tmp_path, explanation(*maps, answer=None, method=EVIL))
    with opened(chromium, path, width) as one:
        one.page.wait_for_selector("#said button")
        assert one.page.evaluate("document.documentElement.scrollWidth") <= width
        assert one.page.inner_text("#said button >> nth=0") == EVIL
        assert not one.complaints
        assert not one.requests


def colour_at(opened_page: Any, x: float, y: float) -> list[int]:
    """Of the drawn map, at a share of its width and height."""
    script = """([x, y]) => {
        const canvas = document.getElementById("map");
        const context = canvas.getContext("2d");
        return [...context.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data];
    }"""
    found: list[int] = opened_page.evaluate(script, [x, y])
    return found[:3]
