"""The page of a space as people use it: in Chromium, with all networks cut."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seeread.spaces.page import SCRIPTS, own, page
from seeread.spaces.space import space
from tests.browser import Opened, browser, opened
from tests.tiny import colour_model

SOUND = "() => document.querySelector('sr-space').map.frames.count > 0"
VIEW = "document.querySelector('sr-space')"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture
def file(photos: Path, tmp_path: Path) -> Path:
    for path in photos.glob("red*.png"):
        path.with_suffix(".txt").write_text(f"the {path.stem} </script><b>dog</b>")
    path = tmp_path / "space.html"
    found = space(colour_model(), photos, labels=["red", "green", "blue"], texts=["a blue cat"], clusters=3)
    path.write_text(page(found))
    return path


def panel(one: Opened) -> str:
    text: str = one.page.locator("sr-space aside").inner_text()
    return text


def pixels(one: Opened, point: int) -> tuple[float, float]:
    box = one.page.locator("sr-space canvas.sky").bounding_box()
    left, top = one.page.evaluate(f"() => {VIEW}.map.screenOf({point})")
    return box["x"] + left, box["y"] + top


def test_hover_pick_and_back(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as one:
        one.page.wait_for_function(SOUND)
        assert "15 pictures" in panel(one)
        assert "Left out: 1" in panel(one)
        assert "15 pictures" not in one.page.locator("sr-space .legend").inner_text()
        one.page.evaluate(f"() => {VIEW}.map.hover(12)")
        card = one.page.locator("sr-space .card")
        assert "red-2" in card.inner_text()
        assert "<b>dog</b>" in card.inner_text()  # as it is written
        one.page.mouse.move(*pixels(one, 1))
        one.page.mouse.click(*pixels(one, 1))
        picked = one.page.evaluate(f"() => {VIEW}.map.picked")
        assert picked >= 0
        assert "Pictures most like it" in panel(one) or "The text of this picture" in panel(one)
        one.page.keyboard.press("Escape")
        assert "15 pictures" in panel(one)
        assert (one.requests, one.complaints) == ([], [])


def test_keys(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as one:
        one.page.wait_for_function(SOUND)
        one.page.locator("sr-space canvas.sky").focus()
        one.page.keyboard.press("ArrowRight")
        assert one.page.evaluate(f"() => {VIEW}.map.picked") >= 0  # the one in the middle, to begin with
        xs = one.page.evaluate(f"() => [...{VIEW}.map.places].filter((_, place) => place % 2 === 0)")
        first = xs.index(min(xs))
        one.page.evaluate(f"() => {VIEW}.goTo({first})")
        one.page.keyboard.press("ArrowRight")
        second = one.page.evaluate(f"() => {VIEW}.map.picked")
        assert xs[second] > xs[first]
        one.page.keyboard.press("ArrowLeft")
        assert xs[one.page.evaluate(f"() => {VIEW}.map.picked")] < xs[second]
        zoom = one.page.evaluate(f"() => {VIEW}.map.camera.zoom")
        one.page.keyboard.press("+")
        assert one.page.evaluate(f"() => {VIEW}.map.camera.zoom") > zoom
        one.page.keyboard.press("0")
        assert one.page.evaluate(f"() => {VIEW}.map.camera.zoom") == pytest.approx(zoom)
        one.page.keyboard.press("g")
        assert one.page.evaluate(f"() => {VIEW}.map.which") == "closed"
        one.page.keyboard.press("/")
        one.page.keyboard.type("green")
        assert 'Found for "green"' in panel(one)
        assert "5 pictures" in panel(one)
        assert one.complaints == []


def test_wheel_keeps_what_is_under_the_pointer(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as one:
        one.page.wait_for_function(SOUND)
        before = pixels(one, 3)
        one.page.mouse.move(*before)
        one.page.mouse.wheel(0, -300)
        one.page.wait_for_function(f"() => {VIEW}.map.camera.zoom > 1.5 * {VIEW}.map.fitted")
        assert pixels(one, 3) == pytest.approx(before, abs=1.5)


def test_lasso(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as one:
        one.page.wait_for_function(SOUND)
        green = [
            number
            for number, name in enumerate(one.page.evaluate(f"() => {VIEW}.data.pictures.names"))
            if name.startswith("green")
        ]
        places = [pixels(one, number) for number in green]
        left, top = (min(place[axis] for place in places) - 6 for axis in (0, 1))
        right, bottom = (max(place[axis] for place in places) + 6 for axis in (0, 1))
        one.page.locator("sr-space").get_by_role("button", name="Lasso").click()
        one.page.mouse.move(left, top)
        one.page.mouse.down()
        for corner in ((right, top), (right, bottom), (left, bottom), (left, top)):
            one.page.mouse.move(*corner, steps=4)
        one.page.mouse.up()
        chosen = one.page.evaluate(f"() => [...{VIEW}.map.selected].filter((point) => point < 15)")
        assert sorted(chosen) == green
        assert "5 pictures" in panel(one)


def test_typed_words_colour_the_pictures(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as one:
        one.page.wait_for_function(SOUND)
        one.page.locator("sr-space .chip button").first.click()
        scores = one.page.evaluate(f"() => {VIEW}.map.scores")
        names = one.page.evaluate(f"() => {VIEW}.data.pictures.names")
        best = {name.split("-")[0] for _, name in sorted(zip(scores, names, strict=True), reverse=True)[:5]}
        assert best == {"blue"}
        assert "a blue cat" in one.page.locator("sr-space .scale").inner_text()


@pytest.mark.parametrize("dark", [False, True])
def test_fits_a_phone(chromium: Any, file: Path, dark: bool) -> None:
    with opened(chromium, file, 390, 844, dark) as one:
        one.page.wait_for_function(SOUND)
        assert one.page.evaluate("() => document.documentElement.scrollWidth") <= 390
        assert one.page.evaluate("() => document.documentElement.dataset.theme") == ("dark" if dark else "light")


def test_modules_import_only_from_those_before_them() -> None:
    """So that they can be put one behind the other in a page that is one file."""
    for place, name in enumerate(SCRIPTS):
        for line in own(name).splitlines():
            if line.startswith("import "):
                assert line.split('"./')[1].split('"')[0] in SCRIPTS[:place], line
                assert line.endswith(";")
