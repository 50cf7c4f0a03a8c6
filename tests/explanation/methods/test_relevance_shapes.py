"""Relevance of pictures that are no single square: tiles among the words, tiles beside them, patches of any aspect."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image

from seeread.errors import UsageError
from seeread.explanation.aim import aim
from seeread.explanation.methods.relevance import RELEVANCE, relevance
from seeread.explanation.target import Labels, Written
from seeread.nn.packed import PackedLinear
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.transform import PatchTransform
from seeread.pretrained import Pretrained
from seeread.vision.naflex import NaFlexConfig
from tests.explanation.methods.test_relevance import ANSWER, QUESTION, by_hand, labelled, ready, tower, words
from tests.training.learners import HALF, SMALL


def wide() -> Image.Image:
    made = Image.new("RGB", (32, 16), "blue")
    made.paste("red", (20, 0, 28, 8))
    return made


def seeing(model: Pretrained, transform: Any) -> Pretrained:
    return replace(model, processor=replace(model.processor, image_transform=transform))


def asked(model: Pretrained) -> Written:
    target = aim(model, wide(), QUESTION, answer=ANSWER)
    assert isinstance(target, Written)
    return target


def test_tiles_among_the_words() -> None:
    transform = TileTransform(side=16, grids=((1, 2), (2, 1)), mean=HALF, std=HALF)
    target = asked(seeing(ready("llava", tiles=True), transform))
    found, _ = by_hand(target)
    rows = torch.zeros(3, 4, 12)  # of each tile: of each patch the cells of all tiles
    for tile in range(3):
        rows[tile, :, 4 * tile : 4 * tile + 4] = tower(found, number=tile)[1:]
    line = torch.zeros(1, 12)
    upper, lower = (torch.cat((rows[1, at : at + 2], rows[2, at : at + 2], line)) for at in (0, 2))
    batch = target.batch(target.prepare([target.picture]))
    begun = torch.zeros(batch.tokens.shape[1], 12)
    begun[batch.roles[0] == 1] = torch.cat((rows[0], upper, lower))
    now, before = words(found, begun), len(begun) - len(target.ids) - 1
    whole, first, second = now[before + target.spans[0].start : before + target.spans[0].stop].sum(dim=0).view(3, 2, 2)
    expected = torch.cat((first, second), dim=1) + whole.repeat_interleave(2, dim=1) / 2
    values, area = relevance(target)[0]
    torch.testing.assert_close(values, expected, rtol=1e-3, atol=1e-7)
    assert (area.left, area.top, area.right, area.bottom) == (0, 0, 1, 1)


def test_tiles_beside_the_words() -> None:
    """Each spot of the small copy brings along the features of the tiles at that spot, and what is free stays so."""
    transform = TileTransform(side=16, grids=((1, 2),), mean=HALF, std=HALF, apart=True)
    target = asked(seeing(ready("hybrid", tiles=3, skip_last=0), transform))
    found, _ = by_hand(target)
    rows = torch.zeros(3, 4, 12)
    for tile in range(3):
        rows[tile, :, 4 * tile : 4 * tile + 4] = tower(found, 4, number=tile)
    media = []
    for spot in range(4):  # 2 x 2 spots of the copy, 2 x 4 features of the tiles
        row, column = divmod(spot, 2)
        beside = [rows[1 + column, 2 * row], rows[1 + column, 2 * row + 1]]
        media += [*beside, torch.zeros(12)]  # of three tiles one is not there
    batch = target.batch(target.prepare([target.picture]))
    now = torch.zeros(batch.tokens.shape[1], 12)
    now[batch.roles[0] == 1] = rows[0]
    now = now + found["gates.layers.0.attention.attend"][0] @ torch.stack(media)
    for layer in range(2):
        now = now + found[f"text.transformer.blocks.{layer}.attention.attend"][0] @ now
    before = len(now) - len(target.ids) - 1
    whole, first, second = now[before + target.spans[0].start : before + target.spans[0].stop].sum(dim=0).view(3, 2, 2)
    expected = torch.cat((first, second), dim=1) + whole.repeat_interleave(2, dim=1) / 2
    torch.testing.assert_close(relevance(target)[0][0], expected, rtol=1e-3, atol=1e-7)


def test_patches_of_any_aspect() -> None:
    tower = NaFlexConfig(transformer=SMALL, patch_size=8, positions=3)
    model = ready("dual_encoder", vision=tower, image_pool="attention")
    model = seeing(model, PatchTransform(patch_size=8, max_patches=10))  # of which 2 x 4 are there
    target = replace(labelled(model), picture=wide())
    assert isinstance(target, Labels)
    for values, _ in relevance(target):
        assert values.shape == (2, 4)
        assert values.sum() > 0


def test_packed_weights_are_refused_in_words() -> None:
    target = labelled(ready("dual_encoder"))
    module: Any = target.model.module
    module.extra = PackedLinear.__new__(PackedLinear)
    torch.nn.Module.__init__(module.extra)
    assert "precision fp32" in str(RELEVANCE.fits(target))


def test_a_model_that_sees_nothing_is_refused() -> None:
    model = ready("dual_encoder")
    target = labelled(replace(model, processor=replace(model.processor, image_transform=None)))
    assert RELEVANCE.fits(target) == "it sees no pictures"


def test_what_is_asked_of_a_text_alone() -> None:
    with pytest.raises(UsageError):
        aim(ready("language_model"), wide(), QUESTION, answer=ANSWER)
