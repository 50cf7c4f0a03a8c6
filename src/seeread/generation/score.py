"""How likely given answers are: what a model is asked instead of letting it write."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.generation.choice import Logprobs, TokenLogprob, tell, tell_tokens
from seeread.generation.shared import read_at
from seeread.interface import Batch, Generates, Role

PART = 64
"""Places whose scores are computed at a time: each is as wide as the vocabulary."""


@dataclass(frozen=True)
class Likelihood:
    """Natural logarithms of probabilities. `tokens` is (batch, tokens): of every ANSWER token, given those before it,
    and 0 elsewhere. `sums` and `counts` are (batch,): of the whole answers, and how many tokens they have."""

    tokens: Tensor
    sums: Tensor
    counts: Tensor

    @property
    def means(self) -> Tensor:
        """(batch,): for each token of an answer, so that long answers may be compared with short ones."""
        return self.sums / self.counts


@torch.inference_mode()
def score(model: Generates, batch: Batch) -> Likelihood:
    """How likely the model finds the answers in `batch`. What rows have in common is seen and read once.

    Raises:
        UsageError: A row without an answer, or an answer with nothing before it.
    """
    answers = batch.where(Role.ANSWER)
    found = _tell(model, batch, answers, 0).chosen
    tokens = found.new_zeros(answers.shape).index_put(answers.nonzero(as_tuple=True), found)
    return Likelihood(tokens, tokens.sum(dim=1), answers.sum(dim=1))


@torch.inference_mode()
def tell_answers(
    model: Generates, batch: Batch, answers: Sequence[Sequence[int]], n: int
) -> list[tuple[TokenLogprob, ...]]:
    """Of answers, token ids, to the prompts of `batch`: the log-probability of each token, and the `n` likeliest."""
    lengths = torch.tensor([len(answer) for answer in answers])
    written = torch.arange(int(lengths.amax())) < lengths[:, None]
    ids = torch.tensor([token for answer in answers for token in answer])
    new = Batch(torch.zeros_like(written, dtype=torch.long).masked_scatter(written, ids), written * Role.ANSWER)
    new = new.to(batch.tokens.device)
    tokens, roles = torch.cat((batch.tokens, new.tokens), dim=1), torch.cat((batch.roles, new.roles), dim=1)
    answered = torch.cat((torch.zeros_like(batch.valid), new.valid), dim=1)
    told = _tell(model, replace(batch, tokens=tokens, roles=roles), answered, n)
    parts = zip(*(part.split(lengths.tolist()) for part in (told.chosen, told.likeliest, told.values)), strict=True)
    return [tell_tokens(answer, Logprobs(*part)) for answer, part in zip(answers, parts, strict=True)]


def _tell(model: Generates, batch: Batch, answers: Tensor, n: int) -> Logprobs:
    """Of the tokens at `answers`, (batch, tokens), in reading order."""
    features, _ = read_at(model, batch, _places_before(answers, batch.valid))
    parts = zip(features.split(PART), batch.tokens[answers].split(PART), strict=True)
    told = [tell(model.logits(part).float(), tokens, n) for part, tokens in parts]
    return Logprobs(*(torch.cat([getattr(one, name) for one in told]) for name in ("chosen", "likeliest", "values")))


def _places_before(answers: Tensor, valid: Tensor) -> Tensor:
    """(batch, tokens): True for the token before each answer token; there may be padding between the two."""
    places = torch.arange(valid.shape[1], device=valid.device)
    latest = torch.where(valid, places, -1).cummax(dim=1).values.roll(1, dims=1)
    latest[:, 0] = -1
    rows, columns = answers.nonzero(as_tuple=True)
    before = latest[rows, columns]
    if not bool(answers.any(dim=1).all()) or bool((before < 0).any()):
        raise UsageError("Only an answer to something can be scored: each row needs a prompt, and an answer to it.")
    return torch.zeros_like(answers).index_put((rows, before), torch.ones_like(before, dtype=torch.bool))
