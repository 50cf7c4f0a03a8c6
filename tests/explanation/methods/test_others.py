"""LeGrad, rollout, raw attention, dense similarity and class activation maps against their formulae written out."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from seeread.explanation.methods.cam import gradcam, layercam
from seeread.explanation.methods.dense import dense
from seeread.explanation.methods.legrad import legrad
from seeread.explanation.methods.method import Drawn
from seeread.explanation.methods.raw import raw_attention
from seeread.explanation.methods.rollout import rollout
from seeread.explanation.target import AnyTarget, Labels
from seeread.vision.resnet import ResNetConfig
from tests.explanation.methods.explicit import Maps, kept_maps
from tests.explanation.methods.test_relevance import answer_rows, asked, labelled, ready, spliced
from tests.training.learners import VISION

RESNET = ResNetConfig(layers=(1, 1), stem=8, heads=4, image_size=16)


def same(found: Drawn, expected: Tensor) -> None:
    torch.testing.assert_close(found[0], expected.detach().reshape(found[0].shape), rtol=1e-4, atol=1e-7)


def maps_of(target: AnyTarget) -> Maps:
    """The mean over heads of all maps, (queries, keys)."""
    with torch.no_grad(), kept_maps(target.model.module, held=False) as maps:
        target.score(target.prepare([target.picture]))
    return {path: weights[0].mean(dim=0) for path, weights in maps.items()}


def tower(layer: int) -> str:
    return f"vision.transformer.blocks.{layer}.attention.attend"


def test_rollout() -> None:
    target, one = labelled(ready("dual_encoder")), torch.eye(5)
    maps = maps_of(target)
    expected = (maps[tower(1)] + one) / 2 @ ((maps[tower(0)] + one) / 2)
    same(rollout(target)[0], expected[0, 1:])


def test_raw_attention_of_a_class_token_is_its_last_row() -> None:
    target = labelled(ready("dual_encoder"))
    same(raw_attention(target)[1], maps_of(target)[tower(1)][0, 1:])


def test_raw_attention_of_words_is_that_of_the_last_layer() -> None:
    target = asked(ready("llava"))
    last = maps_of(target)["text.transformer.blocks.1.attention.attend"]
    rows = last[answer_rows(target, len(last))] @ spliced(target, torch.eye(4))
    same(raw_attention(target)[0], rows.sum(dim=0))


def test_raw_attention_through_gates_follows_the_resampler() -> None:
    target = asked(ready("flamingo"))
    maps = maps_of(target)
    gates = maps["gates.layers.0.attention.attend"]
    resampled = maps["resampler.layers.1.attention.attend"][:, :4]
    same(raw_attention(target)[0], (gates[answer_rows(target, len(gates))] @ resampled).sum(dim=0))


def judge(target: Labels, features: Tensor) -> Tensor:
    """What a layer's tokens are worth as if they were the last."""
    module: Any = target.model.module
    vector = module.image_projection(module.image_pool(module.vision.norm(features)))
    return target.odds(target.compared(vector / vector.norm(dim=-1, keepdim=True).detach()))[0]


@pytest.mark.parametrize("pool", ["class", "attention"])
def test_legrad(pool: str) -> None:
    changes = {} if pool == "class" else {"vision": VISION, "image_pool": "attention"}
    target = labelled(ready("dual_encoder", **changes))
    module: Any = target.model.module
    x = module.vision.patches(target.prepare([target.picture])).flatten(2).transpose(1, 2)
    if pool == "class":
        x = torch.cat((module.vision.class_token.expand(1, 1, -1), x), dim=1)
    x, expected = module.vision.pre_norm(x + module.vision.positions), torch.zeros(4)
    for layer, block in enumerate(module.vision.transformer.blocks):
        with kept_maps(module) as maps:
            x = block(x)
            odds = judge(target, x)[0]
        weights = maps["image_pool.attention.attend" if pool == "attention" else tower(layer)]
        (gradient,) = torch.autograd.grad(odds, weights, retain_graph=True)
        expected += (weights * gradient).clamp(min=0).mean(dim=(0, 1, 2))[-4:].detach()
    same(legrad(target)[0], expected)


def test_dense_pools_each_patch_alone_where_like_reads_like() -> None:
    target = labelled(ready("dual_encoder"))
    module: Any = target.model.module
    x = module.vision.patches(target.prepare([target.picture])).flatten(2).transpose(1, 2)
    x = torch.cat((module.vision.class_token.expand(1, 1, -1), x), dim=1)
    first, last = module.vision.transformer.blocks
    x = first(module.vision.pre_norm(x + module.vision.positions))
    attention, y = last.attention, last.attention_norm(x)
    parts = (attention.query, attention.key, attention.value)
    q, k, v = (part(y).unflatten(-1, (2, -1)).transpose(1, 2) for part in parts)
    like = sum((one @ one.transpose(-2, -1) * attention.attend.scale).softmax(-1) for one in (q, k))
    x = x + attention.out((like @ v).transpose(1, 2).flatten(2))
    x = x + last.mlp(last.mlp_norm(x))
    vectors = F.normalize(module.image_projection(module.vision.norm(x))[0, 1:], dim=-1)
    for place, found in enumerate(dense(target)):
        same(found, target.compared(vectors)[:, place].exp())


def test_dense_of_one_label_is_what_lies_above_the_mean() -> None:
    target = labelled(ready("dual_encoder", vision=VISION, image_pool="attention"), count=1)
    [(values, _)] = dense(target)
    assert (values >= 0).all()
    assert (values == 0).any()
    assert (values > 0).any()


def resnet() -> Labels:
    return labelled(ready("dual_encoder", vision=RESNET, image_pool="spatial attention", image_projection=False))


def stages(target: Labels) -> tuple[list[Tensor], Tensor]:
    """What each stage gives, and what comes of it."""
    module: Any = target.model.module
    x = module.vision.stem(target.prepare([target.picture])).requires_grad_()
    given = []
    for stage in module.vision.stages:
        x = stage(x)
        given.append(x)
    vector = module.image_pool(x.flatten(2).transpose(1, 2))
    return given, target.odds(target.compared(vector / vector.norm(dim=-1, keepdim=True).detach()))[0, 0]


def test_gradcam() -> None:
    target = resnet()
    given, odds = stages(target)
    (gradient,) = torch.autograd.grad(odds, given[-1])
    same(gradcam(target)[0], torch.einsum("c,chw->hw", gradient[0].mean(dim=(1, 2)), given[-1][0]).clamp(min=0))


def test_layercam_is_as_fine_as_the_first_stage() -> None:
    target = resnet()
    given, odds = stages(target)
    fine, coarse = (
        (gradient.clamp(min=0) * one)[0].sum(dim=0)
        for gradient, one in zip(torch.autograd.grad(odds, given), given, strict=True)
    )
    expected = fine / fine.sum() + (coarse / coarse.sum() / 4).repeat_interleave(2, 0).repeat_interleave(2, 1)
    same(layercam(target)[0], expected)
    assert layercam(target)[0][0].shape == (4, 4)


def test_more_of_a_label_among_others_than_alone() -> None:
    """What is looked at for a label depends on what it is told apart from."""
    target = labelled(ready("dual_encoder"))
    assert target.texts is not None
    alone = replace(target, labels=target.labels[:1], texts=target.texts[:1])
    assert not torch.allclose(legrad(target)[0][0], legrad(alone)[0][0])
