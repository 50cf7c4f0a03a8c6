"""Watching while a model writes: the text is the same, and each step's maps are rows of those of one reading."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import seeread as sr
from seeread.explanation.capture import ATTENTION, capture
from seeread.generation.complete import complete
from seeread.generation.generate import generate
from seeread.generation.sampling import Sampling
from seeread.interface import Batch, Role
from seeread.nn.attention import shared_out
from tests.explanation.runs import shaken
from tests.parity.agreement import distance
from tests.talkers import tiny_flamingo, tiny_llava, tiny_pali, tiny_paligemma
from tests.training.learners import LEARNERS, PICTURES, QUESTION

WRITERS = [
    "language_model", "llava", "paligemma", "t5", "pali", "flamingo", "coca", "hybrid", "fuyu", "chameleon",
]  # fmt: skip
TOKENS, PRECISE = 5, 1e-5


def prompts(name: str) -> Batch:
    """Four without their answers. Every other has a word more, before its picture: the rest have padding there."""
    batch = LEARNERS[name].batch(0)
    if name == "coca":
        batch = batch[0]  # about the one picture at the head of each row
    asked = (batch.roles == Role.PROMPT) | (batch.roles == Role.IMAGE)
    tokens, roles = (each[asked].unflatten(0, (len(each), -1)) for each in (batch.tokens, batch.roles))
    if name != "coca":
        tokens, roles = F.pad(tokens, (1, 0), value=7), F.pad(roles, (1, 0), value=int(Role.PROMPT))
        roles[::2, 0] = Role.PADDING
    return Batch(tokens, roles, batch.images)


def written(model: Any, batch: Batch) -> Tensor:
    """(rows, tokens)."""
    steps = generate(model, batch, Sampling(max_tokens=TOKENS), frozenset())
    return torch.stack([step.tokens for step in steps], dim=1)


@pytest.mark.parametrize("name", WRITERS)
def test_every_step_has_its_maps(name: str) -> None:
    """What was read token by token, out of a cache, looked where it looks when all is read at once."""
    model, batch = shaken(LEARNERS[name].model()), prompts(name)
    with capture(model, ATTENTION) as captured:
        answers = written(model, batch)
    assert torch.equal(answers, written(model, batch))

    read = answers[:, :-1].clone()  # the last one never was
    tokens, roles = torch.cat((batch.tokens, read), 1), F.pad(batch.roles, (0, TOKENS - 1), value=int(Role.ANSWER))
    whole = replace(batch, tokens=tokens, roles=roles)
    with torch.no_grad(), capture(model, ATTENTION) as at_once:
        model.read(whole)  # type: ignore[operator]

    for look in captured.looks:  # what is remembered after it has left the values of each step as they were
        assert distance(look.weights @ shared_out(look.values, look.given), look.given) < PRECISE
    assert {look.module for look in captured.looks} == {look.module for look in at_once.looks}
    for look in at_once.looks:
        steps = [step.weights for step in captured.looks_of(look.module)]
        keys, queries = look.weights.shape[-1], look.weights.shape[-2]
        joined = torch.cat([F.pad(step, (0, keys - step.shape[-1])) for step in steps], dim=2)
        there = torch.ones(1, 1, queries, 1)
        if queries == tokens.shape[1]:  # nobody asks where padding looks, nor CoCa's place of the picture
            asks = whole.valid & ~(whole.where(Role.IMAGE) & (name == "coca"))
            there = asks[:, None, :, None].float()
        assert distance(joined * there, look.weights * there) < PRECISE, look.module


@pytest.mark.parametrize("name", WRITERS)
def test_beams_are_the_same(name: str) -> None:
    model: Any = shaken(LEARNERS[name].model())

    def go() -> list[list[int]]:
        found = complete(model, prompts(name), Sampling(max_tokens=3, beams=2), frozenset(), lambda ids: "")
        return [list(one.ids) for one in found]

    plain = go()
    with capture(model, ATTENTION, "*.mlp") as captured:
        assert go() == plain
    assert captured.looks and captured.features


@pytest.mark.parametrize("make", [tiny_llava, tiny_paligemma, tiny_pali, tiny_flamingo])
def test_answers_are_the_same(make: Any) -> None:
    """Of whole tasks, which see every picture once and remember what they read."""
    model = make()

    def go() -> Any:
        return sr.answer(model, PICTURES, QUESTION, max_tokens=6)

    plain = go()
    with capture(model.module, ATTENTION) as captured:
        assert go() == plain
    assert captured.looks
