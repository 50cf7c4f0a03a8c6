"""What is asked for is checked, and every step from scores to a choice is that of `transformers`."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from seeread.errors import UsageError
from seeread.generation.choice import BLOCK, Choice, tell
from seeread.generation.sampling import (
    Sampling,
    draw,
    heat,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    mark_seen,
    narrow,
    penalise,
)
from seeread.interface import Batch, Role
from tests.generation.models import batch_of, rows

NONE = torch.empty(4, 0, dtype=torch.long)


def scores(seed: int = 0, vocabulary: int = 50) -> Tensor:
    return 4 * torch.randn(4, vocabulary, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_tokens", 0), ("max_tokens", None), ("max_tokens", 2.0), ("max_tokens", True),
        ("temperature", -0.1), ("temperature", math.inf), ("temperature", math.nan), ("temperature", "1"),
        ("top_k", 0), ("top_k", 1.5), ("top_p", 0.0), ("top_p", 1.01), ("top_p", math.nan), ("min_p", -0.1),
        ("min_p", 1.1), ("repetition_penalty", 0), ("repetition_penalty", None), ("beams", 0),
        ("length_penalty", math.inf), ("logprobs", -1), ("seed", -1), ("seed", 2**63), ("seed", 0.5),
        ("stop", "text"), ("stop", ("",)), ("stop", (3,)), ("stop", ["list"]),
    ],
)  # fmt: skip
def test_refuses(field: str, value: object) -> None:
    given: dict[str, Any] = {"temperature": 1.0, field: value}
    with pytest.raises(UsageError, match=rf"{field} must be .*{'' if field == 'stop' else repr(value)}"):
        Sampling(**given)


def test_refuses_what_would_be_ignored() -> None:
    with pytest.raises(UsageError, match=r"top_k and min_p: nothing is drawn"):
        Sampling(top_k=3, min_p=0.1)
    with pytest.raises(UsageError, match="beams or a temperature"):
        Sampling(beams=2, temperature=1.0)


@pytest.mark.parametrize("penalty", [0.5, 1.0, 1.3, 4.0])
def test_penalty_is_that_of_transformers(penalty: float) -> None:
    tokens = torch.randint(0, 50, (4, 9), generator=torch.Generator().manual_seed(1))
    seen = mark_seen(tokens, torch.ones_like(tokens, dtype=torch.bool), 50)
    expected = RepetitionPenaltyLogitsProcessor(penalty)(tokens, scores())
    torch.testing.assert_close(penalise(scores(), seen, penalty), expected)
    if penalty > 1:
        assert (penalise(scores(), seen, penalty) <= scores()).all()


def test_marks_neither_padding_nor_strangers() -> None:
    tokens = torch.tensor([[1, 2, 2, 7], [0, 3, -200, 4]])
    valid = torch.tensor([[False, True, True, True], [True, True, True, True]])
    assert mark_seen(tokens, valid, 5).int().tolist() == [[0, 0, 1, 0, 0], [1, 0, 0, 1, 1]]


@pytest.mark.parametrize("k", [1, 3, 50, 99])
def test_top_k_is_that_of_transformers(k: int) -> None:
    tied = scores().round()
    torch.testing.assert_close(keep_top_k(tied, k), TopKLogitsWarper(k)(NONE, tied))


@pytest.mark.parametrize("p", [1e-9, 1e-6, 0.1, 0.5, 0.9, 0.999, 1.0])
def test_top_p_is_that_of_transformers(p: float) -> None:
    torch.testing.assert_close(keep_top_p(scores(), p), TopPLogitsWarper(p)(NONE, scores()))


def test_top_p_at_its_boundary() -> None:
    """The fewest tokens that together have at least p: with exactly p, no more."""
    quarters = torch.tensor([[0.5, 0.25, 0.125, 0.125]]).log()
    kept = {p: int(keep_top_p(quarters, p).isfinite().sum()) for p in (0.4, 0.5, 0.51, 0.75, 0.76, 0.88)}
    assert kept == {0.4: 1, 0.5: 1, 0.51: 2, 0.75: 2, 0.76: 3, 0.88: 4}


@pytest.mark.parametrize("p", [0.0, 0.05, 0.5, 1.0])
def test_min_p_is_that_of_transformers(p: float) -> None:
    torch.testing.assert_close(keep_min_p(scores(), p), MinPLogitsWarper(p)(NONE, scores()))


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_all_in_the_order_of_transformers(temperature: float) -> None:
    theirs = LogitsProcessorList(
        [TemperatureLogitsWarper(temperature), TopKLogitsWarper(20), TopPLogitsWarper(0.9), MinPLogitsWarper(0.04)]
    )
    ours = Sampling(temperature=temperature, top_k=20, top_p=0.9, min_p=0.04)
    torch.testing.assert_close(narrow(scores(), ours).softmax(-1), theirs(NONE, scores()).softmax(-1))


def test_the_smallest_temperature_is_greedy() -> None:
    cold = heat(scores(), 1e-40)
    assert cold.softmax(-1).argmax(-1).tolist() == scores().argmax(-1).tolist()
    assert not cold.softmax(-1).isnan().any()


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=12), st.floats(0, 1, exclude_max=True, width=32))
def test_draws_only_what_is_possible(values: list[float], uniform: float) -> None:
    one = torch.tensor([[*values, -torch.inf]])
    token = int(draw(one, torch.tensor([uniform])))
    assert one.softmax(-1)[0, token] > 0


def test_draws_as_often_as_likely() -> None:
    likely = torch.tensor([0.5, 0.0, 0.2, 0.3])
    uniform = (torch.arange(1000) + 0.5) / 1000
    tokens = draw(likely.log().expand(1000, 4), uniform)
    assert tokens.bincount(minlength=4).tolist() == [500, 0, 200, 300]


def test_draws_nothing_before_the_beginning() -> None:
    assert int(draw(torch.tensor([[0.0, 0.2, 0.8]]).log(), torch.tensor([0.0]))) == 1


def test_never_draws_past_the_end() -> None:
    likely = torch.tensor([[0.1] * 10 + [0.0] * 5])
    assert int(draw(likely.log(), torch.tensor([1 - 2**-24]))) == 9


def test_a_seed_says_all_and_none_follows_torch() -> None:
    def drawn(seed: int | None, count: int = 100) -> list[list[int]]:
        choose = Choice(Sampling(temperature=1.0, seed=seed), batch_of(rows(1, 1)))
        flat = torch.zeros(2, 1000)
        return [choose(flat, step).tolist() for step in range(count)]

    assert drawn(3) == drawn(3) != drawn(4)
    assert drawn(3)[BLOCK:] != drawn(3)[: 100 - BLOCK], "and numbers are not used twice"
    assert drawn(3, 70) == drawn(3)[:70], "a longer answer begins like a shorter one"
    assert all(one == other for one, other in drawn(3)), "rows have the same seed, too"
    torch.manual_seed(0)
    first, second = drawn(None), drawn(None)
    torch.manual_seed(0)
    assert drawn(None) == first != second
    assert any(one != other for one, other in first), "rows have seeds of their own"


def test_drawing_leaves_torch_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    Choice(Sampling(temperature=1.0, seed=1), batch_of(rows(1)))(scores()[:1], 0)
    assert torch.rand(1) == expected


def test_written_tokens_count_as_repeated() -> None:
    choose = Choice(Sampling(repetition_penalty=2.0), Batch(torch.tensor([[0]]), torch.tensor([[Role.PROMPT]])))
    even = torch.tensor([[4.0, 3.0, 2.5]])
    assert [int(choose(even, step)) for step in range(4)] == [1, 2, 0, 0]


def test_tells_the_model_s_own_distribution() -> None:
    told = tell(scores(), torch.tensor([1, 2, 3, 4]), 3)
    own = scores().log_softmax(-1)
    torch.testing.assert_close(told.chosen, own[range(4), [1, 2, 3, 4]])
    torch.testing.assert_close(told.values, own.topk(3).values)
    assert told.likeliest.tolist() == own.topk(3).indices.tolist()
    assert tell(scores(), torch.tensor([1, 2, 3, 4]), 99).values.shape == (4, 50)
