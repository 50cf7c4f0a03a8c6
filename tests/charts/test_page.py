"""The HTML of a page, before anybody opens it."""

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from seeread.charts.chart import Curve, Curves, Details, Gallery, Piece, Section, Shown, Table, Tiles, Words
from seeread.charts.pages.markup import piece_html
from seeread.charts.pages.page import page
from tests.charts.samples import CHARTS, EVIL, HOSTILE, PAIR, REST, SECTIONS, picture

VOID = {"meta", "img", "br", "wbr"}


class Tree(HTMLParser):
    """Elements as a browser would have them, and whether all are closed in their order."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        else:
            self.text.append(data)


@pytest.fixture(scope="module")
def whole() -> str:
    return page("A page", SECTIONS, "What it is.")


def test_is_well_formed_and_asks_for_nothing(whole: str) -> None:
    tree = Tree(whole)
    leading = ("src", "href", "srcset", "data")
    addresses = [attrs[name] for _, attrs in tree.elements for name in leading if name in attrs]
    assert addresses
    assert all(one and one.startswith(("data:image/", "#", "https://arxiv.org/")) for one in addresses)
    assert not {tag for tag, _ in tree.elements} & {"link", "iframe", "object", "base"}
    style = whole[whole.index("<style>") : whole.index("</style>")]
    assert "@import" not in style and "url(" not in style


def test_only_known_scripts_may_run(whole: str) -> None:
    policy = next(attrs["content"] for tag, attrs in Tree(whole).elements if attrs.get("http-equiv"))
    assert policy and "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    running = re.findall(r"<script>(.*?)</script>", whole, re.DOTALL)
    assert len(running) == 2
    for script in running:
        assert b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy


def test_echarts_is_there_once_and_unchanged(whole: str) -> None:
    own = files("seeread.charts.pages").joinpath("vendor/echarts.min.js").read_bytes()
    assert whole.count(own.decode()) == 1
    assert hashlib.sha256(own).hexdigest() in files("seeread.charts.pages").joinpath("vendor/README.md").read_text()
    assert b"LICENSE file" in own[:600] or b"Licensed to the Apache" in own[:600]
    for name in ("LICENSE", "NOTICE", "licenses/LICENSE-d3"):
        assert files("seeread.charts.pages").joinpath("vendor", name).is_file()


def test_each_chart_has_its_option_and_its_figures(whole: str) -> None:
    tree = Tree(whole)
    data = [attrs for tag, attrs in tree.elements if tag == "script" and "data-chart" in attrs]
    places = {attrs.get("id") for tag, attrs in tree.elements if tag == "div"}
    assert len(data) == len(CHARTS) + len(EVIL)
    assert len({attrs["data-chart"] for attrs in data} & places) == len(data)
    assert all(isinstance(json.loads(script), dict) for script in tree.scripts if script.startswith("{"))
    assert whole.count("<summary>The figures</summary>") == len(data)


def test_labels_are_text_and_nothing_else(whole: str) -> None:
    tree = Tree(whole)
    assert {tag for tag, attrs in tree.elements if any(name.startswith("on") for name in attrs)} == set()
    images = [attrs for tag, attrs in tree.elements if tag == "img"]
    assert all((attrs["src"] or "").startswith("data:image/") for attrs in images)
    said = "".join(tree.text)
    assert said.count(HOSTILE) >= 20
    assert not [attrs for tag, attrs in tree.elements if tag == "a" and "javascript" in (attrs["href"] or "")]
    assert "</script" not in "".join(tree.scripts)


@pytest.mark.parametrize("piece", [*CHARTS, *REST, *EVIL], ids=lambda piece: piece.title[:12])
def test_pieces_are_well_formed(piece: Piece) -> None:
    Tree(piece_html(piece, "name"))


def test_table_cells() -> None:
    rows = [["a_b/c", 1234, ("1%", 0.01), 2.5], [None, None, None, "x"]]
    table = Table("t", ["text", "number", "pair", "mixed"], rows)
    html = piece_html(table, "t")
    assert '<td>a_<wbr>b/<wbr>c</td><td class="number" data-key="1234.0">1,234</td>' in html
    assert '<td class="number" data-key="0.01">1%</td><td data-key="2.5">2.50</td>' in html
    assert '<td></td><td class="number"></td>' in html
    assert piece_html(Table("t", ["n"], [[float("nan")]]), "t").count('data-key=""') == 1


def test_gallery_shows_pictures_only() -> None:
    html = piece_html(Gallery("g", [Shown(picture(), ["a"]), Shown(b"<svg>", ["b"]), Shown(b"", [])]), "g")
    assert html.count("<img ") == 1
    assert "data:image/jpeg;base64," in html
    assert html.count("no picture") == 2


def test_what_was_said_of_a_picture_stands_beside_when() -> None:
    html = piece_html(Gallery("", [Shown(picture(), ["a"], [("step 1", "<b>")])], roomy=True), "g")
    assert '<figure class="roomy gallery"><ul>' in html  # without a title there is no empty one
    assert "<dl><dt>step 1</dt><dd>&lt;b&gt;</dd></dl>" in html


@pytest.mark.parametrize(("count", "columns"), [(0, 1), (1, 1), (5, 5), (6, 6), (7, 4), (8, 4), (13, 5)])
def test_tiles_stand_in_rows_of_about_the_same_length(count: int, columns: int) -> None:
    html = piece_html(Tiles("t", [("loss", "1.2", "from 3.4")] * count), "t")
    assert f"--columns: {columns}" in html
    assert html.count('<div><dt>loss</dt><dd>1.2</dd><dd class="note">from 3.4</dd></div>') == count


def test_bounds_are_called_what_they_are() -> None:
    curve = Curve("loss", [(1, 2.0), (2, 1.0)], [1.5, 0.5], [2.5, 1.5])
    html = piece_html(Curves("c", "step", "loss", [curve], y_unit="number", bounds="least and most"), "c")
    assert "least and most: 1.50 to 2.50" in html and ">least and most</button>" in html
    assert "95% interval" not in html


def test_links_lead_to_the_web_only() -> None:
    links = [("a", 'https://x.org/?a=1&b="2'), ("b", "file:///x"), ("c", "JAVASCRIPT:1")]
    html = piece_html(Words("w", [], links), "w")
    assert html.count("<a ") == 1
    assert "https://x.org/?a=1&amp;b=&quot;2" in html
    assert "c (JAVASCRIPT:1)" in html


def test_contents_only_where_there_is_more_than_one_section() -> None:
    assert "<nav" not in page("t", [Section("one", [PAIR])])
    assert 'href="#section-2"' in page("t", [Section("one", []), Section("two", [Details("d", [])])])


def test_the_same_page_is_the_same_text(whole: str) -> None:
    assert page("A page", SECTIONS, "What it is.") == whole
