"""Maps that know nothing, pictures with holes, and the same model with other weights."""

import numpy
import pytest
import torch
from PIL import Image, ImageDraw

from seeread.explanation.faith.controls import blobs, centre, edges, level
from seeread.explanation.faith.deletion import Cut, kept_cells, order
from seeread.explanation.faith.randomise import likeness, rank_correlation, shuffled
from seeread.explanation.heatmap import Area
from tests.tiny import tiny_model


def test_blobs_are_smooth_and_the_same_again() -> None:
    one, other = torch.stack(blobs(20)), torch.stack(blobs(20))
    assert torch.equal(one, other) and not torch.equal(one, torch.stack(blobs(20, seed=1)))
    assert one.min() >= 0
    steps = one.diff(dim=2).abs().mean() / one.std()
    assert steps < 0.6, "neighbours are alike, as in real maps"


def test_the_centre_is_in_the_centre() -> None:
    found = centre(9)
    assert int(found.argmax()) == 4 * 9 + 4 and torch.allclose(found, found.flip(0)) and torch.allclose(found, found.T)


def test_edges_are_where_things_are_drawn() -> None:
    picture = Image.new("RGB", (80, 80), "grey")
    ImageDraw.Draw(picture).rectangle((50, 10, 70, 30), fill="white")
    found = edges(picture)
    assert found[1, 5] > 0 and found[6, 1] == 0
    assert found[:4, 4:].sum() > 0.9 * found.sum()


def test_opposites_of_random_maps_count_too() -> None:
    scores = torch.arange(20.0)[:, None]
    assert float(level(scores)) == pytest.approx(float(torch.arange(-19.0, 20).quantile(0.95)), abs=0.2)
    assert float(level(-scores)) == float(level(scores))


def test_cells_go_in_and_out_from_the_hottest_on() -> None:
    cells = torch.tensor([[3.0, 1], [0, 2]])
    assert order(cells).tolist() == [0, 3, 1, 2]
    inserted, deleted = kept_cells(cells, steps=4)
    assert inserted.tolist() == [[1, 0, 0, 0], [1, 0, 0, 1], [1, 1, 0, 1]]
    assert torch.equal(deleted, ~inserted)


def test_equal_cells_come_in_no_order_of_their_own() -> None:
    found = order(torch.zeros(8, 8)).tolist()
    assert sorted(found) == list(range(64)) and found != list(range(64))


def test_a_hole_takes_the_colours_around_it_and_shows_nothing_of_what_was_there() -> None:
    picture = Image.new("RGB", (64, 64), (10, 200, 30))
    picture.paste((255, 0, 0), (16, 16, 24, 24))
    kept = torch.ones(64, dtype=torch.bool)
    kept[2 * 8 + 2] = False
    found = numpy.asarray(Cut(picture).keeping(kept))
    assert abs(found[16:24, 16:24].astype(int) - (10, 200, 30)).max() <= 1
    assert (found[:16] == numpy.asarray(picture)[:16]).all()


def test_a_picture_with_all_or_nothing() -> None:
    picture = Image.new("RGB", (40, 24), "black")
    picture.paste((255, 255, 255), (0, 0, 20, 24))
    cut = Cut(picture)
    assert cut.keeping(torch.ones(64, dtype=torch.bool)) is cut.picture
    blank = numpy.asarray(cut.keeping(torch.zeros(64, dtype=torch.bool))).astype(int)
    assert blank.shape == (24, 40, 3)
    assert abs(blank - 128).mean() < abs(numpy.asarray(picture).astype(int) - 128).mean()


def test_shuffled_weights_are_the_same_numbers_elsewhere() -> None:
    model = tiny_model()
    before = {name: value.clone() for name, value in model.module.named_parameters()}
    other = shuffled(model)
    for name, value in other.module.named_parameters():
        assert torch.equal(value.flatten().sort().values, before[name].flatten().sort().values)
        assert value.numel() < 8 or not torch.equal(value, before[name]), name
    assert all(torch.equal(value, before[name]) for name, value in model.module.named_parameters())


def test_likeness_is_of_ranks() -> None:
    rising = torch.arange(64.0).reshape(8, 8)
    assert likeness((rising, Area()), (rising**3, Area())) == pytest.approx(1)
    assert likeness((rising, Area()), (-rising, Area())) == pytest.approx(-1)
    assert likeness((rising, Area()), (torch.zeros(8, 8), Area())) == 0
    assert rank_correlation(torch.tensor([1.0, 1, 2]), torch.tensor([1.0, 2, 3])) == pytest.approx(3**0.5 / 2)
