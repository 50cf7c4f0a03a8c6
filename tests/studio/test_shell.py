"""The frame around all pages: navigation, addresses, keys, day and night, and what happens when the server has gone."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import browser, visited
from tests.studio.running import studio

PAGES = ("Ask", "Inside", "Compare", "Space", "Scores")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with studio(["seeread/mini-clip", "seeread/mini-llava"]) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_every_page_opens_and_asks_nobody_else(address: str, chromium: Any, width: int, dark: bool) -> None:
    with visited(chromium, address, width, dark=dark) as opened:
        page = opened.page
        for name in PAGES:
            page.get_by_role("navigation").get_by_role("link", name=name).click()
            page.wait_for_selector(f"page-{name.lower()}", state="attached")
            assert page.get_by_role("heading", level=1).first.inner_text() == name
            assert page.title() == f"{name} · seeread studio"
            assert page.locator("nav a[aria-current=page]").inner_text() == name
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
        assert (opened.requests, opened.complaints) == ([], [])


def test_an_address_reopens_a_state_and_pages_hand_on_what_they_share(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/ask?model=seeread%2Fmini-llava&picture=scene-3&task=caption") as opened:
        page = opened.page
        page.wait_for_selector("blockquote")
        assert page.get_by_label("Model", exact=True).input_value() == "seeread/mini-llava"
        assert page.get_by_role("tab", selected=True).inner_text() == "Describe"
        page.get_by_role("tab", name="Question").click()
        page.wait_for_url(re.compile("task=question"))
        link = page.get_by_role("navigation").get_by_role("link", name="Inside").get_attribute("href")
        assert link == "#/inside?model=seeread%2Fmini-llava&picture=scene-3"
        page.goto(f"{address}#/nowhere?x=1")
        assert page.get_by_role("heading", level=1).first.inner_text() == "Ask"


def test_what_is_shown_as_chosen_follows_the_address(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/ask?model=seeread%2Fmini-llava") as opened:
        page = opened.page
        field = page.get_by_label("Model", exact=True)
        field.select_option("seeread/mini-clip")
        page.wait_for_url(re.compile("mini-clip"))
        page.evaluate("location.hash = '#/ask?model=seeread%2Fmini-llava'")
        page.get_by_role("tab", name="Describe").wait_for()
        assert field.input_value() == "seeread/mini-llava"
        page.evaluate("location.hash = '#/ask?model=nobody%2Fs'")
        page.get_by_text("nobody/s is not in this studio").wait_for()


def test_keys(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/ask?model=seeread%2Fmini-clip") as opened:
        page = opened.page
        page.wait_for_selector("sr-bars li")
        page.keyboard.press("?")
        assert page.get_by_role("dialog").is_visible()
        page.keyboard.press("3")  # belongs to the dialog now
        page.keyboard.press("Escape")
        assert "#/ask" in page.url
        page.keyboard.press("3")
        page.wait_for_selector("page-compare", state="attached")
        page.keyboard.press("1")
        page.wait_for_selector("page-ask")
        page.locator("sr-labels input").click()
        page.keyboard.type("2d?")  # what is typed into a field is text
        assert page.locator("sr-labels input").input_value() == "2d?"
        assert "#/ask" in page.url


def test_day_and_night_are_remembered(address: str, chromium: Any) -> None:
    theme = "document.documentElement.dataset.theme"
    with visited(chromium, address, dark=True) as opened:
        page = opened.page
        page.wait_for_selector("page-ask")
        assert page.evaluate(theme) == "dark"
        page.keyboard.press("d")
        assert page.evaluate(theme) == "light"
        page.reload()
        page.wait_for_selector("page-ask")
        assert page.evaluate(theme) == "light"
        page.get_by_role("button", name="Dark colours").click()
        assert page.evaluate(theme) == "dark"


def test_says_so_when_the_server_has_gone(chromium: Any) -> None:
    with studio(["seeread/mini-clip"]) as gone, visited(chromium, f"{gone}#/ask?picture=scene-1") as opened:
        page = opened.page
        page.wait_for_selector("sr-bars li")
        page.route(re.compile("api/"), lambda route: route.abort())
        page.get_by_role("button", name="Take out heart").click()
        assert "Is it still running" in page.get_by_role("alert").inner_text()
        page.unroute(re.compile("api/"))
        page.get_by_role("button", name="Try again").click()
        page.wait_for_selector("sr-bars li")
        assert page.get_by_role("alert").count() == 0
