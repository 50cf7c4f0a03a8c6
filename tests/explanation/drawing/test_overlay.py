"""Maps lie where they belong on the person's own picture."""

from dataclasses import replace

import numpy
import pytest
import torch

from seeread.explanation.drawing.overlay import overlay, seen, spread
from seeread.explanation.heatmap import Area
from seeread.preprocessing.pointing.locations import Box
from tests.explanation.drawing.samples import DOUBTED, heatmap, picture, spot

AREAS = [Area(), Area(0.25, 0.0, 0.75, 1.0), Area(-0.5, 0.0, 1.5, 1.0), Area(0.1, -0.2, 0.9, 1.3)]


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize(("row", "column"), [(1, 2), (2, 1), (1, 1)])
def test_the_hottest_pixel_is_in_the_middle_of_the_hottest_cell(area: Area, row: int, column: int) -> None:
    heat = spread(heatmap(values=spot(row, column), area=area), (400, 200))
    y, x = numpy.unravel_index(heat.argmax(), heat.shape)
    assert heat.max() == pytest.approx(1, abs=0.02)
    assert (x + 0.5) / 400 == pytest.approx(area.left + (column + 0.5) / 4 * (area.right - area.left), abs=0.01)
    assert (y + 0.5) / 200 == pytest.approx(area.top + (row + 0.5) / 4 * (area.bottom - area.top), abs=0.01)


def test_a_map_of_many_rows_and_few_columns() -> None:
    values = torch.zeros(6, 2)
    values[4, 1] = 1
    heat = spread(heatmap(values=values), (90, 300))
    rows, columns = numpy.nonzero(heat > 0.99)
    assert rows.mean() == pytest.approx(224.5, abs=1)
    assert columns.min() >= 60


def test_between_two_cells_it_lies_between() -> None:
    values = torch.tensor([[0.0, 1.0]])
    heat = spread(heatmap(values=values), (100, 10))
    assert heat[5, 50] == pytest.approx(0.5, abs=0.02)
    assert (numpy.diff(heat[5]) >= -1e-9).all()
    assert heat[5, 5] < 0.02
    assert heat[5, 95] > 0.98, "at the edge as in the cell"


def test_where_the_model_does_not_see_there_is_no_map_and_it_is_dark() -> None:
    area = Area(0.25, 0.0, 0.75, 1.0)
    hot = heatmap(values=torch.tensor([[1.0, 2.0], [2.0, 1.0]]), area=area)
    heat = spread(hot, (100, 50))
    inside = seen(area, (100, 50))
    assert inside[:, 25:75].all()
    assert not inside[:, :25].any()
    assert not inside[:, 75:].any()
    assert (heat[~inside] == 0).all()
    drawn = numpy.asarray(overlay(picture(), hot)).astype(int)
    assert drawn[200, 20].max() < 70, "grey is 128"


def test_where_a_map_is_cold_the_picture_is_seen_and_pale() -> None:
    plain = picture()
    drawn = numpy.asarray(overlay(plain, heatmap())).astype(int)
    numpy.testing.assert_allclose(drawn[230, 10], (128, 128, 128), atol=1)
    disc = drawn[80, 60]
    assert disc[2] > disc[0], "blue still"
    assert disc[2] - disc[0] < 100, "but pale"
    hot = drawn[90, 200]
    assert hot[0] > 200, "hot"
    assert hot[2] < 140
    assert plain.getpixel((200, 90)) == (128, 128, 128), "the picture itself is as it was"


def test_a_map_that_is_not_believed_is_grey() -> None:
    doubted = numpy.asarray(overlay(picture(), heatmap(faithfulness=DOUBTED))).astype(int)[90, 200]
    assert doubted.max() - doubted.min() <= 2
    assert doubted.max() > 200
    untested = numpy.asarray(overlay(picture(), heatmap(faithfulness=None))).astype(int)[90, 200]
    assert untested.max() - untested.min() > 60


def test_a_map_that_is_the_same_everywhere_shows_nothing() -> None:
    drawn = overlay(picture(), heatmap(values=torch.full((3, 3), 7.0)))
    assert drawn.getpixel((200, 90)) == (128, 128, 128)


def test_the_box_is_drawn_in_the_size_that_was_asked_for() -> None:
    framed = replace(heatmap(kind="box"), box=Box(0.25, 0.5, 0.75, 0.9))
    drawn = overlay(picture(), framed, (640, 480))
    assert drawn.size == (640, 480)
    assert drawn.getpixel((161, 300)) == (255, 255, 255)
    assert drawn.getpixel((320, 241)) == (255, 255, 255)
    assert drawn.getpixel((320, 360)) == (128, 128, 128)
