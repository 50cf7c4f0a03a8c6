"""Over HTTP comes what the library says, for every task; and what makes no sense is explained."""

from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("fastapi")

import seeread
from seeread.pretrained import Pretrained
from seeread.serving.application import application
from seeread.serving.desk import Desk
from seeread.serving.shelf import Shelf
from tests.serving.asking import Answer, asked

CLIP, LLAVA, POINTS = "seeread/mini-clip", "seeread/mini-llava", "seeread/mini-paligemma"
LABELS = ["a triangle", "a heart", "a cross"]


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(Shelf([CLIP, LLAVA, POINTS]))


@pytest.fixture(scope="module")
def app(desk: Desk) -> Any:
    return application(desk)


def model(desk: Desk, name: str) -> Pretrained:
    with desk.shelf.model(name) as found:
        return found


def ask(app: Any, path: str, name: str, **body: Any) -> Answer:
    return asked(app, path, {"model": name, "picture": "scene-1", **body})


def test_what_there_is(app: Any, desk: Desk) -> None:
    found = {each["name"]: each for each in asked(app, "/api/models").json}
    assert set(found) == {CLIP, LLAVA, POINTS}
    assert found[CLIP]["does"] == ["compare"]
    for name in (CLIP, LLAVA, POINTS):
        model(desk, name)
    now = {each["name"]: each for each in asked(app, "/api/models").json}
    assert all(each["loaded"] for each in now.values())
    assert {name: each["does"] for name, each in now.items()} == {name: each["does"] for name, each in found.items()}


def test_a_picture_is_kept_and_shown(app: Any) -> None:
    file = BytesIO()
    Image.new("RGB", (300, 200), "teal").save(file, "PNG")
    kept = asked(app, "/api/pictures", file.getvalue(), headers={"content-type": "image/png"})
    assert kept.status == 200
    assert (kept.json["width"], kept.json["height"]) == (300, 200)
    shown = asked(app, f"/api/pictures/{kept.json['name']}?side=60")
    assert shown.headers["content-type"] == "image/jpeg"
    assert Image.open(BytesIO(shown.body)).size == (60, 40)
    assert asked(app, "/api/classify", {"model": CLIP, "picture": kept.json["name"], "labels": LABELS}).status == 200
    assert asked(app, "/api/pictures/unknown").status == 404
    for side in ("0", "99999", "x"):
        assert asked(app, f"/api/pictures/scene-1?side={side}").status == 400
    assert asked(app, "/api/pictures").json[0]["name"] == "scene-1"


@pytest.mark.parametrize("data", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_bad_file_is_explained(app: Any, data: bytes) -> None:
    answer = asked(app, "/api/pictures", data, headers={"content-type": "application/octet-stream"})
    assert answer.status == 400
    assert answer.message.startswith("The picture ")


def test_a_large_picture_comes_in_and_a_huge_one_does_not(app: Any, desk: Desk) -> None:
    file = BytesIO()
    Image.effect_noise((2400, 2400), 90).convert("RGB").save(file, "BMP")  # 17 MB
    kind = {"content-type": "image/bmp"}
    assert asked(app, "/api/pictures", file.getvalue(), headers=kind).status == 200
    assert asked(app, "/api/pictures", bytes(desk.pictures.limits.bytes + 1), headers=kind).status == 413


def test_labels_as_the_library_scores_them(app: Any, desk: Desk) -> None:
    found = ask(app, "/api/classify", CLIP, labels=LABELS).json
    picture, calibration = desk.pictures.open("scene-1"), desk.shelf.calibration(CLIP)
    expected = seeread.classify(model(desk, CLIP), picture, LABELS, calibration=calibration)
    assert [(one["label"], one["score"]) for one in found["scores"]] == list(expected.scores)
    assert found["calibrated"]
    assert "rough guide" in found["rests_on"]


def test_labels_of_a_model_that_writes(app: Any, desk: Desk) -> None:
    found = ask(app, "/api/classify", LLAVA, labels=LABELS).json
    expected = seeread.classify(model(desk, LLAVA), desk.pictures.open("scene-1"), LABELS)
    assert [one["label"] for one in found["scores"]] == [label for label, _ in expected]
    assert (found["kind"], found["calibrated"], found["rests_on"]) == ("likelihood", False, None)


def test_captions_answers_and_talk(app: Any, desk: Desk) -> None:
    picture, writer = desk.pictures.open("scene-1"), model(desk, LLAVA)
    caption = ask(app, "/api/caption", LLAVA).json
    assert caption["text"] == seeread.caption(writer, picture).text
    assert caption["logprob"] < 0
    question = "what shape is in the image?"
    assert ask(app, "/api/ask", LLAVA, question=question).json["text"] == seeread.answer(writer, picture, question).text
    talk = seeread.chat(writer)
    first, second = talk.say("what is this?", picture).text, talk.say("what color is it?").text
    turns = [
        {"speaker": "user", "text": "what is this?", "pictures": ["scene-1"]},
        {"speaker": "assistant", "text": first},
        {"speaker": "user", "text": "what color is it?"},
    ]
    assert asked(app, "/api/chat", {"model": LLAVA, "turns": turns[:1]}).json["text"] == first
    answer = asked(app, "/api/chat", {"model": LLAVA, "turns": turns}).json
    assert (answer["text"], answer["remembers"]) == (second, True)
    assert asked(app, "/api/chat", {"model": LLAVA, "turns": turns[:2]}).status == 400


def test_pieces_of_a_stream_are_the_text(app: Any) -> None:
    body = {"model": LLAVA, "picture": "scene-2"}
    events = asked(app, "/api/caption", body, headers={"accept": "text/event-stream"}).events
    assert events[-1][0] == "result"
    assert "".join(data for name, data in events if name == "piece") == events[-1][1]["text"] != ""


def test_boxes(app: Any, desk: Desk) -> None:
    found = ask(app, "/api/detect", POINTS, labels=["triangle"]).json
    expected = seeread.detect(model(desk, POINTS), desk.pictures.open("scene-1"), ["triangle"])
    assert [tuple(one["box"].values()) for one in found["objects"]] == [tuple(one.box) for one in expected]
    assert (found["width"], found["height"]) == (448, 448)


def test_a_model_of_a_folder_is_called_as_it_is_here() -> None:
    folder = Path(str(files("seeread"))) / "bundled" / "mini-clip"
    answer = ask(application(Desk(Shelf([str(folder)]))), "/api/explain", "mini-clip", text="a ; b", checks=0)
    assert answer.json["model"] == "mini-clip"
    assert str(folder.parent) not in answer.body.decode()


def test_explanations(app: Any) -> None:
    found = ask(app, "/api/explain", LLAVA, text="what shape is in the image?", task="answer", checks=0).json
    assert found["maps"]
    assert len(found["maps"][0]["values"]) == found["maps"][0]["rows"] * found["maps"][0]["columns"]


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/api/caption", {"model": "who/knows"}, "There is no model 'who/knows' here"),
        ("/api/caption", {"model": LLAVA, "picture": "gone"}, "no longer kept"),
        ("/api/caption", {"model": CLIP}, "does not write"),
        ("/api/caption", {"model": LLAVA, "surprise": 1}, "surprise: "),
        ("/api/caption", {"model": LLAVA, "max_tokens": 0}, "max_tokens: "),
        ("/api/caption", {"model": LLAVA, "temperature": "hot"}, "temperature: "),
        ("/api/caption", {"model": "x" * 20_001}, "model: "),
        ("/api/ask", {"model": LLAVA}, "question: Field required"),
        ("/api/ask", {"model": LLAVA, "question": "  "}, "blank"),
        ("/api/classify", {"model": CLIP, "labels": []}, "label"),
        ("/api/classify", {"model": CLIP, "labels": ["x"] * 1001}, "labels: "),
        ("/api/detect", {"model": LLAVA, "labels": ["x"]}, "not taught to give boxes"),
        ("/api/segment", {"model": POINTS, "labels": ["x"]}, "not taught to give masks"),
        ("/api/chat", {"model": LLAVA, "turns": []}, ""),
    ],
)
def test_what_makes_no_sense_is_explained(app: Any, path: str, body: dict[str, Any], message: str) -> None:
    whole = body if path == "/api/chat" else {"picture": "scene-1", **body}
    answer = asked(app, path, whole)
    assert answer.status == 400
    assert message in answer.message
    assert "Traceback" not in answer.message


def test_what_is_no_json_and_what_is_nowhere(app: Any) -> None:
    assert asked(app, "/api/ask", b"{").status == 400
    assert asked(app, "/api/nothing").json == {"error": {"message": "There is nothing at this address."}}
    assert asked(app, "/api/ask").status == 405


def test_the_interface_describes_itself(app: Any) -> None:
    described = asked(app, "/api/openapi.json").json
    tasks = ("classify", "caption", "ask", "chat", "detect", "segment", "explain", "models", "pictures")
    assert {f"/api/{task}" for task in tasks} <= set(described["paths"])
    assert asked(app, "/docs").status == 404
