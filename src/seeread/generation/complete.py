"""Whole answers, and answers as they are written."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import torch

from seeread.generation.beam import beam_search
from seeread.generation.choice import Logprobs, TokenLogprob, tell_tokens
from seeread.generation.generate import Reason, Step, Write, generate
from seeread.generation.sampling import Sampling
from seeread.generation.score import tell_answers
from seeread.generation.written import Written
from seeread.interface import Batch, Generates


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
    if sampling.beams == 1:
        return list(_gathered(list(generate(model, batch, sampling, end_ids, write))))
    return list(_searched(model, batch, sampling, end_ids, write))


def stream(
    model: Generates, batch: Batch, sampling: Sampling, end_ids: AbstractSet[int], write: Write
) -> Iterator[tuple[str, ...]]:
    """Pieces of text, one of each prompt, "" where there is nothing new. Joined they are the texts of `complete`. With
    several beams there is one piece, the whole: before the end nothing is settled."""
    if sampling.beams > 1:
        return iter([tuple(whole.text for whole in complete(model, batch, sampling, end_ids, write))])
    return (step.pieces for step in generate(model, batch, sampling, end_ids, write) if any(step.pieces))


def _searched(
    model: Generates, batch: Batch, sampling: Sampling, end_ids: AbstractSet[int], write: Write
) -> Iterator[Completion]:
    best = [found[0] for found in beam_search(model, batch, sampling, end_ids, write)]
    told: list[tuple[TokenLogprob, ...]] = []
    if sampling.logprobs:
        told = tell_answers(model, batch, [one.ids for one in best], sampling.logprobs)
    for row, one in enumerate(best):
        written = Written(write, sampling.stop)
        for token in one.ids[:-1] if one.reason == "end" else one.ids:
            written.add(token)
        if not written.stopped:
            written.finish()
        yield Completion(written.text, one.ids, one.reason, told[row] if told else None)


def _gathered(steps: list[Step]) -> Iterator[Completion]:
    tokens = torch.stack([step.tokens for step in steps], dim=1).tolist()
    told = [step.logprobs for step in steps if step.logprobs is not None]
    for row in range(len(tokens)):
        length = sum(step.wrote[row] for step in steps)
        ids, reason = tuple(tokens[row][:length]), steps[length - 1].reasons[row]
        assert reason is not None
        logprobs = None
        if told:
            parts = ((one.chosen[row], one.likeliest[row], one.values[row]) for one in told[:length])
            logprobs = tell_tokens(ids, Logprobs(*(torch.stack(part) for part in zip(*parts, strict=True))))
        yield Completion("".join(step.pieces[row] for step in steps), ids, reason, logprobs)
