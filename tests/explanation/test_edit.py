"""Changing what goes on inside: exactly what was asked for, in its order, and nothing afterwards."""

from typing import Any

import pytest
import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.explanation.capture import ATTENTION, capture
from seeread.explanation.edit import edit
from tests.explanation.runs import RUNS, run

BLOCK = "text.transformer.blocks.0"


@pytest.mark.parametrize("name", RUNS)
def test_leaving_all_as_it_is_changes_nothing(name: str) -> None:
    model, go = run(name)
    with torch.no_grad():
        plain = go()
        with edit(model, {"*": lambda path, inputs, given: given}):
            assert torch.equal(go(), plain)


@pytest.mark.parametrize("name", RUNS)
def test_every_attention_can_be_silenced(name: str) -> None:
    """And with it goes what its maps said: the answer changes, and is back afterwards."""
    model, go = run(name)
    with torch.no_grad():
        plain = go()
        with edit(model, {ATTENTION: lambda path, inputs, given: torch.zeros_like(given)}):
            assert not torch.equal(go(), plain)
        assert torch.equal(go(), plain)


def test_a_block_that_gives_what_it_took_is_not_there() -> None:
    model, go = run("llava")
    blocks: Any = model.get_submodule("text.transformer.blocks")
    with torch.no_grad():
        with edit(model, {BLOCK: lambda path, inputs, given: inputs[0]}):
            skipped = go()
        del blocks[0]
        assert torch.equal(skipped, go())


def test_two_changes_of_one_module_come_in_their_order() -> None:
    model, go = run("llava")
    seen: list[tuple[str, Tensor]] = []

    def double(path: str, inputs: tuple[Any, ...], given: Tensor) -> Tensor:
        return 2 * given

    def note(path: str, inputs: tuple[Any, ...], given: Tensor) -> Tensor:
        seen.append((path, given))
        return given

    changes = {"*.mlp": double, f"{BLOCK}.*": note}
    with torch.no_grad(), capture(model, f"{BLOCK}.mlp") as captured, edit(model, changes):
        go()
    (plain,) = captured.features[f"{BLOCK}.mlp"]  # watched before it was changed
    (changed,) = (given for path, given in seen if path.endswith(".mlp"))
    assert torch.equal(changed, 2 * plain)
    assert {path.removeprefix(BLOCK) for path, _ in seen} > {".attention", ".attention.attend", ".mlp"}


def test_gradients_flow_through_what_was_changed() -> None:
    model, go = run("llava")
    louder = {BLOCK: lambda path, inputs, given: 3 * given}
    with capture(model, ATTENTION, gradients=True) as captured, edit(model, louder):
        score = go().sum()
    assert all(bool(gradient.any()) for gradient in captured.gradients(score))


def test_nothing_stays_after_an_error() -> None:
    model, _ = run("llava")
    silent = dict.fromkeys(("*", "nothing.here"), lambda path, inputs, given: given)
    with pytest.raises(UsageError, match="called nothing"), edit(model, silent):
        pass
    assert not any(module._forward_hooks for module in model.modules())
