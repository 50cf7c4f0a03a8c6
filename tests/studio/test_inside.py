"""The page Inside: its numbers are the model's own, and it is gone through as people do."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import torch

pytest.importorskip("fastapi")

from seeread.checkpoints.load import load
from seeread.explanation.aim import aim
from seeread.explanation.capture import ATTENTION, capture
from seeread.explanation.target import Written
from seeread.pretrained import Pretrained
from seeread.serving.pictures import Pictures
from tests.browser import browser, visited
from tests.studio.running import studio

CLIP, LLAVA, FLAMINGO, HYBRID = (f"seeread/mini-{name}" for name in ("clip", "llava", "flamingo", "hybrid"))
QUESTION = "what shape does the image contain?"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with studio([CLIP, LLAVA, FLAMINGO, HYBRID]) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def llava() -> Pretrained:
    return load(LLAVA, precision="fp32")


def asked(address: str, path: str, **body: Any) -> Any:
    """What the interface answers to a script."""
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}api/{path}", json.dumps(body).encode(), kind)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def refused(address: str, path: str, **body: Any) -> str:
    with pytest.raises(urllib.error.HTTPError) as problem:
        asked(address, path, **body)
    assert problem.value.code == 400
    message: str = json.load(problem.value)["error"]["message"]
    return message


def at(address: str, **state: str) -> str:
    return f"{address}#/inside?" + "&".join(f"{key}={value}" for key, value in state.items())


def test_numbers_are_the_models_own(address: str, llava: Pretrained) -> None:
    where = {"model": LLAVA, "picture": "scene-1", "text": QUESTION}
    outline = asked(address, "inside", **where)
    target = aim(llava, Pictures().open("scene-1"), QUESTION)
    assert isinstance(target, Written) and outline["result"]["answer"] == target.answer
    with capture(llava.module, ATTENTION, "connector") as captured, torch.no_grad():
        score = target.score(target.prepare([target.picture]))
    shares = torch.tensor([token["share"] for token in outline["result"]["tokens"][: len(target.ids)]])
    torch.testing.assert_close(shares.log().sum(), score[0, 0], atol=1e-3, rtol=0)
    connector = captured.features["connector"][0][0]
    told = torch.tensor([token["numbers"] for token in outline["joined"]["tokens"]])
    torch.testing.assert_close(told, connector[:, : told.shape[1]], atol=1e-3, rtol=0)
    for look, other in zip(outline["looks"], captured.looks, strict=True):
        assert look["path"] == other.module
        rows = asked(address, "inside/attention", **where, look=look["number"], head=1)["rows"]
        torch.testing.assert_close(torch.tensor(rows), other.weights[0, 1], atol=1e-5, rtol=0)
    steps = asked(address, "inside/steps", **where, look=2, head=3, query=20)
    torch.testing.assert_close(torch.tensor(steps["taken"]), captured.looks[2].given[0, 3, 20], atol=1e-4, rtol=0)


def test_what_is_not_there_is_refused_in_words(address: str) -> None:
    where = {"model": CLIP, "picture": "scene-1", "text": "red ; blue"}
    assert "There is no model" in refused(address, "inside", model="nobody", picture="scene-1")
    assert "no longer kept" in refused(address, "inside", model=CLIP, picture="gone", text="red")
    assert "Name a label" in refused(address, "inside", model=CLIP, picture="scene-1")
    assert "number 99 is none" in refused(address, "inside/attention", **where, look=99)
    assert "ask for one of them" in refused(address, "inside/steps", **where, look=0, head=99)


def test_a_diagram_of_every_model(address: str) -> None:
    for name in (CLIP, LLAVA):
        with urllib.request.urlopen(f"{address}api/diagram?model={name}", timeout=60) as answer:
            box = json.load(answer)
        assert box["inside"] and box["arrows"] and box["parameters"] > 1e6


def test_one_goes_through_it(address: str, chromium: Any, llava: Pretrained) -> None:
    with visited(chromium, at(address, model=LLAVA, look="2", head="1")) as opened:
        page = opened.page
        page.locator("page-inside sr-diagram [role=tree]").wait_for(timeout=30_000)
        assert page.locator("inside-seen .cut i").count() == 16
        assert page.locator("inside-joined .sequence .picture").count() == 16
        said = aim(llava, Pictures().open("scene-1"), QUESTION)
        assert isinstance(said, Written) and said.answer in page.locator(".said").inner_text()

        note = page.locator("inside-looks .note")
        page.locator("inside-looks .token", has_text="shape").hover()
        assert note.inner_text().startswith("“·shape” looks at")
        page.locator("inside-looks .grid button").nth(5).click()
        page.wait_for_url(lambda address: "query=9" in address)  # four words stand before the picture
        assert note.inner_text().startswith("row 2, column 2 looks at")
        page.keyboard.press("ArrowRight")
        page.wait_for_url(lambda address: "query=10" in address)

        play = page.locator("inside-play")
        play.locator("li button", has_text="Softmax").click()
        page.wait_for_url(lambda address: "stage=2" in address)
        target = aim(llava, Pictures().open("scene-1"), QUESTION)
        with capture(llava.module, ATTENTION) as captured, torch.no_grad():
            target.score(target.prepare([target.picture]))
        best = float(captured.looks[2].weights[0, 1, 10].max())
        shown = play.locator("tbody tr").nth(1).locator(".figure").nth(1)
        shown.wait_for()
        assert shown.inner_text() == (f"{100 * best:.0f} %" if best >= 0.0995 else f"{100 * best:.1f} %")
        play.locator("li button", has_text="fused").click()
        assert "192 numbers" in play.locator(".vector").inner_text()
        assert not opened.requests and not opened.complaints


def test_boxes_open_down_to_a_head(address: str, chromium: Any) -> None:
    with visited(chromium, at(address, model=CLIP)) as opened:
        page = opened.page
        diagram = page.locator("sr-diagram")
        for name in ("Pooling", "Attention", "Look and gather", "Attention head"):
            diagram.locator(f".head:has(.name:text-is('{name}'))").last.click(timeout=30_000)
        assert diagram.locator(".name", has_text="Softmax").is_visible()
        assert "opened=" in page.url and "16" in diagram.locator(".box.like .times").first.inner_text()
        diagram.locator(".head", has_text="Softmax").focus()
        assert "add up to 1" in diagram.locator(".note").inner_text()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowLeft")  # to the head
        page.keyboard.press("ArrowLeft")  # which closes
        assert not diagram.locator(".name", has_text="Softmax").count()
        page.reload()  # a link opens what was open
        diagram.locator(".name", has_text="Attention head").wait_for(timeout=30_000)
        assert not opened.complaints


@pytest.mark.parametrize(("model", "dark"), [(FLAMINGO, True), (HYBRID, False), (CLIP, False)])
def test_it_fits_on_a_phone(address: str, chromium: Any, model: str, dark: bool) -> None:
    with visited(chromium, at(address, model=model, stage="4"), width=390, dark=dark) as opened:
        page = opened.page
        page.locator("page-inside sr-diagram [role=tree]").wait_for(timeout=30_000)
        page.locator("inside-play tbody tr").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not opened.complaints


def test_without_a_question_the_picture_is_described(address: str, chromium: Any, llava: Pretrained) -> None:
    with visited(chromium, at(address, model=LLAVA)) as opened:
        page = opened.page
        page.locator(".said").wait_for(timeout=30_000)
        page.locator("#text").fill("")
        page.get_by_role("button", name="Run").click()
        described = aim(llava, Pictures().open("scene-1"), None)
        assert isinstance(described, Written)
        page.locator(".said", has_text=described.answer).wait_for(timeout=30_000)
        page.reload()
        page.locator(".said", has_text=described.answer).wait_for(timeout=30_000)
        assert page.locator("#text").input_value() == ""


def test_a_question_stays_with_another_model_that_answers(address: str, chromium: Any) -> None:
    with visited(chromium, at(address, model=LLAVA, text="is it red%3F", query="-4", look="x", stage="99")) as opened:
        page = opened.page
        page.locator("inside-play tbody tr").first.wait_for(timeout=30_000)
        page.get_by_label("Model", exact=True).select_option(FLAMINGO)
        page.wait_for_url(re.compile("flamingo"))
        assert page.locator("#text").input_value() == "is it red?"
        page.get_by_label("Model", exact=True).select_option(CLIP)
        page.wait_for_url(re.compile("mini-clip"))
        page.locator(".said", has_text="It fits best").wait_for(timeout=30_000)
        assert "heart" in page.locator("#text").input_value()
        assert not opened.complaints


def test_trouble_is_told(address: str, chromium: Any) -> None:
    with visited(chromium, at(address, model=CLIP, picture="gone")) as opened:
        opened.page.locator(".page > sr-trouble").get_by_text("no longer kept").wait_for(timeout=30_000)
        assert all("Failed to load resource" in one for one in opened.complaints)
