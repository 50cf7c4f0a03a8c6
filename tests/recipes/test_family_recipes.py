"""Every recipe can be read in both sizes, and the laptop one, made small, learns for two steps."""

import inspect
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

import seeread
from seeread.data.sets.dataset import DataSet
from seeread.training.follow import begin, follow
from seeread.training.recipe import Portion, Recipe
from seeread.training.recipe_file import load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
NAMES = ["clip", "siglip", "lit", "llava_stage1", "llava_stage2", "paligemma", "flamingo", "pali"]


def few(portion: Portion) -> DataSet:
    """Some of the examples of a portion, without drawing all of them."""
    assert callable(portion.data)
    make = inspect.unwrap(portion.data)
    made = make.__globals__  # type: ignore[attr-defined]
    whole, name = made["scene_set"], "scene_set"
    made[name] = lambda count, *rest, **named: whole(12, *rest, **named)
    try:
        return make()
    finally:
        made[name] = whole


def shrunken(recipe: Recipe) -> Recipe:
    data = tuple(replace(portion, data=partial(few, portion)) for portion in recipe.data)
    return replace(recipe, data=data).but(steps=2, batch=4, warmup=1, save_every=2)


def of(name: str, tmp_path: Path) -> Recipe:
    recipe = shrunken(load_recipe(RECIPES / f"{name}.py"))
    if name != "llava_stage2":
        return recipe
    follow(shrunken(load_recipe(RECIPES / "llava_stage1.py")), tmp_path / "first")
    return replace(recipe, start=str(tmp_path / "first" / "model"))


@pytest.mark.parametrize("name", NAMES)
def test_makes_two_steps(name: str, tmp_path: Path) -> None:
    recipe = of(name, tmp_path)
    before = begin(recipe).module.state_dict()
    follow(recipe, tmp_path / "run")
    model = seeread.load(tmp_path / "run" / "model", device="cpu", precision="fp32")
    after = model.module.state_dict()
    moved = {key.partition(".")[0] for key in after if not torch.allclose(after[key], before[key], atol=2e-4)}
    assert moved and ("vision" in moved) == (name in ("clip", "siglip"))


@pytest.mark.parametrize("name", NAMES)
def test_has_a_full_size(name: str) -> None:
    laptop, full = (load_recipe(RECIPES / f"{name}.py", full=size) for size in (False, True))
    assert (
        full.settings.steps > laptop.settings.steps and full.goal == laptop.goal and full.mode == laptop.mode
    )
    assert full.settings.warmup < full.settings.steps
    assert all(isinstance(portion.data, str) for portion in full.data)


@pytest.mark.parametrize("name", ["clip", "llava_stage1", "flamingo"])
def test_begins_the_same_every_time(name: str) -> None:
    recipe = load_recipe(RECIPES / f"{name}.py")
    one, other = (begin(recipe).module.state_dict() for _ in range(2))
    assert all(torch.equal(one[key], other[key]) for key in one)
