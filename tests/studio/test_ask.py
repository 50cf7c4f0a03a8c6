"""The page Ask, as people use it: their own picture and labels, answers that come as they are written, and why."""

import json
import re
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("fastapi")

from seeread.serving.pictures import LIMITS
from tests.browser import browser, visited
from tests.studio.running import studio

CLIP, LLAVA, POINTS = "seeread/mini-clip", "seeread/mini-llava", "seeread/mini-paligemma"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with studio([CLIP, LLAVA, POINTS]) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


def asked(address: str, path: str, **body: Any) -> Any:
    """What the interface answers to a script."""
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}{path}", json.dumps(body).encode(), kind)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def at(address: str, **state: str) -> str:
    return f"{address}#/ask?" + "&".join(f"{key}={value}" for key, value in state.items())


def file_of(size: tuple[int, int], kind: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "teal").save(file, kind)
    return file.getvalue()


def test_one_brings_a_picture_and_labels(address: str, chromium: Any) -> None:
    with visited(chromium, at(address, model=CLIP)) as opened:
        page = opened.page
        page.wait_for_selector("sr-bars li")
        png = {"name": "x.png", "mimeType": "image/png", "buffer": file_of((320, 200))}
        page.set_input_files("input[type=file]", png)
        page.wait_for_url(re.compile(r"picture=[0-9a-f]{20}"))
        page.locator("sr-frame .frame[style*='aspect-ratio: 1.6']").last.wait_for()
        box = page.locator("sr-frame img").last.bounding_box()
        assert box["width"] / box["height"] == pytest.approx(1.6, abs=0.02)
        labels = page.locator("sr-labels input")
        for label in ("something teal", "a wall"):
            labels.fill(label)
            labels.press("Enter")
        page.get_by_role("button", name="Take out a dog").click()
        labels.press("Backspace")  # the last one
        page.wait_for_url(re.compile(r"something\+teal"))
        picture = re.search(r"picture=(\w+)", page.url)
        assert picture is not None
        things = ["a tabby cat", "a bird", "a sunflower", "a cup of coffee", "a sports car", "a church", "people"]
        wanted = [*things, "something teal"]
        best = asked(address, "api/classify", model=CLIP, picture=picture[1], labels=wanted)["scores"]
        first = page.locator("sr-bars li").first
        first.get_by_text(best[0]["label"]).wait_for()
        assert page.locator("sr-bars li").count() == len(wanted)
        assert first.locator(".shown").inner_text() == f"{100 * best[0]['score']:.1f}%"
        assert opened.complaints == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7 nothing to see", "convert it to JPEG or PNG"),
        (file_of((64, 64))[:70], "damaged, cut short"),
        (b"", "is empty"),
    ],
)
def test_a_bad_file_is_explained_and_what_was_there_stays(
    address: str, chromium: Any, data: bytes, said: str
) -> None:
    with visited(chromium, at(address, model=CLIP, picture="scene-2")) as opened:
        page = opened.page
        page.wait_for_selector("sr-bars li")
        page.set_input_files("input[type=file]", {"name": "x.png", "mimeType": "image/png", "buffer": data})
        assert said in page.get_by_role("alert").inner_text()
        assert "picture=scene-2" in page.url
        assert page.locator("sr-frame img").is_visible()


def test_a_file_that_is_too_large_is_not_even_sent(address: str, chromium: Any) -> None:
    drop = """(element, bytes) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], "x.png", { type: "image/png" }));
        const options = { bubbles: true, composed: true, cancelable: true, dataTransfer: transfer };
        element.dispatchEvent(new DragEvent("drop", options));
    }"""
    with visited(chromium, at(address, model=CLIP, picture="scene-2")) as opened:
        page = opened.page
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.method) if "pictures" in request.url else None)
        page.locator("sr-picture .place").evaluate(drop, LIMITS.bytes + 1)
        assert "larger than the 32 MiB allowed" in page.get_by_role("alert").inner_text()
        assert "POST" not in sent


def test_a_picture_can_be_dropped_and_pasted(address: str, chromium: Any) -> None:
    give = """(element, [data, kind]) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], "x.png", { type: "image/png" }));
        const options = { bubbles: true, composed: true, cancelable: true };
        element.dispatchEvent(kind === "drop"
            ? new DragEvent("drop", { ...options, dataTransfer: transfer })
            : new ClipboardEvent("paste", { ...options, clipboardData: transfer }));
    }"""
    with visited(chromium, at(address, model=CLIP)) as opened:
        page = opened.page
        page.wait_for_selector("sr-bars li")
        names = set()
        for kind, size in (("drop", (40, 20)), ("paste", (20, 40))):
            before = page.url
            page.locator("sr-picture .place").evaluate(give, [b64encode(file_of(size)).decode(), kind])
            page.wait_for_url(lambda url, before=before: url != before)
            names.add(page.url)
        assert len(names) == 2


def test_captions_and_answers_are_those_of_the_interface(address: str, chromium: Any) -> None:
    with visited(chromium, at(address, model=LLAVA, picture="scene-2", task="caption")) as opened:
        page = opened.page
        said = asked(address, "api/caption", model=LLAVA, picture="scene-2")["text"]
        page.get_by_role("button", name="Why?").wait_for()
        assert page.locator("blockquote").inner_text() == said
        page.get_by_role("tab", name="Question").click()
        page.get_by_label("Your question").fill("what color is the shape?")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Why?").wait_for()
        answer = asked(address, "api/ask", model=LLAVA, picture="scene-2", question="what color is the shape?")
        assert page.locator("blockquote").inner_text() == answer["text"]
        assert "question=what+color" in page.url
        assert opened.complaints == []


def test_why_draws_a_map_for_each_word_and_says_how_far_to_believe_it(address: str, chromium: Any) -> None:
    with visited(chromium, at(address, model=LLAVA, picture="scene-2", task="caption")) as opened:
        page = opened.page
        page.get_by_role("button", name="Why?").click()
        page.wait_for_selector(".verdict")
        words = page.get_by_role("group", name="Parts of the answer").get_by_role("button")
        caption = page.locator("blockquote").inner_text()
        assert words.all_inner_texts() == ["the whole answer", *caption.split()]
        pictures = set()
        for place in range(words.count()):
            words.nth(place).hover()
            page.wait_for_timeout(50)
            pictures.add(page.locator("sr-heat canvas").evaluate("canvas => canvas.toDataURL()"))
        assert len(pictures) > 1
        assert page.locator(".scale .own .number").inner_text()
        page.get_by_role("button", name="Why?").click()
        assert page.locator("sr-heat").count() == 0
        assert opened.complaints == []


def test_boxes_are_drawn_where_they_are(address: str, chromium: Any) -> None:
    state = {"model": POINTS, "picture": "scene-1", "task": "detect", "labels": "triangle"}
    with visited(chromium, at(address, **state)) as opened:
        page = opened.page
        page.wait_for_selector("ask-found rect")
        found = asked(address, "api/detect", model=POINTS, picture="scene-1", labels=["triangle"])["objects"]
        frame = page.locator("sr-frame img").last.bounding_box()
        drawn = page.locator("ask-found rect").last.bounding_box()
        box = found[0]["box"]
        assert drawn["x"] - frame["x"] == pytest.approx(frame["width"] * box["x_min"], abs=4)
        assert drawn["y"] - frame["y"] == pytest.approx(frame["height"] * box["y_min"], abs=4)
        assert drawn["width"] == pytest.approx(frame["width"] * (box["x_max"] - box["x_min"]), abs=8)
        assert page.get_by_role("tab").all_inner_texts() == ["Choose", "Describe", "Question", "Find", "Talk"]
        assert opened.complaints == []


def test_masks_are_filled_where_they_are(address: str, chromium: Any) -> None:
    """Run lengths go column by column, as COCO has them: here the second and third column of four, and three rows."""
    draw = """async () => {
        const found = document.createElement("ask-found");
        const pixels = { x_min: 1, y_min: 0, x_max: 3, y_max: 3 };
        const box = { x_min: 0.25, y_min: 0, x_max: 0.75, y_max: 1 };
        Object.assign(found, { picture: "scene-1", size: [4, 3], chosen: null,
            objects: [{ label: "", box, pixels, mask: { size: [3, 4], counts: [3, 6, 3] } }] });
        document.body.append(found);
        await found.updateComplete;
        const canvas = found.renderRoot.querySelector("canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, 4, 3);
        return Array.from({ length: 12 }, (_, place) => Number(data[4 * place + 3] > 0));
    }"""
    with visited(chromium, at(address, model=CLIP)) as opened:
        opened.page.wait_for_selector("sr-bars li")
        assert opened.page.evaluate(draw) == [0, 1, 1, 0] * 3


def test_a_conversation(address: str, chromium: Any) -> None:
    with visited(chromium, at(address, model=LLAVA, picture="scene-1", task="chat"), 390) as opened:
        page = opened.page
        field = page.get_by_label("Your message")
        for text in ("what shape is in the image?", "what color is it?"):
            field.fill(text)
            field.press("Enter")
            page.get_by_role("button", name="Send").wait_for()
        turns = [
            {"speaker": "user", "text": "what shape is in the image?", "pictures": ["scene-1"]},
            {"speaker": "assistant", "text": page.locator(".assistant").first.inner_text()},
            {"speaker": "user", "text": "what color is it?"},
        ]
        second = asked(address, "api/chat", model=LLAVA, turns=turns)["text"]
        assert page.locator(".assistant").nth(1).inner_text() == second
        assert page.locator(".user img").count() == 1
        page.get_by_role("button", name="Take the last message back").click()
        assert page.locator(".turn").count() == 2
        page.get_by_role("button", name="Why?").click()
        page.wait_for_selector("sr-heat canvas", state="attached")
        page.get_by_role("button", name="Begin anew").click()
        assert page.locator(".turn").count() == 0
        assert opened.complaints == []


@pytest.mark.parametrize(("path", "answer"), [("#/ask", "circle"), ("#/inside", "It fits best")])
def test_what_a_model_of_ones_own_can_do_is_learned(tmp_path: Path, chromium: Any, path: str, answer: str) -> None:
    copytree(Path(str(files("seeread"))) / "bundled" / "mini-clip", tmp_path / "mine")
    with studio([str(tmp_path / "mine")]) as own, visited(chromium, own + path) as opened:
        page = opened.page
        page.get_by_text(answer).last.wait_for(timeout=30_000)
        if path == "#/ask":  # until it was loaded it might have talked
            page.locator("sr-bars li").first.wait_for(timeout=30_000)
            page.get_by_role("tab", name="Talk").wait_for(state="detached")
            assert page.get_by_role("tab").all_inner_texts() == ["Choose"]


def test_tabs_go_by_arrow_keys(address: str, chromium: Any) -> None:
    with visited(chromium, at(address, model=LLAVA, picture="scene-1", task="classify")) as opened:
        page = opened.page
        page.wait_for_selector("sr-bars li")
        page.get_by_role("tab", selected=True).focus()
        page.keyboard.press("ArrowLeft")
        assert page.get_by_role("tab", selected=True).inner_text() == "Talk"
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("tab", selected=True).inner_text() == "Describe"
        page.wait_for_url(re.compile("task=caption"))


def test_a_picture_that_is_no_longer_kept_is_asked_for(address: str, chromium: Any) -> None:
    with visited(chromium, at(address, model=CLIP, picture="0123456789")) as opened:
        page = opened.page
        page.get_by_text("Drop a picture here").wait_for()
        assert "Choose it again" in page.get_by_role("alert").first.inner_text()
        page.get_by_role("button", name="Example 2").click()
        page.wait_for_selector("sr-bars li")
        assert page.get_by_role("alert").count() == 0
