"""The recipe of the bundled model: its batches, its captions, and the step from small pictures to larger ones."""

import runpy
from pathlib import Path
from typing import Any

import pytest
import torch

from seeread.data.captioned import CaptionedImages
from seeread.nn.initialise import initialise

FILE = Path(__file__).parents[1] / "recipes" / "mini_clip.py"


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    return runpy.run_path(str(FILE))


def test_classes_go_by_their_own_words_and_by_everyday_ones(recipe: dict[str, Any]) -> None:
    assert recipe["class_captions"]({"name": "tabby, tabby cat"}) == ("tabby", "tabby cat", "cat")
    assert recipe["class_captions"]({"name": "abacus"}) == ("abacus",)


def test_a_batch_is_a_function_of_seed_and_step(recipe: dict[str, Any], tmp_path: Path) -> None:
    pixels = torch.randint(0, 256, (220, 3, 8, 8), dtype=torch.uint8)
    classes = CaptionedImages(pixels, tuple((f"thing {n}",) for n in range(220)), torch.arange(220))
    photos = CaptionedImages(pixels[:70], tuple((f"a photo of {n}", "another") for n in range(70)))
    recipe["learn_tokenizer"](["a thing on a photo", "another 0123456789"]).save(str(tmp_path / "tokenizer.json"))
    tokenizer = recipe["Tokenizer"].load(tmp_path, recipe["RULES"])
    first, again, other = (recipe["Batches"](classes, photos, tokenizer, 16, seed) for seed in (0, 0, 1))
    images, tokens = first(3)
    assert images.shape == (256, 3, 16, 16) and len(tokens) == 256
    assert torch.equal(images, again(3)[0]) and torch.equal(tokens, again(3)[1])
    assert not torch.equal(images, other(3)[0]) and not torch.equal(images, first(4)[0])


def test_larger_pictures_keep_what_was_learned(recipe: dict[str, Any]) -> None:
    torch.manual_seed(0)
    small = recipe["DualEncoder"](recipe["of_side"](64)).eval()
    initialise(small)
    same, larger = recipe["enlarged"](small, 64).eval(), recipe["enlarged"](small, 96).eval()
    for name, tensor in small.state_dict().items():
        assert torch.equal(tensor, same.state_dict()[name]), name
        if name != "image_pool.positions":
            assert torch.equal(tensor, larger.state_dict()[name]), name
    places, stretched = small.image_pool.positions, larger.image_pool.positions
    assert stretched.shape == (10, 1024) and torch.equal(places[0], stretched[0])
    torch.testing.assert_close(stretched[5], places[1:].mean(0))  # the middle of nine lies between the four
    with torch.inference_mode():
        assert larger.embed_image(torch.randn(2, 3, 96, 96)).shape == (2, 256)


def test_the_bundled_model_is_the_one_of_the_recipe(recipe: dict[str, Any]) -> None:
    import seeread

    model = seeread.load("seeread/mini-clip", precision="fp32")
    assert model.module.config == recipe["MODEL"]
    assert model.processor.image_transform == recipe["TRANSFORM"]
    assert model.processor.tokenizer.rules == recipe["RULES"]
