"""Hybrid: a small copy among the words and tiles beside them: remembered, shared, learned and kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import seeread as sr
from seeread.checkpoints.load import load
from seeread.checkpoints.save import save
from seeread.errors import CheckpointError
from seeread.generation.complete import complete
from seeread.generation.memory import Memory
from seeread.generation.sampling import Sampling
from seeread.generation.shared import last_places, read_at
from seeread.interface import Batch, Role, Tiled, Tiles
from seeread.models.hybrid import Hybrid
from seeread.models.llava import LLaVA, LLaVAConfig
from seeread.nn.cache import Cache
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tiles import TileTransform
from seeread.pretrained import Origin, Pretrained
from seeread.text.decoder import DecoderConfig
from seeread.training.objectives.writing import next_token
from seeread.vision.vit import ViTConfig
from tests.generation.agreement import same
from tests.generation.models import VISION, block, write
from tests.models.hybrids import CONFIG, GRIDS, SPOTS, hybrid, pictures, prompts
from tests.talkers import CHAT, byte_tokenizer


@torch.no_grad()
def test_starts_as_the_llava_that_sees_the_small_copy() -> None:
    """With closed gates, exactly; and what tiles show matters as soon as they open."""
    model, batch = hybrid(), prompts([[3, 2, 5], [2, 4]])
    images = batch.images
    assert isinstance(images, Tiles)
    llava = LLaVA(LLaVAConfig(vision=CONFIG.vision, text=CONFIG.text)).eval()
    weights = {name: weight for name, weight in model.state_dict().items() if not name.startswith(("gates", "tile"))}
    llava.load_state_dict(weights)
    wholes = images.pixels[[0, 3, 10]]
    expected = llava(replace(batch, images=wholes))
    assert not torch.allclose(model(batch), expected, atol=1e-2)
    for gate in model.gates.layers:
        gate.attention_gate.zero_()
        gate.mlp_gate.zero_()
    assert torch.equal(model(batch), expected)


@torch.no_grad()
def test_each_tile_matters_to_those_behind_it_alone() -> None:
    model, batch = hybrid(), prompts([[3, 2, 5]], GRIDS[:2])
    images = batch.images
    assert isinstance(images, Tiles)
    scores = model(batch)
    first_place = batch.where(Role.IMAGE)[0].nonzero()[:, 0].tolist()
    for tile, picture in ((1, 0), (2, 0), (4, 1), (9, 1)):
        pixels = images.pixels.clone()
        pixels[tile] += 1
        changed = (model(replace(batch, images=replace(images, pixels=pixels))) - scores).abs().amax(dim=2)[0] > 1e-5
        assert not changed[: first_place[picture * SPOTS]].any()
        assert changed[-1]
    same_tiles = images.pixels.clone()
    same_tiles[1], same_tiles[2] = images.pixels[2], images.pixels[1]
    assert not torch.allclose(model(replace(batch, images=replace(images, pixels=same_tiles)))[0, -1], scores[0, -1])


@torch.no_grad()
@pytest.mark.parametrize("cut", [1, 3, 7, 12, 16])
def test_remembered_is_read_anew(cut: int) -> None:
    """In two parts with a cache as at once without, wherever it is cut: within a picture as well; and again after
    forgetting."""
    model, batch = hybrid(), prompts([[3, 5], [3, 5]], GRIDS[:2])
    assert batch.images is not None
    sight, whole, cache = model.see(batch.images), model.read(batch), Cache()
    places = batch.where(Role.IMAGE)
    number = (places.flatten().cumsum(0) - 1).view_as(places)

    def part(start: int, end: int) -> Batch:
        shown = number[:, start:end][places[:, start:end]]
        return Batch(batch.tokens[:, start:end], batch.roles[:, start:end], None, sight[shown] if len(shown) else None)

    length = batch.tokens.shape[1]
    parts = [model.read(part(0, cut), cache), model.read(part(cut, length), cache)]
    assert torch.allclose(torch.cat(parts, dim=1), whole, atol=1e-5)
    for kept in (length - 1, cut, 1):
        cache.cut(kept)
        assert torch.allclose(model.read(part(kept, length), cache), whole[:, kept:], atol=1e-5)


def test_together_as_one_by_one() -> None:
    model, batch = hybrid(), prompts([[3, 2, 5], [6], [2, 4]])
    images = batch.images
    assert isinstance(images, Tiles)
    asked = Sampling(max_tokens=8, logprobs=2)
    together = complete(model, batch, asked, frozenset({7}), write)
    parts = images.pixels.split((1 + images.grids.prod(dim=1)).tolist())
    for row, mine in enumerate(([0, 1], [], [2])):
        kept = batch.valid[row]
        own = None
        if mine:
            own = Tiles(torch.cat([parts[n] for n in mine]), images.grids[mine], images.sizes[mine], apart=True)
        alone = Batch(batch.tokens[row, kept][None], batch.roles[row, kept][None], own)
        same(together[row], complete(model, alone, asked, frozenset({7}), write)[0])


@torch.no_grad()
def test_shared_beginnings_are_read_once() -> None:
    """Questions about one picture: it is seen and read once for all of them."""
    model = hybrid()
    batch = prompts([[60, 9]] * 4, [(2, 2)] * 4)
    tokens = batch.tokens.clone()
    tokens[:, :64] = tokens[0, :64]
    images = batch.images
    assert isinstance(images, Tiles)
    batch = Batch(tokens, batch.roles, replace(images, pixels=images.pixels[:5].repeat(4, 1, 1, 1)))
    expected = model.read(batch)[last_places(batch)]
    seen: list[int] = []
    see = model.see
    model.see = lambda images: seen.append(len(images)) or see(images)  # type: ignore[method-assign, func-returns-value]
    features, cache = read_at(model, batch, last_places(batch))
    assert torch.allclose(features, expected, atol=1e-5)
    assert seen == [1]
    assert cache.context.owners is not None


@torch.no_grad()
def test_a_conversation_is_remembered() -> None:
    model, batch = hybrid(), prompts([[3, 2, 5]], GRIDS[:2])
    assert batch.images is not None
    seen = Batch(batch.tokens, batch.roles, sight=model.see(batch.images))
    memory = Memory()
    for length in (17, 30, 20, seen.tokens.shape[1]):
        shown = int(seen.where(Role.IMAGE)[:, :length].sum())
        assert seen.sight is not None
        part = Batch(seen.tokens[:, :length], seen.roles[:, :length], sight=seen.sight[:shown])
        features, _ = memory.read(model, part)
        assert torch.allclose(features, model.read(part)[:, -1], atol=1e-5), length


def test_learns_what_only_tiles_show() -> None:
    """Small copies that are all alike, and an answer for each picture that only its tiles tell."""
    torch.manual_seed(0)
    model = Hybrid(replace(CONFIG, text=replace(CONFIG.text, transformer=block(layers=2)))).train()
    images = pictures([(2, 2)] * 4)
    images.pixels.view(4, 5, 3, 12, 12)[:, 0] = images.pixels[0]
    batch = prompts([[1, 3]] * 4, [(2, 2)] * 4)
    tokens, roles = batch.tokens.clone(), batch.roles.clone()
    tokens[:, :-2], tokens[:, -2:] = 3, torch.tensor([[5, 6], [7, 8], [9, 10], [11, 12]])
    roles[:, -2:] = Role.ANSWER
    batch = Batch(tokens, roles, images)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(150):
        optimizer.zero_grad()
        loss = next_token(model, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    written = complete(
        model.eval(), Batch(tokens[:, :-2], roles[:, :-2], images), Sampling(max_tokens=2), frozenset(), write
    )
    assert [list(one.ids) for one in written] == tokens[:, -2:].tolist()


def ready(tmp_path: Path, **transform: Any) -> Pretrained:
    """One that talks nonsense about pictures."""
    tokenizer = byte_tokenizer()
    text = DecoderConfig(transformer=CONFIG.text.transformer, vocabulary=tokenizer.size)
    style = replace(CHAT, image_tokens=SPOTS)
    grids = ((1, 1), (1, 2), (2, 1), (2, 2), (2, 3))
    settings: dict[str, Any] = {"side": 12, "grids": grids, "apart": True} | transform
    cut = TileTransform(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), **settings)
    return Pretrained(hybrid(text=text), Processor(cut, tokenizer, style), Origin("tests/hybrid", tmp_path, "native"))


def test_a_folder_of_its_own(tmp_path: Path) -> None:
    """Saved and loaded: the same answers about pictures of any shape, one by one, several at once, in a dialogue."""
    model = ready(tmp_path)
    save(model, tmp_path / "model")
    again = load(tmp_path / "model", precision="fp32")
    assert isinstance(again.module, Hybrid)
    assert again.module.config == model.module.config
    shown = [Image.effect_noise(size, 90).convert("RGB") for size in ((40, 20), (9, 30), (25, 25))]
    options: dict[str, Any] = {"max_tokens": 8}
    answers = [one.text for one in sr.answer(model, shown, "What?", **options)]
    assert [one.text for one in sr.answer(again, shown, "What?", **options)] == answers
    assert [sr.answer(again, one, "What?", **options).text for one in shown] == answers
    assert sr.answer(again, shown, "Which?", together=True, **options).text
    talk = sr.chat(again, **options)
    talk.say("What?", shown[0])
    talk.say("And this?", shown[1])
    assert [turn.speaker for turn in talk.turns] == ["user", "assistant"] * 2
    with pytest.raises(CheckpointError):
        save(model, tmp_path / "other", "transformers")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"apart": False}, "tiles take places among the words"),
        ({"grids": ((7, 1),)}, "up to 7 tiles, and the model reads at most 6"),
        ({"side": 14}, "tiles of 14 pixels"),
    ],
)
def test_other_tiles_are_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    save(ready(tmp_path, **change), tmp_path / "model")
    with pytest.raises(CheckpointError, match=words):
        load(tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"every": 0}, "before every 0 of"),
        ({"every": 1}, "cannot stand before every"),
        ({"tiles": 0}, "no tiles"),
        ({"gates": replace(CONFIG.gates, context_width=20)}, "another width"),
        ({"skip_last": 2}, "leaves out 2 of the 2 layers"),
    ],
)
def test_what_it_cannot_be(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(CONFIG, **change)


def test_what_its_pictures_are_like() -> None:
    assert CONFIG.pictures == Tiled(12, apart=6)
    with_class = replace(VISION, class_token=True)
    assert isinstance(with_class, ViTConfig)
    assert replace(CONFIG, vision=with_class).image_tokens == SPOTS
    with pytest.raises(ValueError, match="7 tiles, and 6"):
        hybrid().see(pictures([(1, 7)]))
    assert isinstance(hybrid(vision=with_class).see(pictures(GRIDS)), Tensor)
    assert isinstance(hybrid().gates, nn.Module)
