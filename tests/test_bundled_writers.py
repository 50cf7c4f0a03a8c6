"""The two models that write and lie in the package: what their cards and the catalogue say of them is so."""

import re
from pathlib import Path

import pytest

import seeread
from seeread.checkpoints.catalogue import find
from seeread.data.readers.easy_vqa import kind_of_question, read_easy_vqa
from seeread.data.scenes import invent, render
from tests.shared import shared

BUNDLED = Path(seeread.__file__).parent / "bundled"
NAMES = tuple(f"mini-{family}" for family in ("llava", "paligemma", "flamingo", "pali", "hybrid", "fuyu"))


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str) -> seeread.Pretrained:
    return seeread.load(f"seeread/{name}", precision="fp32")


def test_it_is_as_large_as_it_may_be_and_as_the_catalogue_says(name: str, model: seeread.Pretrained) -> None:
    entry = find(f"seeread/{name}")
    assert entry is not None
    assert sum(parameter.numel() for parameter in model.module.parameters()) == entry.parameters
    assert entry.parameters is not None and entry.parameters < 15e6
    assert sum(path.stat().st_size for path in (BUNDLED / name).iterdir()) < 20e6


def test_it_answers_about_pictures_that_it_has_not_seen(name: str, model: seeread.Pretrained) -> None:
    examples = read_easy_vqa(shared("easy_vqa"), "test")
    asked = [each for each in examples if kind_of_question(each.about) != "yes/no"][:80]
    right = 0
    for each in asked:
        right += seeread.answer(model, each.image, each.about, max_tokens=4).text == each.answer
    card = (BUNDLED / name / "README.md").read_text()
    told = [float(found) / 100 for found in re.findall(r"\| easy-VQA, (?:colour|shape) \| (\d+\.\d) %", card)]
    assert len(told) == 2
    assert right / len(asked) > min(told) - 0.12  # eighty answers: three standard errors


def test_what_it_says_follows_the_picture(model: seeread.Pretrained) -> None:
    told = [seeread.caption(model, render(invent(seed), 128)).text for seed in range(3_000_000, 3_000_008)]
    assert len(set(told)) > 5


def test_it_points_at_a_shape() -> None:
    pointer = seeread.load("seeread/mini-paligemma", precision="fp32")
    hits = 0
    for seed in range(3_000_100, 3_000_130):
        scene = invent(seed, most=1)
        (thing,) = scene.things
        found = seeread.detect(pointer, render(scene, 256), [thing.name])
        hits += any(each.box.overlap(thing.box) > 0.5 for each in found)
    assert hits >= 27  # 29 when its card was written
