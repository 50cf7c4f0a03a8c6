"""Patching as a chart: layers and groups by names for people, every share in its cell."""

import pytest

from seeread.charts.pages.page import page
from seeread.explanation.causal.groups import NAMES
from seeread.explanation.causal.patching import Patched
from seeread.explanation.drawing.patched import called, matrix, section

FOUND = Patched(
    "red", "stream", (-0.5, -2.5), ("vision.transformer.blocks.0", "text.transformer.blocks.1"), NAMES[:2],
    ((0.9, None), (0.25, -0.1)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("text.transformer.blocks.0", "text 1"),
        ("vision.transformer.blocks.3.mlp", "vision 4 mlp"),
        ("text.transformer.blocks.1.attention.attend", "text 2 attention"),
        ("text.decoder.blocks.0", "text decoder 1"),
        ("resampler.blocks.1, time 3", "resampler 2, time 3"),
    ],
)
def test_layers_have_names_for_people(path: str, name: str) -> None:
    assert called(path) == name


def test_every_share_is_in_its_cell() -> None:
    chart = matrix(FOUND)
    assert chart.rows == ["vision 1", "text 2"]
    assert len(set(chart.columns)) == 2
    assert all(len(column) <= 24 for column in chart.columns), "longer ones are cut"
    assert chart.values == FOUND.restored


def test_the_page_says_what_it_means() -> None:
    html = page("Why", [section(FOUND)])
    assert "-0.50" in html
    assert "-2.50" in html
