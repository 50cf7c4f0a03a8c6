"""Writing: what is written does not depend on the rows beside it, on what is remembered, or on how it comes out."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.generation.complete import Completion, complete, stream
from seeread.generation.generate import generate
from seeread.generation.sampling import Sampling
from seeread.interface import Batch, Generates, Role
from tests.generation.models import TEXTS, Scripted, batch_of, row_of, rows, write, writer

END = frozenset({3, 17, 40})
WAYS = {
    "greedy": Sampling(max_tokens=12, logprobs=3),
    "penalised": Sampling(max_tokens=12, logprobs=3, repetition_penalty=1.7),
    "drawn": Sampling(max_tokens=12, logprobs=3, temperature=1.3, seed=5),
    "narrowed": Sampling(
        max_tokens=12, logprobs=1, temperature=0.8, top_k=30, top_p=0.95, min_p=0.01, repetition_penalty=1.2, seed=6
    ),
}


def same(ours: Completion, theirs: Completion) -> None:
    assert (ours.text, ours.ids, ours.reason) == (theirs.text, theirs.ids, theirs.reason)
    assert (ours.logprobs is None) == (theirs.logprobs is None)
    for one, other in zip(ours.logprobs or (), theirs.logprobs or (), strict=True):
        assert one.id == other.id
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)
        assert [value for _, value in one.likeliest] == pytest.approx([value for _, value in other.likeliest], abs=1e-4)


def ending(answers: Sequence[Sequence[int]]) -> set[int]:
    """A token at which these would end at different times, and not all with their first."""
    chances = {token: {[*answer, token].index(token) for answer in answers} for answer in answers for token in answer}
    end, times = max(chances.items(), key=lambda chance: len(chance[1]))
    assert len(times) > 1
    return {end}


def rereading(model: Generates, prompt: Tensor, sampling: Sampling) -> list[int]:
    """Greedy, and without any memory: everything is read again for each token."""
    ids = prompt
    for _ in range(sampling.max_tokens):
        batch = Batch(ids[None], torch.full_like(ids[None], Role.PROMPT))
        with torch.no_grad():
            token = model.logits(model.read(batch))[0, -1].argmax()
        ids = torch.cat((ids, token[None]))
        if int(token) in END:
            break
    return ids[len(prompt) :].tolist()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("way", WAYS)
def test_many_are_as_one_by_one(text: str, way: str) -> None:
    model, batch = writer(text), batch_of(rows(7, 1, 4, 11, 2))
    endless = complete(model, batch, WAYS[way], frozenset(), write)
    end = ending([one.ids for one in endless])
    together = complete(model, batch, WAYS[way], end, write)
    for row, ours in enumerate(together):
        [alone] = complete(model, row_of(batch, row), WAYS[way], end, write)
        same(ours, alone)
        assert ours.ids == endless[row].ids[: len(ours.ids)]


@pytest.mark.parametrize("text", TEXTS)
def test_remembering_is_as_rereading(text: str) -> None:
    model, prompts = writer(text), rows(7, 1, 4, 11, 2)
    together = complete(model, batch_of(prompts), WAYS["greedy"], END, write)
    assert [list(one.ids) for one in together] == [rereading(model, prompt, WAYS["greedy"]) for prompt in prompts]


def test_padding_may_be_on_the_right() -> None:
    prompts = rows(7, 1, 4)
    left = complete(writer(), batch_of(prompts), WAYS["drawn"], END, write)
    right = complete(writer(), batch_of(prompts, right=True), WAYS["drawn"], END, write)
    for one, other in zip(left, right, strict=True):
        same(one, other)


@pytest.mark.parametrize("way", WAYS)
def test_streamed_is_whole(way: str) -> None:
    model, batch = writer(), batch_of(rows(7, 1, 4))
    pieces = list(stream(model, batch, WAYS[way], END, write))
    whole = [one.text for one in complete(model, batch, WAYS[way], END, write)]
    assert ["".join(row) for row in zip(*pieces, strict=True)] == whole


def test_one_token() -> None:
    [one] = complete(Scripted({1: 2}), batch_of([torch.tensor([1])]), Sampling(max_tokens=1), {9}, write)
    assert (one.ids, one.text, one.reason) == ((2,), "c", "length")


def test_an_answer_may_end_at_once() -> None:
    [one] = complete(Scripted({1: 9}), batch_of([torch.tensor([1])]), Sampling(max_tokens=4), {9}, write)
    assert (one.ids, one.text, one.reason) == ((9,), "", "end")


def test_rows_that_are_over_write_nothing() -> None:
    model, batch = Scripted({1: 2, 2: 9, 3: 4, 4: 5, 5: 6, 6: 9}), batch_of([torch.tensor([1]), torch.tensor([3])])
    steps = list(generate(model, batch, Sampling(max_tokens=8), {9}, write))
    assert [step.tokens.tolist() for step in steps] == [[2, 4], [9, 5], [0, 6], [0, 9]]
    assert [step.wrote for step in steps] == [(True, True), (True, True), (False, True), (False, True)]
    assert [step.reasons for step in steps] == [(None, None), ("end", None), (None, None), (None, "end")]


def test_says_what_cannot_be_answered() -> None:
    model, batch = Scripted({}), batch_of([torch.tensor([1])])
    nothing = Batch(batch.tokens, torch.zeros_like(batch.roles))
    with pytest.raises(UsageError, match="at least one token"):
        generate(model, nothing, Sampling(), {9})
    with pytest.raises(UsageError, match="give `write`"):
        generate(model, batch, Sampling(stop=("x",)), {9})
    with pytest.raises(UsageError, match="beams"):
        generate(model, batch, Sampling(beams=2), {9})


@pytest.mark.parametrize("way", [Sampling(), Sampling(temperature=1.0, top_p=0.9)])
def test_scores_that_are_not_numbers_are_an_error(way: Sampling) -> None:
    model = Scripted({1: 2})
    model.scores[2] = torch.nan
    with pytest.raises(UsageError, match="not numbers"):
        complete(model, batch_of([torch.tensor([1])]), way, {9}, write)
