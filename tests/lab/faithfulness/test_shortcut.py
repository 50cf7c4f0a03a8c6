"""The proof: explanations find a planted shortcut in models of every design, and never in those that have none."""

from dataclasses import replace
from functools import cache

import numpy
import pytest

from seeread.errors import SeereadError
from seeread.explanation.faith.cells import peak
from seeread.explanation.methods.table import METHODS, default
from seeread.lab.faithfulness.rows import Row
from seeread.lab.faithfulness.shortcut import learn
from seeread.lab.faithfulness.shortcut.designs import designs
from seeread.lab.faithfulness.shortcut.follow import asked, finds, follows
from seeread.lab.faithfulness.shortcut.learn import FIRST, learned, untrained
from seeread.lab.faithfulness.shortcut.marked import ANSWERS, CORNERS, MARK, NOTHING, SIDE, marked
from seeread.lab.faithfulness.shortcut.measure import planted

SEEDS = range(8)
CAUSES = {"relevance", "occlusion"}
"""The methods that fit every design; others are measured, and not held to the mark."""


@cache
def rows(name: str) -> list[Row]:
    return list(planted(name, [method for method in METHODS if method.name in CAUSES], SEEDS))


@pytest.mark.parametrize("name", designs())
def test_the_shortcut_is_found_and_none_where_there_is_none(name: str) -> None:
    found = {row.method: row for row in rows(name) if row.test == "shortcut"}
    chance = {row.method: row for row in rows(name) if row.test == "no shortcut"}
    assert set(found) == set(chance) == CAUSES
    for method in CAUSES:
        assert found[method].measured.score >= 0.9 and found[method].beats, (method, found[method])
        assert not chance[method].beats, (method, chance[method])


def test_nor_in_a_model_that_has_learned_nothing() -> None:
    for design in designs().values():
        model = untrained(design)
        method = default(asked(model, marked(0, 0), "red")[0])
        assert not finds(follows(model, method, range(6)))


def test_of_a_seed_only_the_corner_differs() -> None:
    pictures = [marked(5, corner) for corner in range(CORNERS)]
    assert len({(one.answer, one.seen) for one in pictures}) == 1
    arrays = [numpy.array(one.picture) for one in pictures]
    assert all((array[MARK:-MARK] == arrays[0][MARK:-MARK]).all() for array in arrays)
    for one, array in zip(pictures, arrays, strict=True):
        where = one.where
        rows, columns = (
            slice(round(where.top * SIDE), round(where.bottom * SIDE)),
            slice(round(where.left * SIDE), round(where.right * SIDE)),
        )
        assert array[rows, columns].shape == (MARK, MARK, 3)
        others = [other for other in arrays if other is not array]
        assert all((array[rows, columns] != other[rows, columns]).any() for other in others)


def test_the_shape_contradicts_the_mark_where_it_is_tested_and_helps_half_the_time_where_it_is_learned() -> None:
    assert all(marked(seed, 0).seen != marked(seed, 0).answer for seed in range(40))
    agreeing = [marked(FIRST + seed, 0, agreeing=True) for seed in range(200)]
    assert 70 < sum(one.seen == one.answer for one in agreeing) < 130
    assert {one.answer for one in agreeing} == set(ANSWERS)
    assert marked(3, 1, telling=False).answer == NOTHING


def test_a_map_of_the_shape_is_not_taken_for_the_mark() -> None:
    """What looks for things finds the shape: the benchmark sees that it is wrong."""
    design = designs()["Fuyu"]
    model = untrained(design)
    method = next(method for method in METHODS if method.name == "relevance")

    def on_the_shape(target: object) -> object:
        drawn = method.maps(target)  # type: ignore[arg-type]
        values = drawn[0][0].new_zeros(4, 4)
        values[1, 1] = 1
        return [(values, area) for _, area in drawn]

    wrong = replace(method, maps=on_the_shape)  # type: ignore[arg-type]
    assert follows(model, wrong, range(3)).score == 0
    one = marked(0, 3)
    values, area = wrong.maps(asked(model, one, one.answer)[0])[0]
    assert peak(values, area) == (0.375, 0.375)


def test_says_so_where_nothing_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "MOST", 3)
    with pytest.raises(SeereadError, match="has not learned the shortcut"):
        learned(designs()["Fuyu"])
