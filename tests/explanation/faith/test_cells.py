"""Maps on the cells of a picture, worked out by hand."""

import pytest
import torch

from seeread.explanation.faith.cells import mass, on_cells, peak
from seeread.explanation.heatmap import Area

ALL = Area()


def test_a_map_of_as_many_cells_is_nearly_itself() -> None:
    values = torch.zeros(4, 4)
    values[1, 2] = 16
    found = on_cells(values, ALL, side=4)
    assert int(found.argmax()) == 1 * 4 + 2
    assert float(found.sum()) == pytest.approx(16)


def test_what_is_the_same_all_over_stays_so() -> None:
    assert torch.allclose(on_cells(torch.full((3, 5), 2.0), ALL), torch.full((8, 8), 2.0))


def test_a_map_lies_where_its_area_is() -> None:
    left = on_cells(torch.ones(3, 3), Area(0, 0, 0.5, 1), side=4)
    assert left.tolist() == [[1, 1, 0, 0]] * 4


def test_what_lies_beyond_the_picture_is_left_out() -> None:
    """Of a picture with borders around it: the map reaches over its edges."""
    values = torch.tensor([[9.0, 1, 1, 9]]).expand(4, 4)
    assert mass(values, Area(-0.5, 0, 1.5, 1), ALL) == pytest.approx(1)
    middle = on_cells(values, Area(-0.5, 0, 1.5, 1), side=2)
    assert middle[0, 0] == middle[0, 1] < 4


@pytest.mark.parametrize(("part", "share"), [(ALL, 1), (Area(0, 0, 0.5, 1), 0.5), (Area(0.25, 0.25, 0.5, 0.5), 1 / 16)])
def test_mass_is_a_share_of_all(part: Area, share: float) -> None:
    assert mass(torch.full((6, 6), 3.0), ALL, part) == pytest.approx(share)


def test_an_empty_map_has_no_mass() -> None:
    assert mass(torch.zeros(4, 4), ALL, ALL) == 0


def test_peak_is_the_middle_of_the_hottest_place() -> None:
    values = torch.zeros(2, 4)
    values[1, 2] = 1
    assert peak(values, ALL) == (0.625, 0.75)
    assert peak(values, Area(0.5, 0, 1, 1)) == (0.8125, 0.75)
    assert peak(values, Area(0, 0.5, 1, 1)) == (0.625, 0.875)
