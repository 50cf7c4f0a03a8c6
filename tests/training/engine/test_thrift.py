"""Recomputing and compiling change what learning costs, and nothing that is learned."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.nn.transformer import Block
from seeread.training.engine.learner import Learner
from seeread.training.engine.thrift import require_compiler, thrifty
from seeread.training.engine.trainer import train
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from tests.training.learners import LEARNERS
from tests.training.runs import SETTINGS, Told, batches, compare, fresh

PLAIN = Settings(steps=1, rate=0.1, precision="fp32")


def gradients(name: str, settings: Settings) -> tuple[Tensor, dict[str, Tensor]]:
    learner = LEARNERS[name]
    model = learner.model().train()
    together = Learner(model, learner.objective, settings)
    with thrifty(model, settings):
        torch.manual_seed(0)
        loss = together(learner.batch(0))
        loss.backward()
    return loss.detach(), {key: p.grad for key, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", list(LEARNERS))
def test_recomputed_blocks_give_the_same_gradients(name: str, precision: str) -> None:
    settings = replace(PLAIN, precision=precision)  # type: ignore[arg-type]
    loss, plain = gradients(name, settings)
    again, recomputed = gradients(name, replace(settings, recompute=True))
    assert torch.equal(loss, again) and plain.keys() == recomputed.keys()
    for key, gradient in plain.items():
        assert torch.equal(gradient, recomputed[key]), key


def test_recomputed_blocks_hold_less(tmp_path: Path) -> None:
    """What is kept for the way back is what a block reads, whatever is done within it."""

    def held(settings: Settings) -> int:
        sizes = []

        def pack(tensor: Tensor) -> Tensor:
            sizes.append(tensor.numel())
            return tensor

        model = fresh().train()
        with thrifty(model, settings), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            compare(model, batches(0))
        return sum(sizes)

    assert held(replace(PLAIN, recompute=True)) < 0.6 * held(PLAIN)


def test_a_model_is_as_it_was_behind_it() -> None:
    model = fresh()
    with thrifty(model, replace(PLAIN, recompute=True)):
        pass
    assert not any("forward" in vars(module) for module in model.modules())


@pytest.mark.filterwarnings("ignore")  # of the compiler itself
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is nothing to compile with")
def test_compiled_blocks_learn_the_same(tmp_path: Path) -> None:
    plain, compiled = Told(), Told()
    settings = replace(SETTINGS, steps=4)
    train(fresh(), compare, Steps(batches), settings, tmp_path / "plain", watchers=[plain])
    model = fresh()
    train(
        model, compare, Steps(batches), replace(settings, compile=True), tmp_path / "c", watchers=[compiled]
    )
    for mine, other in zip(plain.moments, compiled.moments, strict=True):
        assert mine.loss == pytest.approx(other.loss, abs=1e-4)
        assert mine.gradient == pytest.approx(other.gradient, rel=1e-3)
    assert all(each._compiled_call_impl is None for each in model.modules() if isinstance(each, Block))


def test_without_a_compiler_there_is_one_sentence_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UsageError, match=r"no no-such-compiler here.*compile=False"):
        require_compiler(torch.device("cpu"))
    monkeypatch.setattr("seeread.training.engine.thrift.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="needs triton"):
        require_compiler(torch.device("cuda"))
