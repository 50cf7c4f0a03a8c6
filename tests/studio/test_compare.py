"""What the page Compare asks of the server."""

from typing import Any

import pytest

from tests.serving.asking import asked


@pytest.fixture(scope="module")
def app() -> Any:
    pytest.importorskip("fastapi", reason="needs the studio's packages")
    from seeread.serving.desk import Desk
    from seeread.serving.shelf import Shelf
    from seeread.studio.app import studio

    return studio(Desk(Shelf(["seeread/mini-clip", "seeread/mini-fuyu"])))


def test_lists_what_can_be_compared(app: Any) -> None:
    told = asked(app, "/api/compare").json
    names = {one["name"]: one for one in told["models"]}
    assert [one["name"] for one in told["models"] if one["here"]] == ["seeread/mini-clip", "seeread/mini-fuyu"]
    assert names["llava-v1.5-7b"]["parameters"] == 7_063_427_072
    assert names["GPT-4V"]["known"] == "reported"
    pairings = [pairing["title"] for pairing in told["pairings"]]
    assert pairings[:2] == ["CLIP against PaliGemma 2", "LLaVA against Flamingo"]
    assert "The bundled models" not in pairings, "they are not all here"


def test_compares_what_is_here_with_what_is_published(app: Any) -> None:
    answer = asked(
        app, "/api/compare", {"models": ["seeread/mini-clip", "ViT-B/32", "seeread/mini-clip"]},
        {"accept": "text/event-stream"},
    )  # fmt: skip
    *progress, (name, told) = answer.events
    assert ("progress", {"what": "Measuring seeread/mini-clip", "done": 0, "total": 3}) in progress
    assert name == "result"
    assert [model["title"] for model in told["models"]] == ["seeread/mini-clip", "CLIP ViT-B/32"]
    rows = {row["id"]: row for group in told["groups"] for row in group["rows"]}
    assert [cell["number"] for cell in rows["parameters"]["cells"]] == [10_412_849, 151_277_313]
    assert len(told["contrast"]) == 1, "they fuse alike: only the work differs"


def test_a_diagram_of_what_is_not_here(app: Any) -> None:
    told = asked(app, "/api/compare/diagram", {"model": "ViT-B/32"}).json
    assert told["parameters"] == 151_277_313
    assert told["inside"]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/api/compare", {"models": ["llava-1.5"]}, "Did you mean llava-v1.5-7b"),
        ("/api/compare", {"models": ["zzzzzzzz"]}, "There is no model 'zzzzzzzz' to compare."),
        ("/api/compare", {"models": ["seeread/mini-llava"]}, "seeread studio seeread/mini-llava"),
        ("/api/compare", {"models": []}, "models"),
        ("/api/compare", {"models": ["x"] * 13}, "models"),
        ("/api/compare", {"models": ["ViT-B/32"], "other": 1}, "other"),
        ("/api/compare/diagram", {"model": "GPT-4V"}, "only known from a paper"),
    ],
)
def test_what_cannot_be_compared_is_explained(app: Any, path: str, body: Any, reason: str) -> None:
    answer = asked(app, path, body)
    assert answer.status == 400
    assert reason in answer.message


def test_scores_are_those_of_the_folder_and_nothing_else(tmp_path: Any) -> None:
    pytest.importorskip("fastapi", reason="needs the studio's packages")
    from seeread.serving.desk import Desk
    from seeread.serving.shelf import Shelf
    from seeread.studio.app import studio
    from tests.evaluation.report.made import results

    results(tmp_path / "results")
    (tmp_path / "secret.txt").write_text("secret")
    app = studio(Desk(Shelf(["seeread/mini-clip"]), folder=tmp_path))
    told = asked(app, "/api/scores").json
    assert told["folder"] == tmp_path.name
    assert told["found"][0] == {"name": "results/records.jsonl", "kind": "records", "title": "results"}
    assert str(tmp_path) not in asked(app, "/api/scores").body.decode()
    assert asked(app, "/api/scores", {"name": "results/records.jsonl"}).json["title"] == "What was measured"
    for name in ("secret.txt", "../secret", "/etc/passwd", ""):
        answer = asked(app, "/api/scores", {"name": name})
        assert (answer.status, answer.message) == (400, "It is no longer there. Look at the list again.")
    (tmp_path / "results" / "records.jsonl").write_text("{}\n")
    damaged = asked(app, "/api/scores", {"name": "results/records.jsonl"})
    assert damaged.status == 400
    assert "line 1" in damaged.message
    assert str(tmp_path) not in damaged.message
