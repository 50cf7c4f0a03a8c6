"""How likely an answer is: that of a plain reading of the whole, wherever the padding is."""

import pytest
import torch

from seeread.errors import UsageError
from seeread.generation import score as module
from seeread.generation.score import score, tell_answers
from seeread.interface import Batch, Role
from tests.generation.models import TEXTS, batch_of, rows, writer


def expected(model: torch.nn.Module, prompt: torch.Tensor, answer: torch.Tensor) -> torch.Tensor:
    """Of each token of the answer, by reading prompt and answer alone."""
    tokens = torch.cat((prompt, answer))[None]
    with torch.no_grad():
        likely = model(Batch(tokens, torch.full_like(tokens, Role.PROMPT)))[0].log_softmax(-1)
    return likely[len(prompt) - 1 : -1].gather(1, answer[:, None])[:, 0]


@pytest.mark.parametrize("right", [False, True], ids=["left", "right"])
@pytest.mark.parametrize("text", TEXTS)
def test_is_that_of_a_plain_reading(text: str, right: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 3)  # smaller than what there is
    model, prompts, answers = writer(text), rows(5, 1, 8), rows(2, 6, 1, seed=1)
    batch = batch_of(prompts, answers, right)
    found = score(model, batch)
    for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        reference = expected(model, prompt, answer)
        torch.testing.assert_close(found.tokens[row][batch.where(Role.ANSWER)[row]], reference, atol=1e-4, rtol=0)
        assert float(found.sums[row]) == pytest.approx(float(reference.sum()), abs=1e-4)
        assert float(found.means[row]) == pytest.approx(float(reference.mean()), abs=1e-4)
    assert found.counts.tolist() == [2, 6, 1]
    assert not found.tokens[~batch.where(Role.ANSWER)].any()


def test_padding_may_lie_between_prompt_and_answer() -> None:
    model, [prompt], [answer] = writer(), rows(4), rows(3, seed=1)
    tokens = torch.cat((prompt, torch.zeros(5, dtype=torch.long), answer))[None]
    roles = torch.tensor([[Role.PROMPT] * 4 + [Role.PADDING] * 5 + [Role.ANSWER] * 3])
    found = score(model, Batch(tokens, roles))
    torch.testing.assert_close(found.tokens[0, 9:], expected(model, prompt, answer), atol=1e-4, rtol=0)


def test_tells_answers_that_were_written() -> None:
    model, prompts, answers = writer(), rows(5, 2, 8), rows(2, 6, 1, seed=1)
    told = tell_answers(model, batch_of(prompts), [answer.tolist() for answer in answers], 2)
    for prompt, answer, tokens in zip(prompts, answers, told, strict=True):
        reference = expected(model, prompt, answer)
        assert [token.id for token in tokens] == answer.tolist()
        assert [token.logprob for token in tokens] == pytest.approx(reference.tolist(), abs=1e-4)
        assert all(token.likeliest[0][1] >= token.likeliest[1][1] for token in tokens)


@pytest.mark.parametrize("roles", [[2, 2, 2], [3, 3, 3], [0, 3, 3]], ids=["no answer", "no prompt", "padding"])
def test_needs_an_answer_to_something(roles: list[int]) -> None:
    batch = Batch(torch.ones(2, 3, dtype=torch.long), torch.tensor([[2, 2, 3], roles]))
    with pytest.raises(UsageError, match="Only an answer to something can be scored"):
        score(writer(), batch)
