"""Which token comes next: what is asked for, and the steps from a model's scores to a choice.

Each step does what `transformers` does under the same name, and they are taken in its order: repetition penalty,
temperature, top-k, top-p, min-p.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from seeread.errors import UsageError

OPTIONAL = {"top_k", "top_p", "min_p", "seed"}


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How an answer is written. Without anything said: the likeliest token each time (greedy), at most 256 of them.

    Args:
        max_tokens: The longest answer, in tokens.
        temperature: Scores are divided by it before one token is drawn; 0 takes the likeliest.
        top_k: Draw from the so many likeliest tokens only.
        top_p: Draw from the likeliest tokens that together have this probability only (arXiv:1904.09751).
        min_p: Draw from tokens at least so likely, compared with the likeliest, only (arXiv:2407.01082).
        repetition_penalty: Above 1 makes tokens of prompt and answer less likely to come again (arXiv:1909.05858).
        beams: Above 1: beam search, which follows so many answers at a time and keeps the best.
        length_penalty: Of beam search: sums of log-probabilities are divided by length to the power of it.
        early_stopping: Of beam search: stop at the first `beams` answers that have ended.
        stop: The answer ends before any of these texts.
        seed: The same seed and prompt give the same answer, alone or among others. None: another answer each time.
        logprobs: Above 0: tell the log-probability of each token written, and of the so many likeliest beside it.
    """

    max_tokens: int = 256
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0
    beams: int = 1
    length_penalty: float = 1.0
    early_stopping: bool = False
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logprobs: int = 0

    def __post_init__(self) -> None:
        for name, least in (("max_tokens", 1), ("top_k", 1), ("beams", 1), ("logprobs", 0), ("seed", 0)):
            value = getattr(self, name)
            if not (value is None and name in OPTIONAL) and not (_whole(value) and least <= value < 2**63):
                raise UsageError(f"{name} must be a whole number of at least {least}, and is {value!r}.")
        for name, fine, what in (
            ("temperature", lambda x: 0 <= x < math.inf, "0 (the likeliest token each time) or more"),
            ("top_p", lambda x: 0 < x <= 1, "above 0 and at most 1"),
            ("min_p", lambda x: 0 <= x <= 1, "from 0 to 1"),
            ("repetition_penalty", lambda x: 0 < x < math.inf, "above 0 (1 is none)"),
            ("length_penalty", math.isfinite, "a number"),
        ):
            value = getattr(self, name)
            if not (value is None and name in OPTIONAL) and not (_number(value) and fine(value)):
                raise UsageError(f"{name} must be {what}, and is {value!r}.")
        stop: object = self.stop
        if not isinstance(stop, tuple) or not all(isinstance(text, str) and text for text in stop):
            raise UsageError(f"stop must be a tuple of texts that are not empty, and is {stop!r}.")
        narrowing = [name for name in ("top_k", "top_p", "min_p") if getattr(self, name) is not None]
        if narrowing and not self.temperature:
            names = " and ".join(narrowing)
            raise UsageError(f"{names}: nothing is drawn at a temperature of 0. Give a temperature, 1 for example.")
        if self.beams > 1 and self.temperature:
            raise UsageError("Beam search does not draw: give either beams or a temperature, not both.")


def mark_seen(tokens: Tensor, valid: Tensor, vocabulary: int) -> Tensor:
    """(batch, vocabulary): True for the tokens of each row of `tokens`, (batch, tokens), that are no padding. An id
    outside the vocabulary, as some models have for the places of images, marks nothing."""
    known = valid & (tokens >= 0) & (tokens < vocabulary)
    seen = torch.zeros(len(tokens), vocabulary + 1, dtype=torch.bool, device=tokens.device)
    return seen.scatter_(1, torch.where(known, tokens, vocabulary), True)[:, :vocabulary]


def penalise(scores: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Scores, (batch, vocabulary), of the tokens `seen` made smaller by a penalty above 1."""
    return torch.where(seen, torch.where(scores < 0, scores * penalty, scores / penalty), scores)


def heat(scores: Tensor, temperature: float) -> Tensor:
    """Scores over the temperature. The largest is taken off first, which changes no probability: however small the
    temperature, nothing overflows."""
    return (scores - scores.amax(dim=-1, keepdim=True)) / temperature


def keep_top_k(scores: Tensor, k: int) -> Tensor:
    """-inf for all but the k largest scores, and what is equal to the least of them."""
    least = scores.topk(min(k, scores.shape[-1])).values[..., -1:]
    return scores.masked_fill(scores < least, -torch.inf)


def keep_top_p(scores: Tensor, p: float) -> Tensor:
    """-inf for all but the fewest tokens that together have a probability of at least p; at least one stays."""
    ascending, order = scores.sort(dim=-1)
    below = ascending.softmax(dim=-1).cumsum(dim=-1) <= 1 - p
    below[..., -1] = False
    return scores.masked_fill(torch.zeros_like(below).scatter(-1, order, below), -torch.inf)


def keep_min_p(scores: Tensor, p: float) -> Tensor:
    """-inf for tokens that are less than p times as likely as the likeliest."""
    likely = scores.softmax(dim=-1)
    return scores.masked_fill(likely < p * likely.amax(dim=-1, keepdim=True), -torch.inf)


def narrow(scores: Tensor, sampling: Sampling) -> Tensor:
    """Scores, (batch, vocabulary), at the temperature, and -inf for what is not to be drawn."""
    scores = heat(scores, sampling.temperature)
    if sampling.top_k is not None:
        scores = keep_top_k(scores, sampling.top_k)
    if sampling.top_p is not None and sampling.top_p < 1:
        scores = keep_top_p(scores, sampling.top_p)
    if sampling.min_p is not None:
        scores = keep_min_p(scores, sampling.min_p)
    return scores


def draw(scores: Tensor, uniform: Tensor) -> Tensor:
    """One token a row, (batch,), by the probabilities that scores (batch, vocabulary) stand for: the one at which
    their running sum passes `uniform`, (batch,)."""
    likely = scores.softmax(dim=-1)
    sums = likely.cumsum(dim=-1)
    passed = torch.searchsorted(sums, (uniform[:, None] * sums[:, -1:]).contiguous(), right=True)
    token = passed.clamp(max=scores.shape[-1] - 1)
    # A running sum that is added up in parallel may rise by a rounding error where nothing was added.
    possible = likely.gather(1, token) > 0
    return torch.where(possible[:, 0], token[:, 0], scores.argmax(dim=-1))


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
