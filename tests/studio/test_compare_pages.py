"""The pages Compare and Scores, as people use them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from seeread.charts.chart import Section, Table
from seeread.charts.pages.page import page as saved
from tests.browser import browser, visited
from tests.evaluation.report.made import results
from tests.studio.running import studio

PAIR = quote("ViT-B/32,llava-v1.5-7b", safe="")
HERE = quote("seeread/mini-clip,seeread/mini-llava", safe="")
WAIT = 30_000  # milliseconds: two cores may have much else to do


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("measured")
    results(made / "results")
    table = Table("Groups", ("group", "pictures"), [("old", 26.0), ("young", 34.0)])
    (made / "audit.html").write_text(saved("Bias audit of x", [Section("What was looked at", [table])]))
    (made / "broken.html").write_text(saved("Bias audit of y", []))
    return made


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with studio(["seeread/mini-clip", "seeread/mini-llava"], folder) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_pairing_is_a_click_away_and_its_address_reopens_it(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/compare") as opened:
        page = opened.page
        page.get_by_role("button", name="LLaVA against Flamingo").click()
        page.wait_for_selector("table", timeout=WAIT)
        assert page.locator("thead th").all_inner_texts()[1].startswith("llava-v1.5-7b")
        row = page.locator("tr.aspect", has=page.get_by_text("Visual tokens", exact=True))
        assert [text.split("\n")[0] for text in row.locator("td").all_inner_texts()] == [
            "576 among the words", "1 among the words, 64 beside them",
        ]  # fmt: skip
        assert "13 times the work" in page.locator("compare-aspects ul").inner_text()
        before = page.locator("tr.aspect").count()
        page.get_by_label("Only what differs").check()
        page.wait_for_url(re.compile("only=1"))
        assert page.locator("tr.aspect").count() < before
        page.reload()
        page.wait_for_selector("table", timeout=WAIT)
        assert page.get_by_label("Only what differs").is_checked()
        assert (opened.requests, opened.complaints) == ([], [])


def test_a_model_is_found_by_typing_and_taken_away(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/compare?models={quote('ViT-B/32', safe='')}") as opened:
        page = opened.page
        field = page.get_by_role("combobox", name="Add a model")
        field.fill("paligemma 2 28b mix 448")
        option = page.get_by_role("option")
        assert option.count() == 1
        field.press("Enter")
        page.wait_for_url(re.compile("paligemma2-28b-mix-448"))
        page.wait_for_function("document.title.includes('Compare')")
        page.get_by_role("button", name="Take ViT-B/32 away").click()
        page.wait_for_url(lambda url: "ViT" not in url)
        field.press("Backspace")
        page.wait_for_url(lambda url: "models" not in url)
        assert page.get_by_role("button", name="CLIP against PaliGemma 2").is_visible()
        field.fill("nothing is called that")
        assert "No model is called that" in page.get_by_role("listbox").inner_text()
        field.press("Escape")
        assert page.get_by_role("listbox").count() == 0


def test_a_model_that_another_page_handed_on_can_be_taken_away(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/compare?model=seeread%2Fmini-clip") as opened:
        opened.page.get_by_role("button", name="Take seeread/mini-clip away").click()
        opened.page.wait_for_url(lambda url: "model" not in url)
        assert opened.page.locator("compare-chosen .model").count() == 0


def test_several_models_say_what_they_see_in_one_picture(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/compare?models={HERE}&view=picture&picture=scene-1") as opened:
        page = opened.page
        answers = page.locator("compare-answer")
        answers.nth(1).wait_for(timeout=WAIT)
        assert answers.count() == 2
        for place in range(2):
            answers.nth(place).locator("sr-bars li.chosen").wait_for(timeout=WAIT)  # whose map is drawn
        answers.nth(0).get_by_role("button", name="a red cross").click()
        for place in range(2):  # the other model follows
            chosen = answers.nth(place).get_by_role("button", name="a red cross", pressed=True)
            chosen.wait_for(timeout=WAIT)
        page.get_by_role("button", name="Caption", exact=True).click()
        answers.nth(1).locator("blockquote").wait_for(timeout=WAIT)
        answers.nth(0).get_by_text("It does not write").wait_for()
        assert (opened.requests, opened.complaints) == ([], [])


def test_models_that_are_not_here_cannot_be_asked_but_drawn(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/compare?models={PAIR}&view=picture") as opened:
        page = opened.page
        page.get_by_role("button", name="Take those that are here").wait_for(timeout=WAIT)
        page.get_by_role("tab", name="Diagrams").click()
        diagrams = page.locator("sr-diagram")
        page.wait_for_function("() => true")
        diagrams.nth(1).get_by_role("treeitem").first.wait_for(timeout=WAIT)
        assert diagrams.count() == 2
        diagrams.nth(1).get_by_role("treeitem", name=re.compile("^Connector")).hover()
        page.locator("compare-diagrams .note").wait_for()
        assert "llava-v1.5-7b" in page.locator("compare-diagrams .note").inner_text()
        assert (opened.requests, opened.complaints) == ([], [])


def test_an_unknown_model_is_explained(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/compare?models=llava-1.5") as opened:
        opened.page.get_by_role("alert").wait_for(timeout=WAIT)
        assert "Did you mean llava-v1.5-7b" in opened.page.get_by_role("alert").inner_text()


def test_scores_show_what_lies_in_the_folder(address: str, chromium: Any) -> None:
    with visited(chromium, f"{address}#/scores") as opened:
        page = opened.page
        page.get_by_role("heading", name="Overview").wait_for(timeout=WAIT)
        page.locator("sr-chart svg").first.wait_for(timeout=WAIT)
        listed = page.get_by_role("navigation", name="What was measured")
        table = page.locator("scores-table").first
        head = table.get_by_role("columnheader").nth(1)
        head.get_by_role("button").click()
        first = table.locator("tbody tr").first.inner_text()
        assert head.get_attribute("aria-sort") == "descending"
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        assert table.locator("tbody tr").first.inner_text() != first
        listed.get_by_role("button", name="Bias audit of x").click()
        page.get_by_role("heading", name="What was looked at").wait_for(timeout=WAIT)
        page.wait_for_url(re.compile(r"show=audit\.html"))
        listed.get_by_role("button", name="Bias audit of y").click()
        page.get_by_role("alert").wait_for(timeout=WAIT)
        assert "broken.html holds nothing" in page.get_by_role("alert").inner_text()
        listed.get_by_role("button", name="How to measure more").click()
        page.get_by_text("seeread evaluate").wait_for()
        assert (opened.requests, [one for one in opened.complaints if "400" not in one]) == ([], [])


@pytest.mark.parametrize("path", [f"compare?models={PAIR}", "scores", "compare", "scores?show=imagenet"])
def test_fits_a_phone(address: str, chromium: Any, path: str) -> None:
    with visited(chromium, f"{address}#/{path}", 390, dark=True) as opened:
        opened.page.wait_for_load_state("networkidle")
        opened.page.wait_for_timeout(300)
        assert fits(opened.page)
        assert (opened.requests, opened.complaints) == ([], [])


def test_an_empty_folder_says_which_command_fills_it(tmp_path: Path, chromium: Any) -> None:
    with studio(["seeread/mini-clip"], tmp_path) as address, visited(chromium, f"{address}#/scores") as opened:
        opened.page.get_by_text("Nothing was evaluated yet").wait_for(timeout=WAIT)
        opened.page.get_by_text(tmp_path.name).wait_for()
        opened.page.get_by_text("seeread calibrate").wait_for()
