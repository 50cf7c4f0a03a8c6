"""What was measured in a folder: found, and told as it was."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from seeread.charts.chart import (
    Bars,
    Curve,
    Curves,
    Details,
    Gallery,
    Section,
    Series,
    Shown,
    Table,
    Tiles,
    Words,
)
from seeread.charts.pages.page import page
from seeread.errors import DataError, SeereadError
from seeread.explanation.faith.record import Figure, Record
from seeread.lab.faithfulness.benchmark import Benchmark
from seeread.lab.faithfulness.measured import Measured
from seeread.lab.faithfulness.rows import Row
from seeread.studio.scores.explained import of_record, read_benchmark
from seeread.studio.scores.found import PUBLISHED, Found, search
from seeread.studio.scores.pieces import section_json
from seeread.studio.scores.saved import read_page
from seeread.studio.scores.show import show
from tests.charts.samples import picture
from tests.evaluation.report.made import results

SECTIONS = [
    Section("Overview", [
        Table("Scores", ("model", "score"), [("a <b>", ("61.5%", 0.615)), ("b", None), ("c", 3.0)], "More is better."),
        Tiles("", [("right", "30.3%", "of 1,000"), ("wrong", "69.7%", "")]),
    ], "At a glance."),
    Section("Charts", [
        Bars("Accuracy", ["a", "b"], [Series("measured", [0.5, 0.25], [0.4, 0.2], [0.6, 0.3])], note="A whisker."),
        Curves("Reliability", "confidence", "right", [Curve("a", [(0.1, 0.2), (0.9, 0.8)])], "percent", diagonal=True),
        Curves("Risk", "answered", "wrong", [Curve("a", [(0.1, 0.0), (1.0, 0.4)])], "percent"),
        Gallery("Worst", [Shown(picture(), ["said: dog", "7.jpg"], [("0.5 s", "cat")])], "Look.", roomy=True),
        Words("Sources", ["One & two.", "<script>alert(1)</script>"], [("a paper", "https://arxiv.org/abs/1706.04599")],
              "seeread report results"),
        Details("The record", [("seed", "0"), ("note", "")]),
    ]),
]  # fmt: skip


def told(sections: list[Section]) -> list[dict[str, Any]]:
    """As JSON, and back: what a page gets."""
    found: list[dict[str, Any]] = json.loads(json.dumps([section_json(section) for section in sections]))
    return found


def test_a_saved_page_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page("What <was> measured", SECTIONS, "3 records."), encoding="utf-8")
    found = json.loads(json.dumps(read_page(path)))
    assert (found["title"], found["lead"]) == ("What <was> measured", "3 records.")
    assert found["sections"] == told(SECTIONS)


def test_a_page_of_somebody_else_brings_nothing_with_it(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    evil = (
        '<section><h2>Evil</h2><figure><img src="http://x/a.png" onerror="x()"></figure><script>alert(1)</script>'
        '<div class="words"><p>Hi</p></div><figure><script>not json</script></figure></section>'
    )
    path.write_text(page("Report", SECTIONS[:1]).replace("<main>", f"<main>{evil}"), encoding="utf-8")
    pieces = read_page(path)["sections"][0]["pieces"]
    assert [(piece["kind"], piece["paragraphs"]) for piece in pieces] == [("words", ["Hi"])]


OPTION = """{"tooltip": {"formatter": "<b>a &lt;i&gt;</b><br>1 {a}"}, "xAxis": {"data": ["<i>"]}}"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<b>a", "<b style='position:fixed;inset:0'>a"),
        ("<br>1", "<img src='http://x/a.png'>"),
        ('"tooltip"', '"title": {"link": "http://x"}, "tooltip"'),
        ('["<i>"]', "[NaN]"),
        ('["<i>"]', "[1e999]"),
        (OPTION, "[1]"),
    ],
)
def test_a_chart_of_somebody_else_is_none_but_ours(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "report.html"
    for option, count in ((OPTION, 1), (OPTION.replace(old, new), 0)):
        path.write_text(f"<section><h2>A</h2><figure class=bars><script>{option}</script></figure></section>")
        assert len(read_page(path)["sections"][0]["pieces"]) == count


def test_cells_are_sorted_by_numbers_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    row = "<tr><td data-key=nan>a</td><td data-key=inf>b</td><td data-key=2>c</td></tr>"
    path.write_text(f"<section><figure><table><tr><th>x</th></tr>{row}</table></figure></section>")
    (piece,) = read_page(path)["sections"][0]["pieces"]
    assert [cell["key"] for cell in piece["rows"][0]] == [None, None, 2.0]


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe", b"<section>" * 50_000])
def test_what_is_no_page_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"report\.html"):
        read_page(path)


def test_finds_what_lies_in_a_folder(tmp_path: Path) -> None:
    results(tmp_path / "results")
    results(tmp_path)
    (tmp_path / "pages").mkdir()
    titles = {"a": "Bias audit of x", "b": "How far x can be trusted", "c": "What was measured"}
    shown = {"d": "Why “a cat”?", "e": "photos as seeread/mini-clip sees it"}  # nothing was measured in these
    for name, title in (titles | shown).items():
        (tmp_path / "pages" / f"{name}.html").write_text(page(title, SECTIONS), encoding="utf-8")
    (tmp_path / "other.html").write_text("<title>Bias audit of nobody</title>", encoding="utf-8")
    (tmp_path / "mine.json").write_text('{"seeread": "calibration 1", "model": {"name": "my \\"model\\""}}')
    (tmp_path / "config.json").write_text('{"seeread": "1"}')
    (tmp_path / ".hidden").mkdir()
    results(tmp_path / ".hidden")
    found = [(one.name, one.kind, one.title) for one in search(tmp_path) if not one.name.startswith("seeread/")]
    assert found == [
        ("records.jsonl", "records", tmp_path.name),
        ("results/records.jsonl", "records", "results"),
        ("pages/c.html", "report", "What was measured"),
        ("pages/a.html", "audit", "Bias audit of x"),
        ("mine.json", "calibration", 'my "model": mine.json'),
        ("pages/b.html", "calibration", "How far x can be trusted"),
        ("imagenet", "published", "ImageNet, without examples"),
    ]


def test_one_odd_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"seeread": "calibration 1", "model": {"name": "my \\q model"}}')
    odd = tmp_path / os.fsdecode(b"odd \xff")
    odd.mkdir()
    (odd / "records.jsonl").write_text("{}\n")
    found = search(tmp_path)
    assert [(one.name, one.title) for one in found if one.kind == "records"] == [("odd ?/records.jsonl", "odd ?")]
    assert next(one.title for one in found if one.name == "mine.json") == "a model: mine.json"
    assert show(PUBLISHED, [one for one in found if one.kind == "records"]) == show(PUBLISHED, [])


def test_does_not_follow_links_nor_look_at_everything(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    results(outside)
    inside = tmp_path / "inside"
    inside.mkdir()
    os.symlink(outside, inside / "link")
    os.symlink(outside / "records.jsonl", inside / "records.jsonl")
    deep = inside / "a" / "b" / "c" / "d"
    deep.mkdir(parents=True)
    results(deep)
    assert [one.kind for one in search(inside) if one.kind == "records"] == []


def test_records_are_drawn_anew(tmp_path: Path) -> None:
    results(tmp_path)
    one = search(tmp_path)[0]
    shown = show(one, [one])
    assert shown["title"] == "What was measured"
    assert shown["lead"].endswith("records, the newest of 2026-11-22.")
    overview = shown["sections"][0]["pieces"][0]
    assert overview["kind"] == "table"
    assert {row[0]["shown"] for row in overview["rows"]} >= {"mini-clip", "ViT-B/32"}
    kinds = {piece["kind"] for section in shown["sections"] for piece in section["pieces"]}
    assert kinds >= {"chart", "table", "gallery", "details"}
    json.dumps(shown, allow_nan=False)


def test_the_bundled_calibration_is_told(tmp_path: Path) -> None:
    one = next(one for one in search(tmp_path) if one.name == "seeread/mini-clip/calibration.json")
    section = show(one, [])["sections"][0]
    tiles = {tile["name"]: tile["value"] for tile in section["pieces"][0]["tiles"]}
    measured = json.loads(one.path.read_text())["classify"]["measured"]
    assert tiles["right at the first guess"] == f"{100 * measured['accuracy']:.1f}%"
    assert tiles["off by, calibrated"] == f"{100 * measured['ece_after']:.1f}%"
    assert tiles["sets held the true label"] == f"{100 * measured['coverage']:.1f}%"
    silent = next(piece for piece in section["pieces"] if piece["title"] == "Keeping silent")
    assert silent["rows"][0][1] == {"shown": "never sure enough", "key": None}


def test_what_others_report_stands_beside_what_was_measured(tmp_path: Path) -> None:
    shown = show(PUBLISHED, [])
    assert shown["sections"][0]["pieces"][0]["kind"] == "chart"
    results(tmp_path)
    one = search(tmp_path)[0]
    assert show(PUBLISHED, [one])["sections"]


def test_a_benchmark_of_explanations_is_read_back(tmp_path: Path) -> None:
    rows = (
        Row("cause", "seeread/mini-clip", "DualEncoder", "relevance", "shipped", Measured(0.7, 0.6, 0.8, 24), True),
        Row("cause", "seeread/mini-clip", "DualEncoder", "random", "control", Measured(0.3, 0.2, 0.4, 24), None),
    )
    path = tmp_path / "benchmark.json"
    written = Benchmark(rows, 24, 0)
    path.write_text(json.dumps(written.to_dict()))
    assert read_benchmark(path) == written
    one = next(one for one in search(tmp_path) if one.kind == "explanations")
    assert show(one, [])["sections"][1]["title"] == "What matters"


def test_the_record_of_one_model_is_shown(tmp_path: Path) -> None:
    figures = {
        "cause": {"relevance": Figure(0.7, 0.6, 0.8, 24, True), "random": Figure(0.3, 0.2, 0.4, 24)},
        "deletion": {"rollout": Figure(0.5, 0.3, 0.7, 24, False)},
    }
    record = Record("seeread/mini-clip", "0.1.0", 24, 0, {"cause": "which thing mattered"}, figures)
    record.write(tmp_path / "faithfulness.json")
    rows = [(row.test, row.method, row.kind, row.measured.score, row.beats) for row in of_record(record).rows]
    assert rows == [
        ("cause", "relevance", "shipped", 0.7, True),
        ("cause", "random", "control", 0.3, None),
        ("deletion", "rollout", "baseline", 0.5, False),
    ]
    one = next(one for one in search(tmp_path) if one.kind == "explanations")
    assert [section["title"] for section in show(one, [])["sections"]][1:] == ["What matters", "Taken out and put back"]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"seeread": "explanations 1"}', '{"seeread": "explanations 1", "rows": [{}]}']
)
def test_a_damaged_benchmark_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "benchmark.json"
    path.write_text(content)
    with pytest.raises(SeereadError, match="explain --benchmark"):
        show(Found("benchmark.json", "explanations", "benchmark.json", path), [])
