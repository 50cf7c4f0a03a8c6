"""Painting over: of a model that knows nothing but colours, where right answers are known; and of all others."""

import json

import pytest
import torch
from PIL import Image

from seeread.explanation.aim import aim
from seeread.explanation.causal.effects import Region, cells
from seeread.explanation.causal.occlusion import OCCLUSION, occlude
from seeread.explanation.heatmap import Area
from tests.explanation.causal.writers import MIXED, SPOTTED, noise, target_of, writer
from tests.tiny import colour_model


def half_red() -> Image.Image:
    """The left half red, and the other blue."""
    picture = Image.new("RGB", (64, 64), "blue")
    picture.paste((255, 0, 0), (0, 0, 32, 64))
    return picture


def test_where_the_colour_is() -> None:
    target = aim(colour_model(), half_red(), "red ; blue")
    (red, over), (blue, _) = OCCLUSION.maps(target)
    assert over == Area() and red.shape == (8, 8) and red.dtype == torch.float32
    assert red[:, :3].min() > 0 and not red[:, 5:].any()
    assert blue[:, 5:].min() > 0 and not blue[:, :3].any()
    assert torch.allclose(red, blue.flip(1), atol=1e-4)


def test_an_effect_is_that_of_the_painted_picture() -> None:
    part = Region("upper left", Area(-0.1, 0, 0.25, 0.5))  # what lies outside of the picture is not painted
    wide = half_red().resize((128, 64), Image.Resampling.NEAREST)
    target = aim(colour_model(), wide, "red ; blue")
    painted = wide.copy()
    painted.paste((128, 0, 128), (0, 0, 32, 32))
    effects = occlude(target, [part, Region("nothing", Area(0.5, 0.5, 0.5, 0.6))])
    plain, without = (target.score(target.prepare([picture]))[0] for picture in (wide, painted))
    assert torch.allclose(torch.tensor(effects.scores), plain)
    assert torch.allclose(torch.tensor(effects.changes), torch.stack((without - plain, 0 * plain)), atol=1e-6)
    assert effects.changes[0][0] < 0 < effects.changes[0][1]


def test_nothing_is_lost_from_a_picture_of_one_colour() -> None:
    target = aim(colour_model(), Image.new("RGB", (20, 30), "red"), "red ; blue")
    assert all(not values.any() for values, _ in OCCLUSION.maps(target))
    assert occlude(target, []).changes == ()


@pytest.mark.parametrize("name", [*SPOTTED, *MIXED, "chameleon"])
def test_it_fits_every_model(name: str) -> None:
    target = target_of(writer(name), noise(40, 20))
    assert OCCLUSION.fits(target) is None
    maps = OCCLUSION.maps(target)
    assert len(maps) == len(target.about) and all(bool(values.isfinite().all()) for values, _ in maps)
    assert any(bool(values.any()) for values, _ in maps)


def test_cells_cover_an_area_in_reading_order() -> None:
    grid = cells(2, 3, Area(0.1, 0.2, 0.7, 1.0))
    assert [region.name for region in grid][:4] == [f"row 1, column {n}" for n in (1, 2, 3)] + ["row 2, column 1"]
    first, last = grid[0].area, grid[-1].area
    assert (first.left, first.top) == pytest.approx((0.1, 0.2)) and (last.right, last.bottom) == pytest.approx((0.7, 1))
    wide = cells(2, 3, Area(0.1, 0.2, 0.7, 1.0), wider=2)[0].area
    assert (wide.left, wide.right) == pytest.approx((0, 0.4))
    assert json.dumps([vars(region.area) for region in grid])
