"""Writing answers: read the prompts, then one token of each at a time, remembering what was read."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.generation.choice import BROKEN, Choice, Logprobs, tell
from seeread.generation.memory import Memory
from seeread.generation.sampling import Sampling
from seeread.generation.shared import last_places, read_at
from seeread.generation.written import Written
from seeread.interface import Batch, Generates, Role

Reason = Literal["end", "stop", "length"]
"""Why an answer is over: the model ended it, a stop text came, or it has as many tokens as it may."""

Write = Callable[[Sequence[int]], str]
"""Token ids to text, special tokens left out. The text of more ids begins with that of fewer, up to a last letter
that was not complete."""


@dataclass(frozen=True)
class Step:
    """One token more of every answer that is not over yet.

    `tokens` is (batch,), 0 of a row that `wrote` none. `pieces` is the text that this step settles, and `reasons` says
    of the answers that are over with it, why. What `logprobs` has of a row that wrote none means nothing.
    """

    tokens: Tensor
    wrote: tuple[bool, ...]
    pieces: tuple[str, ...]
    reasons: tuple[Reason | None, ...]
    logprobs: Logprobs | None = None


def generate(
    model: Generates,
    batch: Batch,
    sampling: Sampling,
    end_ids: AbstractSet[int],
    write: Write | None = None,
    memory: Memory | None = None,
) -> Iterator[Step]:
    """Answers to the prompts of `batch`, a token of each a step, until all are over.

    An answer is over with any of `end_ids`, which is then its last token and none of its text. `write` tells the text
    of ids; without it pieces are empty, and there can be no stop texts. With a `memory` the one prompt goes on a
    dialogue of which what is remembered is not read again.

    Raises:
        UsageError: A row without a token; stop texts without `write`; several beams, of which nothing is settled
            before the end (`complete` follows them); a model whose scores are not numbers.
    """
    if sampling.beams > 1:
        raise UsageError("With several beams nothing is settled before the end, so that there are no steps to give.")
    check(batch, sampling, write)
    return _steps(model, batch, sampling, end_ids, write, memory)


def check(batch: Batch, sampling: Sampling, write: Write | None) -> None:
    """Raises UsageError where there is nothing to answer, or no way to find the texts that stop an answer."""
    if not len(batch.tokens) or not bool(batch.valid.any(dim=1).all()):
        raise UsageError("There is nothing to answer: a prompt needs at least one token.")
    if sampling.stop and write is None:
        raise UsageError("Stop texts are found where ids are turned into text: give `write`, too.")


class _Answer:
    """One row: what it has written, and whether it is over."""

    def __init__(self, sampling: Sampling, end_ids: AbstractSet[int], write: Write | None):
        self.room = sampling.max_tokens
        self.end_ids = end_ids
        self.written = None if write is None else Written(write, sampling.stop)
        self.reason: Reason | None = None

    def add(self, token: int) -> str:
        """One more token; the text that it settles."""
        if token < 0:
            raise UsageError(BROKEN)
        self.room -= 1
        if token in self.end_ids:
            self.reason = "end"
        elif not self.room:
            self.reason = "length"
        if self.written is None:
            return ""
        piece = "" if self.reason == "end" else self.written.add(token)
        if self.reason and not self.written.stopped:
            piece += self.written.finish()
        if self.written.stopped:
            self.reason = "stop"
        return piece


@torch.inference_mode()
def _steps(
    model: Generates,
    batch: Batch,
    sampling: Sampling,
    end_ids: AbstractSet[int],
    write: Write | None,
    memory: Memory | None,
) -> Iterator[Step]:
    rows = len(batch.tokens)
    answers = [_Answer(sampling, end_ids, write) for _ in range(rows)]
    kept = list(range(rows))  # the rows that are computed: those that go on, and at most as many that are over
    choose = Choice(sampling, batch)
    features, cache = memory.read(model, batch) if memory else read_at(model, batch, last_places(batch))
    step = 0
    while True:
        scores = model.logits(features)
        tokens = choose(scores, step)
        ids = tokens.tolist()  # the one wait for the device in a step
        wrote = tuple(answer.reason is None for answer in answers)
        pieces, reasons = [""] * rows, list[Reason | None]([None]) * rows
        for row, token in zip(kept, ids, strict=True):
            if wrote[row]:
                pieces[row], reasons[row] = answers[row].add(token), answers[row].reason
        logprobs = None
        if sampling.logprobs:
            told = tell(scores.float(), tokens, sampling.logprobs)
            logprobs = Logprobs(*(_spread(part, wrote, kept) for part in (told.chosen, told.likeliest, told.values)))
        yield Step(_spread(tokens, wrote, kept), wrote, tuple(pieces), tuple(reasons), logprobs)

        going = [place for place, row in enumerate(kept) if answers[row].reason is None]
        if not going:
            return
        if 2 * len(going) <= len(kept):
            left = torch.tensor(going, device=tokens.device)
            cache, tokens = cache.select(left), tokens[left]
            choose.select(left)
            kept, going = [kept[place] for place in going], list(range(len(going)))
        features = model.read(_next(batch, tokens, going), cache)[:, -1]
        if memory:
            memory.add(tokens)
        step += 1


def _next(batch: Batch, tokens: Tensor, going: Sequence[int]) -> Batch:
    """What is read next: these tokens, (rows,), and padding in the rows that are over. It takes no position, so that
    an answer that is over never comes to the end of what the model knows positions for."""
    following = batch.followed_by(tokens[:, None])
    if len(going) == len(tokens):
        return following
    goes_on = torch.zeros(len(tokens), 1, dtype=torch.bool)
    goes_on[list(going)] = True
    over = ~goes_on.to(tokens.device)
    return Batch(following.tokens.masked_fill(over, 0), following.roles.masked_fill(over, Role.PADDING))


def _spread(values: Tensor, wrote: Sequence[bool], kept: Sequence[int]) -> Tensor:
    """(rows that are computed, ...) to (batch, ...), with 0 where nothing was written."""
    if all(wrote):
        return values
    places = [place for place, row in enumerate(kept) if wrote[row]]
    spread = values.new_zeros(len(wrote), *values.shape[1:])
    spread[[kept[place] for place in places]] = values[places]
    return spread
