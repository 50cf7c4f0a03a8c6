"""Watching changes nothing: runs of every family are the same bit for bit, and what was seen is what went on."""

import pytest
import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.explanation.capture import ATTENTION, capture
from seeread.nn.attention import Attend, shared_out
from seeread.nn.int8 import Int8Linear
from seeread.nn.packed import pack
from tests.explanation.runs import RUNS, run
from tests.parity.agreement import distance
from tests.training.learners import LEARNERS

PRECISE = 1e-5


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("name", RUNS)
def test_watched_is_plain(name: str, frozen: bool, gradients: bool) -> None:
    """All attention, and then all modules at once; and afterwards the model runs plainly again."""
    model, go = run(name)
    model.requires_grad_(not frozen)
    with torch.no_grad():
        plain = go()
        for names in (ATTENTION, "*"):
            with capture(model, names, gradients=gradients) as captured:
                watched = go()
            assert captured.looks and torch.equal(plain, watched)
        assert torch.equal(plain, go())
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("name", LEARNERS)
def test_a_watched_step_learns_the_same(name: str) -> None:
    """Loss and gradients of a training step, bit for bit."""
    learner = LEARNERS[name]

    def step(watch: bool) -> list[Tensor]:
        model = learner.model()
        if watch:
            with capture(model, ATTENTION) as captured:
                loss = learner.loss(model)
            assert not any(look.weights.requires_grad or look.values.requires_grad for look in captured.looks)
        else:
            loss = learner.loss(model)
        loss.backward()  # type: ignore[no-untyped-call]
        return [loss, *(weight.grad for weight in model.parameters() if weight.grad is not None)]

    assert all(torch.equal(*both) for both in zip(step(False), step(True), strict=True))


@pytest.mark.parametrize("name", RUNS)
def test_every_attention_that_runs_is_seen(name: str) -> None:
    """In their order, each with rows that sum to one, and times the values it is what the attention gave."""
    model, go = run(name)
    ran: list[str] = []
    handles = [
        module.register_forward_pre_hook(lambda *_, path=path: ran.append(path))  # type: ignore[misc]
        for path, module in model.named_modules()
        if isinstance(module, Attend)
    ]
    with torch.no_grad(), capture(model, ATTENTION) as captured:
        go()
    for handle in handles:
        handle.remove()
    assert [look.module for look in captured.looks] == ran
    for look in captured.looks:
        assert distance(look.weights.sum(dim=-1), torch.ones(look.weights.shape[:-1])) < PRECISE
        assert distance(look.weights @ shared_out(look.values, look.given), look.given) < PRECISE


class Explicit:
    """Every attention of a model makes its map for all to see, as part of the graph, and multiplies by it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.maps: list[Tensor] = []

        def forward(module: Attend, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
            self.maps.append(module.weights(q, k, mask))
            return self.maps[-1] @ shared_out(v, q)

        monkeypatch.setattr(Attend, "forward", forward)


def score(outputs: Tensor) -> Tensor:
    """Every number counts differently."""
    return (outputs * torch.linspace(-1, 1, outputs.numel()).view_as(outputs).cos()).sum()


@pytest.mark.parametrize("name", RUNS)
def test_gradients_are_those_of_an_explicit_map(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They reach every map, whatever is between it and the score."""
    model, go = run(name)
    with capture(model, ATTENTION, gradients=True) as captured:
        found = captured.gradients(score(go()))
    explicit = Explicit(monkeypatch)
    total = score(go())
    for look, ours, weights in zip(captured.looks, found, explicit.maps, strict=True):
        if not weights.requires_grad:  # none reaches Chameleon's tokenizer of pictures
            assert name == "chameleon" and look.module.startswith("vision.") and not ours.any()
            continue
        (theirs,) = torch.autograd.grad(total, weights, retain_graph=True)
        assert theirs.abs().max() > 0, f"nothing depends on {look.module}"
        assert distance(ours, theirs) < PRECISE, look.module


def test_gradients_of_several_scores_and_of_none() -> None:
    model, go = run("llava")
    with capture(model, ATTENTION, gradients=True) as captured:
        outputs = go()
    first, second = captured.gradients(outputs[0].sum()), captured.gradients(outputs[1].sum())
    both = captured.gradients(outputs[:2].sum())
    for one, other, sum_of in zip(first, second, both, strict=True):
        assert distance(one + other, sum_of) < PRECISE
    text = [gradient for look, gradient in zip(captured.looks, first, strict=True) if look.module.startswith("text")]
    assert text and all(not gradient[1:].any() for gradient in text)  # a row knows nothing of the others


def test_nothing_is_left_behind() -> None:
    model, go = run("paligemma")
    with capture(model, "*", gradients=True) as captured:
        captured.gradients(go().sum())
    with pytest.raises(ZeroDivisionError), capture(model, "*", gradients=True):
        raise ZeroDivisionError
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert all(weight.grad is None and weight.requires_grad for weight in model.parameters())


def test_features_by_name() -> None:
    model, go = run("llava")
    with capture(model, "connector", "text.transformer.blocks.*.mlp") as captured:
        assert go().requires_grad
    assert set(captured.features) == {"connector", *(f"text.transformer.blocks.{n}.mlp" for n in range(2))}
    assert not captured.looks
    (connected,) = captured.features["connector"]
    assert connected.shape[-1] == 32 and not connected.requires_grad


def test_features_are_part_of_the_graph_where_gradients_are_wanted() -> None:
    model, go = run("llava")
    with capture(model, "connector", gradients=True) as captured:
        outputs = go()
    (connected,) = captured.features["connector"]
    (gradient,) = torch.autograd.grad(outputs.sum(), connected)
    assert gradient.abs().max() > 0


def test_a_module_that_runs_often_is_there_often() -> None:
    model, go = run("perceiver_classifier")
    with torch.no_grad(), capture(model, "latents.*.attend") as captured:
        go()
        go()
    paths = [look.module for look in captured.looks]
    assert paths == 2 * paths[: len(paths) // 2]
    assert len(captured.looks_of("latents.readers.0.attention.attend")) == 2
    assert captured.looks_of("nowhere") == []


def test_names_that_match_nothing() -> None:
    model, _ = run("llava")
    with pytest.raises(UsageError, match="No part of the model is called vission"), capture(model, "vission"):
        pass


def test_gradients_must_be_asked_for_first() -> None:
    model, go = run("llava")
    with torch.no_grad(), capture(model, ATTENTION) as captured:
        outputs = go()
    with pytest.raises(UsageError, match="gradients=True"):
        captured.gradients(outputs.sum())




def test_where_there_are_no_gradients() -> None:
    model, go = run("llava")
    with (
        torch.inference_mode(),
        pytest.raises(UsageError, match="inference_mode"),
        capture(model, ATTENTION, gradients=True),
    ):
        go()
    pack(model, Int8Linear)
    with pytest.raises(UsageError, match="fp32"), capture(model, ATTENTION, gradients=True):
        go()
    with torch.no_grad(), capture(model, ATTENTION) as captured:  # watching alone is possible
        watched = go()
        assert captured.looks and torch.equal(watched, go())
