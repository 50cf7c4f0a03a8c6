"""Relevance against its matrices written out, family by family, and on models that were taught where to look."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from seeread.explanation.aim import aim
from seeread.explanation.methods.relevance import RELEVANCE, relevance
from seeread.explanation.target import AnyTarget, Labels, Written
from seeread.pretrained import Pretrained
from tests.explanation.methods.explicit import Maps, kept_maps, toward
from tests.training.learners import LEARNERS, PICTURES, VISION

QUESTION, ANSWER = "what?", "red"


def ready(family: str, **changes: object) -> Pretrained:
    """Random weights, and gates that are open."""
    learner = LEARNERS[family]
    learner = replace(learner, config=replace(learner.config, **changes))
    model = learner.model()
    for name, weight in model.named_parameters():
        if name.endswith("gate"):
            nn.init.constant_(weight, 0.7)
    return learner.pretrained(model)


def picture() -> Image.Image:
    made = Image.new("RGB", (16, 16), "blue")
    made.paste("red", (0, 0, 8, 8))
    made.paste("white", (8, 8, 12, 16))
    return made


def labelled(model: Pretrained, count: int = 2) -> Labels:
    """Two labels somewhere in the space of the model."""
    texts = F.normalize(torch.randn(count, 16, generator=torch.Generator().manual_seed(1)), dim=-1)
    return Labels(model, picture(), ("red", "blue")[:count], texts)


def asked(model: Pretrained) -> Written:
    """A question with its answer."""
    target = aim(model, picture(), QUESTION, answer=ANSWER)
    assert isinstance(target, Written)
    return target


def by_hand(target: AnyTarget) -> tuple[Maps, Tensor]:
    """What each attention did for the first score."""
    images = target.prepare([target.picture])
    module: Any = target.model.module
    with kept_maps(module) as maps:
        if isinstance(target, Written):
            odds = target.odds(target.score(images))[0, 0]
        else:
            vector = module.project_image(images)
            odds = target.odds(target.compared(vector / vector.norm(dim=-1, keepdim=True).detach()))[0, 0]
    seen = {path: one for path, one in maps.items() if one.requires_grad}
    return toward(odds, seen), odds


def even(grown: Tensor, begun: Tensor | float = 0) -> Tensor:
    """What another stream reads: what was there, and what was read in rows whose sum is one."""
    return begun + grown / grown.sum(dim=-1, keepdim=True).clamp(min=1e-30)


def tower(found: Mapping[str, Tensor], tokens: int = 5, number: int = 0) -> Tensor:
    """(tokens, cells) of four cells, the class token's row first if there is one."""
    begun = torch.eye(tokens)[:, tokens - 4 :]
    now = begun
    for layer in range(2):
        now = now + found[f"vision.transformer.blocks.{layer}.attention.attend"][number] @ now
    return even(now - begun, begun)


def words(found: Mapping[str, Tensor], begun: Tensor) -> Tensor:
    now = begun
    for layer in range(2):
        now = now + found[f"text.transformer.blocks.{layer}.attention.attend"][0] @ now
    return now


def spliced(target: Written, tokens: Tensor) -> Tensor:
    batch = target.batch(target.prepare([target.picture]))
    begun = torch.zeros(batch.tokens.shape[1], 4)
    begun[batch.roles[0] == 1] = tokens
    return begun


def answer_rows(target: Written, length: int) -> slice:
    before, span = length - len(target.ids) - 1, target.spans[0]
    return slice(before + span.start, before + span.stop)


def test_class_token() -> None:
    target = labelled(ready("dual_encoder"))
    found, _ = by_hand(target)
    now = torch.eye(5)
    for layer in range(2):
        now = now + found[f"vision.transformer.blocks.{layer}.attention.attend"][0] @ now
    [first, _], expected = relevance(target), now[0, 1:].view(2, 2)
    torch.testing.assert_close(first[0], expected, rtol=1e-4, atol=1e-7)


def test_attention_pooling() -> None:
    target = labelled(ready("dual_encoder", vision=VISION, image_pool="attention"))
    found, _ = by_hand(target)
    expected = found["image_pool.attention.attend"][0] @ tower(found, 4)
    torch.testing.assert_close(relevance(target)[0][0], expected.view(2, 2), rtol=1e-4, atol=1e-7)


def test_the_sequence() -> None:
    target = asked(ready("llava"))
    found, _ = by_hand(target)
    now = words(found, spliced(target, tower(found)[1:]))
    expected = now[answer_rows(target, len(now))].sum(dim=0)
    torch.testing.assert_close(relevance(target)[0][0], expected.view(2, 2), rtol=1e-4, atol=1e-7)


def test_gates_and_a_resampler() -> None:
    target = asked(ready("flamingo"))
    found, _ = by_hand(target)
    patches, queries = tower(found)[1:], torch.zeros(3, 4)
    for layer in range(2):
        read = torch.cat((patches, queries))
        queries = queries + found[f"resampler.layers.{layer}.attention.attend"][0] @ read
    media = even(queries)
    count = found["text.transformer.blocks.0.attention.attend"].shape[-1]
    now = found["gates.layers.0.attention.attend"][0] @ media
    now = words(found, now)
    expected = now[answer_rows(target, count)].sum(dim=0)
    torch.testing.assert_close(relevance(target)[0][0], expected.view(2, 2), rtol=1e-4, atol=1e-7)


def test_an_encoder_and_a_decoder() -> None:
    target = asked(ready("pali"))
    found, _ = by_hand(target)
    batch = target.batch(target.prepare([target.picture]))
    begun = spliced(target, tower(found, 4))[(batch.roles[0] == 1) | (batch.roles[0] == 2)]
    prompt = begun
    for layer in range(2):
        prompt = prompt + found[f"text.encoder.blocks.{layer}.attention.attend"][0] @ prompt
    prompt, answer = even(prompt - begun, begun), torch.zeros(len(target.ids) + 1, 4)
    for layer in range(2):
        answer = answer + found[f"text.decoder.blocks.{layer}.attention.attend"][0] @ answer
        answer = answer + found[f"text.decoder.blocks.{layer}.cross_attention.attend"][0] @ prompt
    expected = answer[: len(target.ids)].sum(dim=0)  # each row foretells the next
    torch.testing.assert_close(relevance(target)[0][0], expected.view(2, 2), rtol=1e-4, atol=1e-7)


def test_words_that_read_a_pooled_picture() -> None:
    model = ready("coca")
    target = aim(model, picture(), task="caption", answer=ANSWER)
    assert isinstance(target, Written)
    found, _ = by_hand(target)
    media = even(found["image_pool.pooler.attention.attend"][0] @ tower(found))[1:]
    now = torch.zeros(found["text.transformer.blocks.1.attention.attend"].shape[-1], 4)
    for layer in range(2):
        now = now + found[f"text.transformer.blocks.{layer}.attention.attend"][0] @ now
        if layer == 1:
            now = now + found["cross.0.attention.attend"][0] @ media
    expected = now[answer_rows(target, len(now))].sum(dim=0)
    torch.testing.assert_close(relevance(target)[0][0], expected.view(2, 2), rtol=1e-4, atol=1e-7)


SEEING = [
    name
    for name in LEARNERS
    if name not in ("language_model", "t5", "perceiver_language_model", "perceiver_flow", "perceiver")
]


@pytest.mark.parametrize("family", SEEING)
def test_every_family_has_a_map(family: str) -> None:
    model = ready(family)
    target: AnyTarget
    if family == "dual_encoder":
        target = labelled(model)
    elif family in ("perceiver_classifier", "tower_probe"):
        target = aim(model, PICTURES[0])
    else:
        target = aim(model, PICTURES[0], None if family == "coca" else QUESTION, answer=ANSWER)
    assert RELEVANCE.fits(target) is None
    for values, area in relevance(target):
        assert values.dtype == torch.float32
        assert values.isfinite().all()
        assert (values >= 0).all()
        assert values.sum() > 0
        assert (area.left, area.top, area.right, area.bottom) == (0, 0, 1, 1)
