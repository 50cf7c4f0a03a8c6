"""`seeread space`."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_tells_and_writes_a_page(run: Run, photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "space.html"
    status, out, err = run("space", "colours", photos, "--labels", "red,green,blue", "--groups", 3, "--out", page)
    assert status == 1  # one picture is broken
    assert "1 picture cannot be opened and is left out" in err
    assert "broken.jpg is text" in err
    assert out.startswith("3 pictures and 3 texts\n")
    assert "their middles lie" in out
    assert "3 groups" in out
    assert out.splitlines()[-1] == str(page)
    html = page.read_text()
    assert html.startswith("<!doctype html>")
    assert "deep/blue.png" in html
    assert "http" not in html.split("<script")[0].replace("http-equiv", "")


def test_json(run: Run, photos: Path, tmp_path: Path) -> None:
    (photos / "broken.jpg").unlink()
    (photos / "red.txt").write_text("a red dog")
    ran = run("space", "colours", photos, "--out", tmp_path / "a.html", "--json", "--text", "green", "--text", "a cat")
    assert ran.status == 0
    found = ran.json
    assert found["page"] == str(tmp_path / "a.html")
    assert {picture["path"] for picture in found["pictures"]} == {"red.png", "green.png", "deep/blue.png"}
    assert [(text["text"], text["kind"], text["picture"]) for text in found["texts"]] == [
        ("a red dog", "caption", "red.png"), ("green", "typed", None), ("a cat", "typed", None),
    ]  # fmt: skip
    assert found["gap"]["paired"] == 1
    assert found["skipped"] == []


def test_a_limit_is_told(run: Run, photos: Path, tmp_path: Path) -> None:
    (photos / "broken.jpg").unlink()
    out = run("space", "colours", photos, "--limit", 2, "--labels", "red", "--out", tmp_path / "a.html").out
    assert out.startswith("2 of 3 pictures and 1 text\n")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("none",), 1, "none does not exist"),
        (("empty",), 1, "empty"),
        (("photos", "--out", "a.png"), 2, "must end in .html"),
        (("photos", "--out", "nowhere/a.html"), 2, "its folder does not exist"),
        (("photos", "--out", f"{'x' * 300}/a.html"), 2, "its folder does not exist"),
        (("photos", "--out", f"{'x' * 300}.html", "--labels", "red"), 1, "File name too long"),
        (("photos", "--by", "tsne"), 2, "--by"),
        (("photos", "--by", "umap", "--labels", "red"), 2, "at least 16"),
        (("photos", "--labels", ","), 2, "no labels"),
        (("photos", "--groups", "0"), 2, "--groups"),
        (("photos", "--seed", str(2**32)), 2, "--seed"),
        ((), 2, "FOLDER"),
    ],
)
def test_misuse(
    run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], status: int, told: str
) -> None:
    monkeypatch.chdir(photos.parent)
    Path("empty").mkdir()
    ran = run("space", "colours", *arguments)
    assert (ran.status, ran.out) == (status, "")
    assert told in ran.err
    assert not Path("space.html").exists()
