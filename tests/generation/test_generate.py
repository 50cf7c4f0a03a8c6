"""Writing: what is written does not depend on the rows beside it, on what is remembered, or on how it comes out."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.generation.complete import complete, stream
from seeread.generation.generate import generate
from seeread.generation.sampling import Sampling
from seeread.generation.score import tell_answers
from seeread.interface import Batch, Generates, Role
from seeread.nn.cache import Cache
from tests.generation.agreement import same
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


@pytest.mark.parametrize("way", WAYS)
def test_tells_what_the_model_itself_thinks(way: str) -> None:
    """Before penalty and temperature: what it says of the answers when it reads them."""
    model, batch = writer(), batch_of(rows(7, 1, 4))
    answers = complete(model, batch, WAYS[way], END, write)
    told = tell_answers(model, batch, [one.ids for one in answers], WAYS[way].logprobs)
    for one, expected in zip(answers, told, strict=True):
        same(one, replace(one, logprobs=expected))


def test_rows_keep_their_own_numbers() -> None:
    """Without a seed each row draws numbers of its own, also when those before it are over and gone."""
    model, batch, way = writer(), batch_of(rows(7, 1, 4, 11, 2, 3)), Sampling(max_tokens=12, temperature=1.5)

    def drawn(end: set[int]) -> list[tuple[int, ...]]:
        torch.manual_seed(1)
        return [one.ids for one in complete(model, batch, way, end, write)]

    endless = drawn(set())
    end = {endless[0][0], endless[1][1], endless[2][3], endless[3][5]}
    ended = drawn(end)
    lengths = [len(ids) for ids in ended]
    assert len(set(lengths)) > 3, "rows should leave more than once"
    assert lengths[:2] != sorted(lengths, reverse=True)[:2], "and the first among them"
    assert ended == [ids[:length] for ids, length in zip(endless, lengths, strict=True)]


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


@pytest.mark.parametrize("stop", ["ef", "f", "hi", "efgh", "ghi", "i"])
def test_stops_before_a_text(stop: str) -> None:
    """However the model goes on, and whatever the rows beside it do."""
    model = Scripted({token: token + 1 for token in range(1, 20)})
    batch = batch_of([torch.tensor([1]), torch.tensor([12])])  # c d e f g h i j ...; n o p q ...
    one, other = complete(model, batch, Sampling(max_tokens=10, stop=(stop,)), {14}, write)
    place = "cdefghijkl".index(stop)
    last = place + len(stop)
    assert (one.text, one.ids, one.reason) == ("cdefghijkl"[:place], tuple(range(2, 2 + last)), "stop")
    assert (other.text, other.ids, other.reason) == ("n", (13, 14), "end")
    pieces = list(stream(model, batch, Sampling(max_tokens=10, stop=(stop,)), {14}, write))
    assert ["".join(row) for row in zip(*pieces, strict=True)] == [one.text, other.text]


def test_an_end_lets_go_of_what_was_held_back() -> None:
    model = Scripted({1: 2, 2: 3, 3: 9})
    [one] = complete(model, batch_of([torch.tensor([1])]), Sampling(max_tokens=10, stop=("cde",)), {9}, write)
    assert (one.text, one.reason) == ("cd", "end")


def test_a_last_token_that_completes_a_stop_is_a_stop() -> None:
    model = Scripted({1: 2, 2: 3})
    [one] = complete(model, batch_of([torch.tensor([1])]), Sampling(max_tokens=2, stop=("d",)), {9}, write)
    assert (one.text, one.ids, one.reason) == ("c", (2, 3), "stop")


def test_an_end_is_no_text() -> None:
    """Also if it is not a special token: a line break, for example."""
    [one] = complete(Scripted({1: 2, 2: 3}), batch_of([torch.tensor([1])]), Sampling(), {3}, write)
    assert (one.text, one.ids) == ("c", (2, 3))


class Counted:
    """A model that tells the shapes of the batches it was given, and how many tokens were in them."""

    def __init__(self, model: Generates):
        self.model, self.reads_ahead, self.see, self.logits = model, False, model.see, model.logits
        self.shapes: list[tuple[int, ...]] = []
        self.tokens: list[int] = []

    def read(self, batch: Batch, cache: Cache | None = None) -> Tensor:
        self.shapes.append(tuple(batch.tokens.shape))
        self.tokens.append(int(batch.valid.sum()))
        return self.model.read(batch, cache)


def test_computes_no_more_than_it_must() -> None:
    """The prompt once, then one token a row; rows that are over are padding, and leave with the half of the batch."""
    script = Scripted({1: 9, 2: 3, 3: 9, 4: 5, 5: 6, 6: 9, 7: 8, 8: 7})
    model = Counted(script)
    batch = batch_of([torch.tensor([0, token]) for token in (1, 2, 4, 7)])
    steps = list(generate(model, batch, Sampling(max_tokens=5), {9}))
    assert [sum(step.wrote) for step in steps] == [4, 3, 2, 1, 1]
    assert model.shapes == [(4, 2), (4, 1), (2, 1), (1, 1), (1, 1)]
    assert model.tokens == [8, 3, 2, 1, 1]


def test_greedy_needs_no_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("softmax", "log_softmax", "logsumexp", "sort", "topk"):
        monkeypatch.setattr(Tensor, name, None)
    model = Scripted({1: 2, 2: 3, 3: 9})
    steps = list(generate(model, batch_of([torch.tensor([1])]), Sampling(), {9}))
    assert [int(step.tokens) for step in steps] == [2, 3, 9]


def test_a_model_can_be_trained_after_it_has_written() -> None:
    """Nothing that writing leaves behind forbids gradients."""
    model, batch = writer(), batch_of(rows(5, 3))
    complete(model, batch, Sampling(max_tokens=3), set(), write)
    model.logits(model.read(batch)).sum().backward()
    assert model.text.embedding.weight.grad is not None


def test_what_is_given_stays_as_it_is() -> None:
    batch = batch_of(rows(5, 3))
    before = batch.tokens.clone(), batch.roles.clone()
    complete(writer(), batch, WAYS["narrowed"], {1}, write)
    assert torch.equal(batch.tokens, before[0])
    assert torch.equal(batch.roles, before[1])


def test_may_be_left_at_any_time() -> None:
    steps = generate(writer(), batch_of(rows(5)), Sampling(), set())
    next(steps)
    assert not torch.is_inference_mode_enabled()
    steps.close()  # type: ignore[attr-defined]
    assert not torch.is_inference_mode_enabled()


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
