"""Patching between minimal pairs: what is put into the other run is just that, and shares are those of the score."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image

from seeread.errors import UsageError
from seeread.explanation.aim import aim
from seeread.explanation.capture import capture
from seeread.explanation.causal.groups import ANSWER, BEGINNING, DIFFERENT, GATHERED, QUESTION, REST, Pair
from seeread.explanation.causal.patching import Patched, patch
from seeread.explanation.edit import edit
from seeread.explanation.target import AnyTarget, Labels
from seeread.models.families import build_model
from seeread.preprocessing.transform import PatchTransform
from seeread.pretrained import Origin, Pretrained
from tests.explanation.causal.writers import MIXED, SPOTTED, noise, target_of, writer
from tests.explanation.runs import DUAL_ENCODERS, shaken
from tests.tiny import colour_model
from tests.training.learners import LEARNERS


def pair(width: int = 16, height: int = 16) -> tuple[Image.Image, Image.Image]:
    """They differ in the upper right quarter, and there everywhere."""
    one, other = noise(width, height), noise(width, height)
    for picture, colour in ((one, (255, 255, 255)), (other, (0, 0, 0))):
        picture.paste(colour, (width // 2, 0, width, height // 2))
    return one, other


def written(name: str, answer: str = "r", width: int = 16) -> tuple[AnyTarget, Image.Image]:
    one, other = pair(width, width // 2 if width > 16 else 16)
    return target_of(writer(name), one, answer), other


def row(found: Patched, layer: str) -> dict[str, float | None]:
    return dict(zip(found.columns, found.restored[found.layers.index(layer)], strict=True))


@pytest.mark.parametrize("name", [*SPOTTED, *MIXED, "chameleon"])
@torch.no_grad()
def test_in_the_end_all_is_in_one_token(name: str) -> None:
    """Of a letter: behind the last block it is read off the token before it, which gives back everything."""
    target, other = written(name)
    found = patch(target, other)
    last = [layer for layer in found.layers if layer.startswith(("text", "cross"))][-1]
    shares = row(found, last)
    before = shares.pop(BEGINNING if len(target.ids) == 1 else ANSWER)  # type: ignore[union-attr]
    assert before == pytest.approx(1, abs=1e-4)
    assert all(share is None or abs(share) < 1e-4 for share in shares.values())
    plain = [float(target.score(target.prepare([picture]))[0, 0]) for picture in (target.picture, other)]
    assert found.scores == pytest.approx(plain, abs=1e-4)


def test_what_was_gathered_of_the_picture_is_all_there_is_of_it() -> None:
    target, other = written("flamingo")
    assert row(patch(target, other), "resampler.layers.1")[GATHERED] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("part", ["stream", "attention", "mlp", "heads"])
def test_by_hand(part: Any) -> None:
    """A LLaVA's first block: the place of the picture where the two differ, or its first head."""
    target, other = written("llava", "red")
    block, images = "text.transformer.blocks.0", [target.prepare([one]) for one in (target.picture, other)]
    path = {"stream": block, "mlp": f"{block}.mlp"}.get(part, f"{block}.attention.attend")
    place = int((target.batch(images[0]).roles[0] == 1).nonzero()[1])  # type: ignore[union-attr]
    where: Any = {"attention": (..., place, slice(None)), "heads": (0, 0)}.get(part, (0, place))
    model = target.model.module
    with torch.no_grad():
        with capture(model, path) as captured:
            first = float(target.score(images[0])[0, 0])
        kept = captured.features[path][0] if path in captured.features else captured.looks[0].given

        def put(path: str, inputs: Any, given: torch.Tensor) -> torch.Tensor:
            changed = given.clone()
            changed[where] = kept[where]
            return changed

        second = float(target.score(images[1])[0, 0])
        with edit(model, {path: put}):
            patched = float(target.score(images[1])[0, 0])
    found = patch(target, other, part)
    assert found.about == target.about[0][0]
    share = row(found, path)["head 1" if part == "heads" else DIFFERENT]
    assert share == pytest.approx((patched - second) / (first - second), abs=1e-3) and abs(share or 0) > 1e-3


@pytest.mark.parametrize("part", ["stream", "attention", "mlp", "heads"])
@pytest.mark.parametrize("name", ["llava", "llava in tiles", "pali", "flamingo", "hybrid", "coca"])
def test_every_part_of_every_entry(name: str, part: Any) -> None:
    target, other = written(name, "red", 32 if name in ("llava in tiles", "hybrid") else 16)
    found = patch(target, other, part)
    assert found.part == part and len(found.restored) == len(found.layers)
    assert all(len(shares) == len(found.columns) for shares in found.restored)
    assert len(set(found.layers)) == len(found.layers)
    if part == "heads":
        assert found.columns == tuple(f"head {n + 1}" for n in range(len(found.columns)))
    told = json.loads(json.dumps(found.as_json()))
    assert told["columns"] == list(found.columns) and len(told["restored"]) == len(told["layers"])


def groups(target: AnyTarget, other: Image.Image, module: str, rows: int, tokens: int) -> dict[str, list[list[int]]]:
    found = Pair.of(target, other).groups(module, rows, tokens)
    return {name: marked.nonzero().tolist() for name, marked in found.items()}


def test_groups_of_a_sequence() -> None:
    target, other = written("llava", "red")
    batch = target.batch(target.prepare([other]))  # type: ignore[union-attr]
    tokens = batch.tokens.shape[1]
    places = (batch.roles[0] == 1).nonzero()[:, 0].tolist()
    found = groups(target, other, "text.transformer.blocks.0", 1, tokens)
    assert found[DIFFERENT] == [[0, places[1]]]
    assert found[REST] == [[0, place] for place in (places[0], *places[2:])]
    begins = tokens - len(target.ids) - 1  # type: ignore[union-attr]
    assert found[BEGINNING] == [[0, begins]]
    assert found[ANSWER] == [[0, place] for place in range(begins + 1, tokens - 1)]
    assert GATHERED not in found
    everything = [token for group in found.values() for token in group]
    assert sorted(everything) == [[0, place] for place in range(tokens - 1)]  # off the last nothing is read


def test_groups_of_an_encoder_decoder() -> None:
    target, other = written("pali", "red")
    roles = target.batch(target.prepare([other])).roles[0].tolist()  # type: ignore[union-attr]
    prompt = len(roles) - len(target.ids)  # type: ignore[union-attr]
    encoder = groups(target, other, "text.encoder.blocks.0", 1, prompt)
    assert encoder[DIFFERENT] == [[0, roles.index(1) + 1]] and set(encoder) == {DIFFERENT, REST, QUESTION}
    assert encoder[QUESTION][-1] == [0, prompt - 1]
    decoder = groups(target, other, "text.decoder.blocks.0", 1, 4)
    assert decoder == {BEGINNING: [[0, 0]], ANSWER: [[0, 1], [0, 2]]}


def test_groups_of_a_tower_and_of_its_tiles() -> None:
    target, other = written("llava", "r")
    assert groups(target, other, "vision.transformer.blocks.0", 1, 5) == {
        DIFFERENT: [[0, 2]], REST: [[0, 1], [0, 3], [0, 4]], GATHERED: [[0, 0]],
    }  # fmt: skip
    target, other = written("llava in tiles", "r", 32)  # the whole, and two tiles beside each other
    found = groups(target, other, "vision.transformer.blocks.0", 3, 5)
    assert found[DIFFERENT] == [[0, 2], [2, 1], [2, 2]]
    assert found[GATHERED] == [[0, 0], [1, 0], [2, 0]] and len(found[REST]) == 9


def compared(name: str) -> tuple[AnyTarget, Image.Image]:
    learner = LEARNERS["dual_encoder"]
    config: Any = DUAL_ENCODERS.get(name, learner.config)
    model = shaken(build_model(config))
    processor = learner.processor
    if name == "NaFlex":
        processor = replace(processor, image_transform=PatchTransform(patch_size=8, max_patches=8))
    if name == "ResNet":
        transform: Any = processor.image_transform
        processor = replace(processor, image_transform=replace(transform, size=(64, 64)))
    ready = Pretrained(model, processor, Origin("tests/dual", learner.pretrained(model).origin.path, "native"))  # type: ignore[arg-type]
    one, other = pair(64, 64) if name == "ResNet" else pair()
    texts = torch.eye(2, config.embedding)
    return Labels(ready, one, ("red", "blue"), texts), other


@pytest.mark.parametrize("name", ["class token", "attention pooling", "NaFlex"])
def test_dual_encoders(name: str) -> None:
    target, other = compared(name)
    found = patch(target, other)
    end = row(found, "vision.transformer.blocks.1")
    if name == "class token":
        assert end[GATHERED] == pytest.approx(1, abs=1e-4)
        assert end[DIFFERENT] == pytest.approx(0, abs=1e-4)
    else:
        assert {DIFFERENT, REST} <= set(end)
        heads = patch(target, other, "heads")
        assert sum(share or 0 for share in heads.restored[-1]) != 0 and "image_pool.attention.attend" in heads.layers


def test_layers_that_run_again_are_patched_again() -> None:
    learner = LEARNERS["perceiver_classifier"]
    config: Any = replace(learner.config, latents=replace(learner.config.latents, repeats=2, reads=2))
    ready = replace(learner, config=config).pretrained(shaken(build_model(config)))
    one, other = pair()
    found = patch(aim(ready, one), other)
    assert "latents.blocks.blocks.0" in found.layers and "latents.blocks.blocks.0, time 2" in found.layers
    assert row(found, "latents.blocks.blocks.1, time 2")[GATHERED] == pytest.approx(1, abs=1e-4)
    assert row(found, "decoder")[GATHERED] == pytest.approx(1, abs=1e-4)


def test_pairs_that_are_none() -> None:
    target, other = written("llava")
    with pytest.raises(UsageError, match="differ in size"):
        patch(target, other.resize((32, 16)))
    with pytest.raises(UsageError, match="nothing to restore"):
        patch(target, target.picture)
    with pytest.raises(UsageError, match="Take a model with a transformer"):
        patch(aim(colour_model(), Image.new("RGB", (8, 8), "red"), "red ; blue"), Image.new("RGB", (8, 8), "blue"))
    target, other = compared("ResNet")
    with pytest.raises(UsageError, match="no stream of tokens"):
        patch(target, other)
