"""How likely given answers are: what a model is asked instead of letting it write."""

from dataclasses import dataclass

import torch
from torch import Tensor

from seeread.errors import UsageError
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
    wanted = _places_before(answers, batch.valid)
    features, _ = read_at(model, batch, wanted)
    parts = zip(features.split(PART), batch.tokens[answers].split(PART), strict=True)
    found = torch.cat([_of(model.logits(part), tokens) for part, tokens in parts])
    tokens = found.new_zeros(answers.shape).index_put(answers.nonzero(as_tuple=True), found)
    return Likelihood(tokens, tokens.sum(dim=1), answers.sum(dim=1))


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


def _of(scores: Tensor, tokens: Tensor) -> Tensor:
    """(places,): log-probabilities of these tokens, (places,), by scores (places, vocabulary)."""
    scores = scores.float()
    return scores.gather(1, tokens[:, None])[:, 0] - scores.logsumexp(dim=-1)
