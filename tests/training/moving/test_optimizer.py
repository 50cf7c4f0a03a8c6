"""What decays and what does not, and what is left out."""

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
