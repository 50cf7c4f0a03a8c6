"""Beam search: several answers are followed at a time, and the best of all is taken.

The rules are those of `generate(num_beams=...)` of `transformers`, so that the same answers come out.
"""

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import torch

from seeread.errors import UsageError
from seeread.generation.choice import BROKEN
from seeread.generation.generate import Reason, Write, check
from seeread.generation.sampling import Sampling, mark_seen, penalise
from seeread.generation.shared import last_places, read_at
from seeread.generation.written import Written
from seeread.interface import Batch, Generates


@dataclass(frozen=True)
class Hypothesis:
    """An answer that is over. `score` is the sum of its tokens' log-probabilities, over its length to the power of the
    length penalty; the token that ended it counts in both."""

    ids: tuple[int, ...]
    score: float
    reason: Reason


@dataclass(frozen=True)
class _Beam:
    """An answer that goes on."""

    ids: tuple[int, ...] = ()
    total: float = 0.0
    written: Written | None = None


@dataclass
class _Search:
    """The answers to one prompt."""

    sampling: Sampling
    end_ids: AbstractSet[int]
    running: list[_Beam]
    finished: list[Hypothesis] = field(default_factory=list)  # best first
    over: bool = False

    def advance(self, grown: Sequence[_Beam]) -> list[int]:
        """Takes the best of what the running beams can become by one token, best first. Gives the places of those that
        run on, as many as there are beams: where there are too few, the first again, as a beam without a chance."""
        beams, power = self.sampling.beams, self.sampling.length_penalty
        length = len(grown[0].ids)
        reasons = [self._reason(beam) for beam in grown]
        for beam, reason in zip(grown[:beams], reasons, strict=False):  # the others only step in for beams that end
            if reason is not None and beam.total > -torch.inf:
                self.finished.append(Hypothesis(beam.ids, beam.total / length**power, reason))
        self.finished = sorted(self.finished, key=lambda one: -one.score)[:beams]
        places = [place for place, reason in enumerate(reasons) if reason is None][:beams]
        self.running = [grown[place] for place in places]
        best = self.running[0].total if places else -torch.inf
        full = len(self.finished) == beams
        beaten = full and (self.sampling.early_stopping or best / length**power <= self.finished[-1].score)
        self.over = beaten or best == -torch.inf
        if not self.over and len(places) < beams:
            missing = beams - len(places)
            self.running += [replace(self.running[0], total=-torch.inf)] * missing
            places += places[:1] * missing
        return places

    def _reason(self, beam: _Beam) -> Reason | None:
        if beam.ids[-1] in self.end_ids:
            return "end"
        if beam.written is not None and beam.written.stopped:
            return "stop"
        return "length" if len(beam.ids) == self.sampling.max_tokens else None


@torch.inference_mode()
def beam_search(
    model: Generates,
    batch: Batch,
    sampling: Sampling,
    end_ids: AbstractSet[int],
    write: Write | None = None,
) -> list[list[Hypothesis]]:
    """The best answers to each prompt that a search with `sampling.beams` finds, best first, as many as beams or fewer.

    Arguments and errors are those of `generate`.
    """
    check(batch, sampling, write)
    start = _Beam(written=Written(write, sampling.stop) if write is not None and sampling.stop else None)
    searches = [_Search(sampling, end_ids, [start]) for _ in batch.tokens]
    features, cache = read_at(model, batch, last_places(batch))
    going, seen = searches, None
    while True:
        own = model.logits(features).float().log_softmax(dim=-1)
        scores, vocabulary = own, own.shape[-1]
        if sampling.repetition_penalty != 1:
            if seen is None:
                seen = mark_seen(batch.tokens, batch.valid, vocabulary)
            scores = penalise(own, seen, sampling.repetition_penalty)
        width = len(going[0].running)
        totals = torch.tensor([[beam.total for beam in search.running] for search in going])
        sums = (totals.to(scores.device)[:, :, None] + scores.view(len(going), width, -1)).flatten(1)
        # So many that enough are left to go on with when every beam may end with any of these.
        values, indices = sums.topk(min((2 + len(end_ids)) * sampling.beams, sums.shape[1]))
        chosen = list(zip(values.tolist(), indices.tolist(), strict=True))  # the one wait for the device in a step
        tokens: list[int] = []
        origins: list[int] = []  # the row of the batch that each goes on from
        for row, (search, (best, flat)) in enumerate(zip(going, chosen, strict=True)):
            beams, ids = [index // vocabulary for index in flat], [index % vocabulary for index in flat]
            running = [search.running[beam] for beam in beams]
            places = search.advance([_grow(*one) for one in zip(running, ids, best, strict=True)])
            if not search.over:
                tokens += [ids[place] for place in places]
                origins += [row * width + beams[place] for place in places]
        going = [search for search in going if not search.over]
        if not going:
            return [search.finished for search in searches]
        new, rows = torch.tensor([tokens, origins], device=scores.device)
        if origins != list(range(len(scores))):
            cache = cache.select(rows)
        if seen is not None:
            seen = seen[rows].scatter_(1, new[:, None], True)
        features = model.read(batch.followed_by(new[:, None]), cache)[:, -1]


def _grow(beam: _Beam, token: int, total: float) -> _Beam:
    """The beam with one more token."""
    if math.isnan(total):
        raise UsageError(BROKEN)
    written = beam.written
    if written is not None:
        written = written.branch()
        written.add(token)
    return _Beam((*beam.ids, token), total, written)
