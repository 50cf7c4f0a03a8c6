"""`seeread explain`, by models whose answers are known."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from seeread.pretrained import Pretrained
from tests.cli.conftest import Run
from tests.talkers import tiny_llava
from tests.tasks.scripted import scripted
from tests.tiny import colour_model, tiny_model

CAT = "<loc0001><loc0002><loc0008><loc0009> cat"
MODELS = {
    "colours": colour_model,
    "tiny": tiny_model,
    "llava": tiny_llava,
    "points": lambda: scripted({("red", "detect cat"): [CAT]}),
}


@pytest.fixture
def explain(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`explain(model, picture, text...)`; which options the model was loaded with must be right for gradients."""

    def load(name: str, **options: object) -> Pretrained:
        assert options["precision"] == "fp32"
        return MODELS[name]()

    monkeypatch.setattr("seeread.checkpoints.load.load", load)
    return lambda *arguments: run("explain", *arguments)


def words(lines: Sequence[str]) -> list[list[str]]:
    return [line.split() for line in lines]


def test_a_line_for_each_label(explain: Run, photos: Path) -> None:
    status, out, err = explain("tiny", photos / "red.png", "red ; blue", "--checks", 2)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("by ")
    assert [line.split()[0] for line in lines[1:3]] == ["red", "blue"]
    assert "faithful" in lines[1] or "not to be believed" in lines[1]
    assert "blind maps" in lines[1]
    assert "2 x 2 cells" in out


def test_what_was_written_stands_first(explain: Run, photos: Path) -> None:
    status, out, err = explain("llava", photos / "red.png", "What?", "--answer", "a dog", "--checks", 0)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "a dog"
    assert words(lines[2:5])[0][:4] == ["(all", "of", "it)", "0.000"]
    assert [line.split()[0] for line in lines[3:5]] == ["a", "dog"]
    assert "blind" not in out


def test_json(explain: Run, photos: Path) -> None:
    ran = explain("tiny", photos / "red.png", "--label", "red", "--label", "blue", "--json", "--checks", 2)
    (told,) = ran.json
    assert told["image"] == str(photos / "red.png")
    assert told["drawn"] is None
    assert [one["about"] for one in told["maps"]] == ["red", "blue"]
    for one in told["maps"]:
        assert set(one["faithfulness"]) == {"score", "controls", "believed", "moved", "verdict"}
        assert len(one["values"]) == one["rows"] * one["columns"]


def test_all_methods(explain: Run, photos: Path) -> None:
    ran = explain("tiny", photos / "red.png", "red", "--all-methods", "--json", "--checks", 0)
    names = [told["method"]["name"] for told in ran.json]
    assert len(names) > 2
    assert len(set(names)) == len(names)
    chosen = explain("tiny", photos / "red.png", "red", "--method", names[1], "--json", "--checks", 0)
    assert [told["method"]["name"] for told in chosen.json] == [names[1]]


def test_boxes(explain: Run, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["points", photos / "red.png", "cat", "--task", "detect", "--method", "occlusion"]
    ran = explain(*asked, "--json", "--checks", 0)
    (one,) = ran.json[0]["maps"]
    assert (one["about"], one["kind"]) == ("cat", "box")
    assert one["box"]["x_min"] == pytest.approx(2 / 15)


@pytest.mark.parametrize("name", ["why.png", "why.jpg", "why.webp"])
def test_a_sheet_is_drawn(explain: Run, photos: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    ran = explain("tiny", photos / "red.png", "red", "--out", path, "--checks", 0, "--json")
    assert ran.json[0]["drawn"] == str(path)
    with Image.open(path) as drawn:
        assert drawn.width > 400


def test_a_page_is_made(explain: Run, photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "why.html"
    assert explain("tiny", photos / "red.png", "red ; blue", "--out", path, "--checks", 0).status == 0
    html = path.read_text("utf-8")
    assert html.startswith("<!doctype html>")
    assert "default-src 'none'" in html


def test_the_lens_tells_words_too(explain: Run, photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "why.html"
    asked = ["llava", photos / "red.png", "What?", "--max-tokens", 2, "--method", "lens", "--checks", 0]
    (told,) = explain(*asked, "--json", "--out", path).json
    assert told["method"]["name"] == "lens"
    pictured = [place for place in told["lens"]["places"] if place["kind"] == "picture"]
    assert len(pictured) == 4
    assert len(pictured[0]["words"]) == len(told["lens"]["layers"]) == 2
    assert 'id="spots"' in path.read_text("utf-8")


@pytest.fixture
def pair(photos: Path) -> tuple[Path, Path]:
    """Two pictures of which one has a white corner."""
    for name, corner in (("one", "white"), ("other", "black")):
        picture = Image.new("RGB", (16, 16), "black")
        picture.paste(Image.new("RGB", (8, 8), corner), (0, 0))
        picture.save(photos / f"{name}.png")
    return photos / "one.png", photos / "other.png"


def test_between_two_pictures_it_is_told_what_carries_the_answer(
    explain: Run, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    asked = ["llava", pair[0], "What?", "--answer", "yes", "--pair", pair[1]]
    status, out, err = explain(*asked)
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "yes"
    assert "text 1" in out
    told = explain(*asked, "--json", "--part", "heads", "--out", tmp_path / "why.html").json
    assert told["part"] == "heads"
    assert told["columns"] == ["head 1", "head 2"]
    assert "head 1" in (tmp_path / "why.html").read_text("utf-8")
    assert explain(*asked[:-1], pair[0]).status == 2, "there is no difference"


def test_the_benchmark_is_told(explain: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seeread.lab.faithfulness.benchmark import Benchmark
    from seeread.lab.faithfulness.measured import Measured
    from seeread.lab.faithfulness.rows import Row

    def measured(models: Sequence[Pretrained] | None, scenes: int, progress: object) -> Benchmark:
        assert models is not None
        name = models[0].origin.name
        rows = (
            Row("cause", name, "dual encoder", "legrad", "shipped", Measured(0.75, 0.6, 0.9, scenes), True),
            Row("cause", name, "dual encoder", "attention", "baseline", Measured(0.3, 0.1, 0.5, scenes), False),
            Row("cause", name, "dual encoder", "random", "control", Measured(0.25, 0.2, 0.3, scenes), None),
        )
        return Benchmark(rows, scenes, 0)

    monkeypatch.setattr("seeread.lab.faithfulness.benchmark.benchmark", measured)
    status, out, err = explain("--benchmark", "tiny", "--scenes", 5, "--out", tmp_path / "table.html")
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["legrad", "75", "(60-90)"] in lines
    assert ["attention", "(baseline)", "30", "(10-50)"] in lines
    assert ["random", "(control)", "25", "(20-30)"] in lines
    assert "table.html" in err
    assert "legrad" in (tmp_path / "table.html").read_text("utf-8")
    assert explain("--benchmark", "tiny", "--json").json["rows"][0]["score"] == 0.75
    refused = explain("--benchmark", "tiny", "--out", tmp_path / "table.png")
    assert (refused.status, "must end in .html" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], "Name a model, a picture"),
        (["tiny"], "Name a model, a picture"),
        (["tiny", "red.png", "a", "b"], "Name a model, a picture"),
        (["tiny", "red.png", "red", "--out", "why.txt"], "ends in none of"),
        (["tiny", "red.png", "red", "--out", "nowhere/why.html"], "folder does not exist"),
        (["tiny", "red.png", "red", "--out", "nowhere/why.png"], "folder does not exist"),
        (["tiny", "red.png", "red", "--out", f"{'x' * 300}/why.png"], "folder does not exist"),
        (["tiny", "red.png", "red", "--out", "red.png"], "one of the pictures"),
        (["tiny", "red.png", "red", "--method", "guess"], "no method 'guess'"),
        (["tiny", "red.png", "red", "--method", "rollout", "--all-methods"], "either"),
        (["tiny", "red.png"], "Name a label"),
        (["tiny", ".", "red"], "holds 3 pictures"),
        (["tiny", "https://example.com/a.png", "red"], "--allow-url"),
        (["tiny", "red.png", "red", "--task", "detect"], "does not detect"),
        (["tiny", "red.png", "red", "--task", "dance"], "dance"),
        (["tiny", "red.png", "red", "--method", ""], "no method ''"),
        (["tiny", "red.png", "red", "--checks", "-1"], "checks"),
        (["tiny", "red.png", "red", "--checks", "1001"], "checks"),
    ],
)
def test_mistakes_are_told(
    explain: Run, photos: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], wanted: str
) -> None:
    monkeypatch.chdir(photos)
    (photos / "broken.jpg").unlink()
    status, out, err = explain(*arguments)
    assert status == 2
    assert wanted in err
    assert not out
    assert sorted(path.name for path in photos.iterdir()) == ["deep", "green.png", "red.png"], "nothing half-written"


def test_a_broken_picture_is_told(explain: Run, photos: Path) -> None:
    status, out, err = explain("tiny", photos / "broken.jpg", "red")
    assert status == 1
    assert "broken.jpg" in err
    assert not out
