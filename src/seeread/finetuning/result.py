"""What a training brought, and what it cost: as figures, as words, and as what a program reads."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seeread.charts.figures import figure, signed
from seeread.evaluation.metrics.bootstrap import Interval
from seeread.evaluation.records.record import Measure
from seeread.evaluation.report.words import unit, with_interval
from seeread.finetuning.measures.blend import Point
from seeread.finetuning.measures.measuring import Score
from seeread.pretrained import Pretrained

ALREADY = 0.9
"""A score, a share, from which on there is little left to learn."""


@dataclass(frozen=True)
class Blend:
    """A model between the old and the new, `share` of the way: it has its own scores."""

    share: float
    path: Path
    scores: tuple[Score, ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "share": self.share,
            "model": str(self.path),
            "scores": [_score(score) for score in self.scores],
        }


@dataclass(frozen=True)
class Result:
    """`model` is the trained one, as it was loaded again from `path`. `agreement` is how often it still says of the
    held-out pictures what it said before, among names that have nothing to do with them; `curve` is what lies between
    old and new, and `blend` is there if something was forgotten."""

    model: Pretrained
    path: Path
    report: Path
    scores: tuple[Score, ...]
    agreement: Interval | None
    curve: tuple[Point, ...]
    blend: Blend | None
    seconds: float
    command: str
    trouble: Mapping[str, str]

    @property
    def forgotten(self) -> bool:
        """Whether something that it could do before went down by more than chance would explain."""
        return forgotten(self.scores)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "model": str(self.path),
            "report": str(self.report),
            "scores": [_score(score) for score in self.scores],
            "forgotten": self.forgotten,
            "advice": advice(self.scores),
            "agreement": None if self.agreement is None else self.agreement._asdict(),
            "curve": [asdict(point) for point in self.curve],
            "blend": None if self.blend is None else self.blend.as_json(),
            "seconds": round(self.seconds, 1),
            "try": self.command,
        }  # fmt: skip


def forgotten(scores: Sequence[Score]) -> bool:
    """Whether a general score of what the model knew before went down by more than chance would explain."""
    return any(
        score.about == "general" and score.known_before and score.sure and score.gain < 0 for score in scores
    )


def advice(scores: Sequence[Score]) -> str | None:
    """What to do where it did not become better on what it learned; None where it did."""
    new = [score for score in scores if score.about == "new"]
    if any(score.sure and score.gain > 0 for score in new) or not new:
        return None
    gentler = "Go more gently: --set rate=2e-5, fewer --steps, or --mode lora."
    if any(score.sure and score.gain < 0 for score in new):
        return f"It has become worse at what it was to learn: keep the old model. {gentler} More pictures help most."
    if max(score.before.value for score in new) > ALREADY:
        return "It knew most of this already, and is not surely better now."
    return f"It is not surely better than before: more pictures would tell, and teach, more. If it fell: {gentler}"


def row(score: Score) -> list[str]:
    """A line of a table: what, before, after, and the difference with its bounds."""
    return [f"{score.data}: {score.name}", cell(score.before), cell(score.after), difference(score)]


def cell(measure: Measure) -> str:
    """63.3% (61.0 to 65.3%)."""
    return with_interval(measure)[0]


def difference(score: Score) -> str:
    """+12.5 (+8.1 to +16.0), in points of percent where the score is a share."""
    kind = unit(score.before)
    return "{} ({} to {})".format(*(signed(value, kind).removesuffix("%") for value in score.apart[:3]))


def verdict(score: Score) -> str:
    """What to make of a difference, in a few words."""
    if score.about == "general" and not score.known_before:
        return "no better than guessing before: it says nothing"
    if not score.sure:
        return "may be chance"
    return "better" if score.gain > 0 else "worse"


def said(agreement: Interval) -> str:
    """The agreement as a sentence."""
    share, low, high = (figure(value, "percent") for value in agreement)
    return (
        f"Of {share} of the held-out pictures ({low.removesuffix('%')} to {high}) the name that was likeliest before, "
        "among ImageNet's 1,000, is among the first five still."
    )


def _score(score: Score) -> dict[str, Any]:
    return asdict(score) | {"apart": score.apart._asdict(), "verdict": verdict(score)}
