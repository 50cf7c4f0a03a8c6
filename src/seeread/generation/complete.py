"""Whole answers, and answers as they are written."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import torch

from seeread.generation.generate import Reason, Step, Write, generate
from seeread.generation.sampling import Sampling
from seeread.interface import Batch, Generates


@dataclass(frozen=True)
class TokenLogprob:
    """A token, the natural logarithm of the model's own probability of it (before penalty and temperature), and the
    likeliest tokens in its place with theirs, best first."""

    id: int
    logprob: float
    likeliest: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Completion:
    """An answer: its text, without what stopped it; all tokens written, the one that ended it included; why it is
    over; and `logprobs` of each token, where they were asked for."""

    text: str
    ids: tuple[int, ...]
    reason: Reason
    logprobs: tuple[TokenLogprob, ...] | None = None


def complete(
    model: Generates, batch: Batch, sampling: Sampling, end_ids: AbstractSet[int], write: Write
) -> list[Completion]:
    """The whole answer to each prompt. Arguments and errors are those of `generate`; here there may be beams."""
    return _gather(list(generate(model, batch, sampling, end_ids, write)))


def stream(
    model: Generates, batch: Batch, sampling: Sampling, end_ids: AbstractSet[int], write: Write
) -> Iterator[tuple[str, ...]]:
    """Pieces of text, one of each prompt, "" where there is nothing new. Joined they are the texts of `complete`."""
    return (step.pieces for step in generate(model, batch, sampling, end_ids, write) if any(step.pieces))


def _gather(steps: list[Step]) -> list[Completion]:
    rows = len(steps[0].wrote)
    tokens = torch.stack([step.tokens for step in steps], dim=1).tolist()
    told = _told(steps)
    completions = []
    for row in range(rows):
        length = sum(step.wrote[row] for step in steps)
        ids = tuple(tokens[row][:length])
        reason = steps[length - 1].reasons[row]
        assert reason is not None
        logprobs = None
        if told is not None:
            logprobs = tuple(map(TokenLogprob, ids, *(part[row] for part in told)))
        completions.append(Completion("".join(step.pieces[row] for step in steps), ids, reason, logprobs))
    return completions


def _told(steps: list[Step]) -> tuple[list[list[float]], list[list[tuple[tuple[int, float], ...]]]] | None:
    """Of each row and token its log-probability, and the likeliest with theirs."""
    each = [step.logprobs for step in steps if step.logprobs is not None]
    if not each:
        return None
    chosen = torch.stack([one.chosen for one in each], dim=1).tolist()
    likeliest = torch.stack([one.likeliest for one in each], dim=1).tolist()
    values = torch.stack([one.values for one in each], dim=1).tolist()
    pairs = [
        [tuple(zip(*both, strict=True)) for both in zip(*row, strict=True)]
        for row in zip(likeliest, values, strict=True)
    ]
    return chosen, pairs
