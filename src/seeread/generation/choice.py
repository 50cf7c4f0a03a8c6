"""One token for each row of a batch, step after step: what a choice needs beside the model's scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from seeread.generation.sampling import Sampling, draw, mark_seen, narrow, penalise
from seeread.interface import Batch

BLOCK = 64
"""Random numbers are drawn by so many, whatever number will be needed: a longer answer begins like a shorter one."""

BROKEN = "The model's scores are not numbers. If it was loaded in float16, load it in bfloat16 or float32."


@dataclass(frozen=True)
class Logprobs:
    """Natural logarithms of the model's own probabilities: before penalty and temperature, and of all tokens.

    `chosen` is (batch,), of the tokens that were written; `likeliest` are the ids of the likeliest, (batch, n), best
    first, and `values` theirs.
    """

    chosen: Tensor
    likeliest: Tensor
    values: Tensor


@dataclass(frozen=True)
class TokenLogprob:
    """A token, the natural logarithm of the model's own probability of it (before penalty and temperature), and the
    likeliest tokens in its place with theirs, best first."""

    id: int
    logprob: float
    likeliest: tuple[tuple[int, float], ...]


def tell(scores: Tensor, tokens: Tensor, n: int) -> Logprobs:
    """Of scores (batch, vocabulary) and the tokens chosen, (batch,): their log-probabilities and the n largest. What is
    told of a row without a token, -1, means nothing."""
    total = scores.logsumexp(dim=-1, keepdim=True)
    values, likeliest = scores.topk(min(n, scores.shape[-1]))
    return Logprobs((scores.gather(1, tokens[:, None].clamp(min=0)) - total)[:, 0], likeliest, values - total)


def tell_tokens(ids: Sequence[int], told: Logprobs) -> tuple[TokenLogprob, ...]:
    """The same of one answer, token by token; `told` has its tokens in the place of rows."""
    chosen, likeliest, values = told.chosen.tolist(), told.likeliest.tolist(), told.values.tolist()
    others = [tuple(zip(*both, strict=True)) for both in zip(likeliest, values, strict=True)]
    return tuple(map(TokenLogprob, ids, chosen, others))


class Choice:
    """Chooses as `sampling` says. It remembers what was read and written, where repeating is made less likely, and
    has a generator of random numbers for each row: what a row draws does not depend on those beside it."""

    def __init__(self, sampling: Sampling, batch: Batch):
        self.sampling = sampling
        self.prompts = batch
        self.rows: Tensor | None = None  # of the batch, where not all are left
        self.seen: Tensor | None = None
        self.generators: list[torch.Generator] = []
        self.numbers = torch.empty(0)
        if sampling.temperature:
            rows, seed = len(batch.tokens), sampling.seed
            # Without a seed, each row gets one from torch's own generator: `torch.manual_seed` still says them all.
            seeds = [seed] * rows if seed is not None else torch.randint(2**63 - 1, (rows,)).tolist()
            self.generators = [torch.Generator().manual_seed(each) for each in seeds]

    def __call__(self, scores: Tensor, step: int) -> Tensor:
        """Scores (rows, vocabulary) to tokens (rows,), -1 where scores are not numbers. Steps come in order, from 0."""
        asked = self.sampling
        if asked.repetition_penalty != 1:
            if self.seen is None:
                self.seen = mark_seen(self.prompts.tokens, self.prompts.valid, scores.shape[-1])
            scores = penalise(scores.float(), self.seen, asked.repetition_penalty)
        if asked.temperature:
            tokens = draw(narrow(scores.float(), asked), self._uniform(step, scores.device))
        else:
            tokens = scores.argmax(dim=-1)
        if self.seen is not None:
            self.seen.scatter_(1, tokens[:, None], True)
        broken = scores.gather(1, tokens[:, None])[:, 0].isnan()
        return tokens.masked_fill(broken, -1)

    def select(self, places: Tensor) -> None:
        """From now on only these, (rows,), of the rows of before."""
        self.rows = places if self.rows is None else self.rows[places]
        if self.seen is not None:
            self.seen = self.seen[places]

    def _uniform(self, step: int, device: torch.device) -> Tensor:
        """(rows,), from 0 to 1."""
        if step % BLOCK == 0:
            drawn = [torch.rand(BLOCK, generator=generator) for generator in self.generators]
            self.numbers = torch.stack(drawn).to(device)
        numbers = self.numbers[:, step % BLOCK]
        return numbers if self.rows is None else numbers[self.rows]
