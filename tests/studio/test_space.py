"""The page Space and its routes: a folder of one's own, words, more like these, and no way out of the folder."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from PIL import Image

from seeread.pretrained import Pretrained
from tests.browser import browser, visited
from tests.studio.running import studio
from tests.tiny import colour_model

Ask = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the studio is started: colours/ has five shades of three colours, and a broken picture."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "home" / "colours"
    folder.mkdir(parents=True)
    for place, name in enumerate(("red", "green", "blue")):
        for shade in range(6):
            colour = [10 * shade] * 3
            colour[place] = 205 + 10 * shade
            Image.new("RGB", (900, 600), tuple(colour)).save(folder / f"{name}-{shade}.png")
    (folder / "broken.jpg").write_text("no picture")
    (tmp_path / "secret").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "secret" / "a.png")
    return tmp_path / "home"


@pytest.fixture
def address(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    def load(name: str, **_: object) -> Pretrained:
        return colour_model(name="/srv/ann/colours")

    monkeypatch.setattr("seeread.serving.shelf.load", load)
    with studio(["tests/colours"], home) as found:
        yield found


@pytest.fixture
def ask(address: str) -> Ask:
    """`ask(path)`, `ask(path, body)`: the status and the content of the answer."""

    def answer(path: str, body: object = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{address.rstrip('/')}{path}", data, {"Content-Type": "application/json"})
        try:
            with urlopen(request) as response:
                content = response.read()
                return response.status, json.loads(content) if content[:1] in b"{[" else content
        except HTTPError as error:
            return error.code, json.loads(error.read())

    return answer


def test_a_folder_of_ones_own(ask: Ask) -> None:
    status, listed = ask("/api/space/folders")
    assert (status, listed) == (200, [{"name": "", "pictures": 19}, {"name": "colours", "pictures": 19}])
    status, found = ask("/api/space", {"model": "tests/colours", "folder": "colours"})
    assert status == 200
    assert (found["folder"], found["shown"], len(found["skipped"])) == ("colours", 18, 1)
    assert found["model"] == "tests/colours", "and not where it lies"
    assert len(found["pictures"]["open"]) == 36
    assert ask(found["sheets"][0]["address"])[1][:2] == b"\xff\xd8"
    at = f"/api/space/{found['key']}"
    status, picture = ask(f"{at}/pictures/3.jpg?side=64")
    assert picture[:2] == b"\xff\xd8" and len(picture) < 4000
    names = found["pictures"]["names"]
    status, words = ask(f"{at}/words", {"text": "a green cat"})
    assert status == 200
    assert {names[place][:5] for place in words["best"][:6]} == {"green"}
    assert len(words["scores"]) == 18 and len(words["open"]) == len(words["closed"]) == 2
    blue = [place for place, name in enumerate(names) if name.startswith("blue")]
    status, like = ask(f"{at}/like", {"pictures": blue[:3]})
    assert sorted(like["pictures"][:3]) == blue[3:]
    assert not set(like["pictures"]) & set(blue[:3])


def test_drawn_scenes_where_there_is_no_folder(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seeread.spaces.example.scenes.__defaults__", (12,))
    status, found = ask("/api/space", {"model": "tests/colours"})
    assert (status, found["folder"], found["shown"]) == (200, "drawn scenes", 12)
    assert found["gap"]["paired"] == 12


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"model": "tests/colours", "folder": "../secret"}, "no such folder"),
        ({"model": "tests/colours", "folder": "/etc"}, "no such folder"),
        ({"model": "nobody", "folder": "colours"}, "no model 'nobody'"),
        ({"model": "tests/colours", "folder": "colours", "by": "tsne"}, "by"),
        ({"model": "tests/colours", "folder": "colours", "labels": [" "]}, "blank"),
        ({"model": "tests/colours", "file": "colours"}, "file"),
    ],
)
def test_what_makes_no_sense_is_told(ask: Ask, body: object, told: str, home: Path) -> None:
    status, content = ask("/api/space", body)
    assert status == 400
    assert told in content["error"]["message"]
    assert str(home) not in content["error"]["message"]


def test_a_map_that_is_gone_and_numbers_that_are_not_there(ask: Ask) -> None:
    assert "no longer kept" in ask("/api/space/none/words", {"text": "red"})[1]["error"]["message"]
    assert ask("/api/space/none/sheets/0.jpg")[0] == 404
    _, found = ask("/api/space", {"model": "tests/colours", "folder": "colours"})
    at = f"/api/space/{found['key']}"
    assert ask(f"{at}/sheets/9.jpg")[0] == ask(f"{at}/pictures/18.jpg")[0] == ask(f"{at}/pictures/-1.jpg")[0] == 404
    assert "no picture 18" in ask(f"{at}/like", {"pictures": [18]})[1]["error"]["message"]
    assert ask(f"{at}/like", {"pictures": []})[0] == ask(f"{at}/like", {"pictures": [-1]})[0] == 400
    assert "blank" in ask(f"{at}/words", {"text": "  "})[1]["error"]["message"]
    assert ask("/web/spaces/map.js")[1][:2] == b"//"
    assert ask("/web/spaces/alone.js")[0] == ask("/web/spaces/..%2Fpage.css")[0] == 404


def test_the_page(address: str) -> None:
    """One visit: the map comes, words land on it and in the address, a lasso finds more, and a link opens it again."""
    with browser() as chromium:
        with visited(chromium, f"{address}#/space?folder=.%2Fcolours") as one:
            view = one.page.locator("sr-space")
            view.locator("aside").get_by_text("18 pictures", exact=True).wait_for()
            one.page.keyboard.press("/")
            one.page.keyboard.type("a red dog")
            one.page.keyboard.press("Enter")
            view.locator(".scale").get_by_text("a red dog").wait_for()
            assert "words=a+red+dog" in one.page.url
            view.evaluate("(view) => view.choose([0, 1, 2], 'Lassoed')")
            view.get_by_role("button", name="Find more like these").click()
            view.get_by_role("heading", name="Most like what was chosen").wait_for()
            view.get_by_role("button", name="Gap closed").click()
            view.evaluate("(view) => view.goTo(4)")
            large = view.locator("img.large")
            large.wait_for()
            one.page.wait_for_function("(image) => image.naturalWidth === 640", arg=large.element_handle())
            link = one.page.url
            assert (one.requests, one.complaints) == ([], [])
        with visited(chromium, link, 390, 844, dark=True) as one:
            view = one.page.locator("sr-space")
            view.locator(".scale").get_by_text("a red dog").wait_for()
            assert view.evaluate("(view) => view.map.which") == "closed"
            assert one.page.evaluate("() => document.documentElement.scrollWidth") <= 390
            assert one.complaints == []
        with visited(chromium, f"{address}#/space?folder=.%2Fnowhere") as one:
            one.page.get_by_text("no such folder").wait_for()
            one.page.get_by_role("button", name="Try again").wait_for()
