"""`POST /api/explain` answers what `seeread.explain` says, and tells how far it is."""

from typing import Any

import pytest

pytest.importorskip("fastapi")

import seeread
from seeread.explanation.aim import aim
from seeread.explanation.methods.table import fitting
from seeread.explanation.told import as_json
from seeread.serving.application import application
from seeread.serving.desk import Desk
from seeread.serving.shelf import Shelf
from tests.serving.asking import Answer, asked

CLIP, POINTS = "seeread/mini-clip", "seeread/mini-paligemma"


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(Shelf([CLIP, POINTS]))


@pytest.fixture(scope="module")
def app(desk: Desk) -> Any:
    return application(desk)


def explain(app: Any, name: str, stream: bool = False, **body: Any) -> Answer:
    headers = {"accept": "text/event-stream"} if stream else {}
    return asked(app, "/api/explain", {"model": name, "picture": "scene-1", **body}, headers)


def test_labels(app: Any, desk: Desk) -> None:
    told = explain(app, CLIP, labels=["a triangle", "a heart"], checks=2).json
    picture = desk.pictures.open("scene-1")
    with desk.shelf.model(CLIP) as model:
        expected = as_json(seeread.explain(model, picture, labels=["a triangle", "a heart"], checks=2))
        methods = fitting(aim(model, picture, "a triangle"))
    assert [one["name"] for one in told.pop("methods")] == [method.name for method in methods]
    assert told == expected


def test_boxes_each_have_a_map_and_progress_is_told(app: Any) -> None:
    events = explain(app, POINTS, stream=True, text="triangle", task="detect", checks=2).events
    names = [name for name, _ in events]
    assert names[-1] == "result"
    assert set(names[:-1]) == {"progress"}
    told = [data["what"] for name, data in events if name == "progress"]
    assert "Asking the model" in told
    assert any(data["total"] for name, data in events if name == "progress")
    for one in events[-1][1]["maps"]:
        assert one["kind"] == "box"
        assert set(one["box"]) == {"x_min", "y_min", "x_max", "y_max"}


def test_an_answer_may_be_given(app: Any) -> None:
    told = explain(app, POINTS, text="What?", answer="a cat", checks=0).json
    assert told["answer"] == "a cat"
    assert [one["about"] for one in told["maps"]] == ["a cat", "a", "cat"]


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        (CLIP, {"text": "a cat", "method": "guess"}, "There is no method 'guess'"),
        (CLIP, {}, "Name a label"),
        (CLIP, {"text": "a cat", "task": "detect"}, "does not detect"),
        (CLIP, {"text": "a cat", "task": "dance"}, "task: "),
        (CLIP, {"text": "a cat", "checks": -1}, "checks: "),
        (CLIP, {"text": "a cat", "surprise": 1}, "surprise: "),
        (CLIP, {"labels": ["a"] * 33}, "labels: "),
        (POINTS, {"text": " "}, "blank"),
        (POINTS, {"text": "What?", "max_tokens": 10_000}, "max_tokens: "),
    ],
)
def test_mistakes_are_told(app: Any, name: str, body: dict[str, Any], message: str) -> None:
    answer = explain(app, name, **body)
    assert answer.status == 400
    assert message in answer.message


def test_a_shelf_of_packed_models_says_what_to_do() -> None:
    from seeread.nn.packed import can_pack

    if not can_pack():
        pytest.skip("needs a processor that models are packed for")
    packed = application(Desk(Shelf([CLIP], precision="bf16")))
    answer = explain(packed, CLIP, text="a cat")
    assert answer.status == 400
    assert 'precision="fp32"' in answer.message
