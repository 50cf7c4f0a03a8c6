"""What decays and what does not, and what is left out."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from seeread.errors import UsageError
from seeread.training.moving.optimizer import build_optimizers
from seeread.training.settings import Settings
from tests.training.learners import LEARNERS

SETTINGS = Settings(steps=1, rate=0.1, warmup=1)


def decaying(name: str) -> tuple[set[str], set[str]]:
    model = LEARNERS[name].model()
    names = {id(parameter): key for key, parameter in model.named_parameters()}
    (optimizer,) = build_optimizers(model, SETTINGS)
    decays, free = optimizer.param_groups
    assert (decays["weight_decay"], free["weight_decay"]) == (0.1, 0.0)
    return {names[id(each)] for each in decays["params"]}, {names[id(each)] for each in free["params"]}


def test_matrices_decay_and_gates_queries_and_positions_do_not() -> None:
    decays, free = decaying("flamingo")
    assert {
        "gates.layers.0.attention.query.weight",
        "text.embedding.weight",
        "vision.patches.weight",
    } <= decays
    assert {
        "gates.layers.0.attention_gate",
        "resampler.queries",
        "vision.positions",
        "vision.class_token",
    } <= free
    assert not {key for key in decays if key.endswith(("bias", "norm.weight", "gate"))}


def test_biases_by_distance_and_latents_do_not_decay() -> None:
    assert {"text.encoder_bias.weight", "text.decoder_bias.weight"} <= decaying("t5")[1]
    assert {"latents.start", "query"} <= decaying("perceiver_classifier")[1]
    assert {"class_position", "image_pool.pooler.query"} <= decaying("coca")[1]


def test_what_is_frozen_is_left_out() -> None:
    model = LEARNERS["flamingo"].model()
    model.get_submodule("text").requires_grad_(False)
    (optimizer,) = build_optimizers(model, SETTINGS)
    kept = {id(each) for group in optimizer.param_groups for each in group["params"]}
    assert not kept & {id(each) for each in model.get_submodule("text").parameters()} and kept


def test_muon_moves_matrices_inside_blocks_and_adamw_the_rest() -> None:
    model = LEARNERS["dual_encoder"].model()
    names = {id(parameter): key for key, parameter in model.named_parameters()}
    muon, adamw = build_optimizers(model, replace(SETTINGS, optimizer="muon"))
    turned, others = (
        {names[id(each)] for group in optimizer.param_groups for each in group["params"]}
        for optimizer in (muon, adamw)
    )
    assert isinstance(muon, torch.optim.Muon) and isinstance(adamw, torch.optim.AdamW)
    assert turned | others == set(names.values()) and not turned & others
    assert {
        "vision.transformer.blocks.0.mlp.up.weight",
        "text.transformer.blocks.1.attention.query.weight",
    } <= turned
    assert all(".blocks." in name and name.endswith("weight") and "norm" not in name for name in turned)
    assert {
        "text.embedding.weight",
        "vision.patches.weight",
        "vision.positions",
        "text_projection.weight",
    } <= others


def test_without_blocks_muon_leaves_all_to_adamw() -> None:
    (optimizer,) = build_optimizers(nn.Linear(3, 3), replace(SETTINGS, optimizer="muon"))
    assert isinstance(optimizer, torch.optim.AdamW)


def test_an_older_torch_has_no_muon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.optim, "Muon")
    with pytest.raises(UsageError, match=r"needs torch 2\.9 or newer.*optimizer='adamw'"):
        build_optimizers(LEARNERS["llava"].model(), replace(SETTINGS, optimizer="muon"))


def test_one_kernel_for_all_moves_weights_as_adamw_is_written_down() -> None:
    """arXiv:1711.05101, algorithm 2, weight by weight."""
    settings = Settings(steps=1, rate=0.01, weight_decay=0.3, betas=(0.9, 0.98))
    torch.manual_seed(0)
    model = nn.Linear(5, 4)
    weight = model.weight.detach().double()
    (optimizer,) = build_optimizers(model, settings)
    first, second = torch.zeros_like(weight), torch.zeros_like(weight)
    for step in range(1, 6):
        model.weight.grad, model.bias.grad = torch.randn(4, 5), torch.randn(4)
        gradient = model.weight.grad.double()
        optimizer.step()
        first, second = 0.9 * first + 0.1 * gradient, 0.98 * second + 0.02 * gradient**2
        mean, spread = first / (1 - 0.9**step), second / (1 - 0.98**step)
        weight = weight * (1 - 0.01 * 0.3) - 0.01 * mean / (spread.sqrt() + 1e-6)
    torch.testing.assert_close(model.weight.double(), weight, atol=1e-6, rtol=0)
