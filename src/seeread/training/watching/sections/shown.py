"""Sample pictures of a run, with what the model said of each after more and more steps."""

from itertools import groupby
from pathlib import Path

from seeread.charts.chart import Gallery, Section, Shown
from seeread.charts.figures import shorten
from seeread.training.watching.samples import FOLDER, Sample
from seeread.training.watching.words import is_same, plain

TIMES, LETTERS = 5, 160
"""Of what was said of a picture over time, how often it is shown at most, and how much of it."""
NOTE = "✓: what it says first is true. A percentage is the score of what it chose, compared with the other candidates."


def shown(out: Path, samples: list[Sample]) -> Section | None:
    """A gallery of the samples; None where there are none, or nothing was said."""
    samples = [sample for sample in samples if sample.said]
    if not samples:
        return None
    pictures = [
        Shown(_picture(out / FOLDER / Path(sample.file).name), [_head(sample)], _said(sample))
        for sample in samples
    ]
    chosen = any(score is not None for sample in samples for _, texts in sample.said for _, score in texts)
    lead = f"The same pictures every time, none of which it learned from. {_right(samples)}".strip()
    return Section(
        "What it said on the way", [Gallery("", pictures, NOTE if chosen else "", roomy=True)], lead
    )


def _head(sample: Sample) -> str:
    """What is true of it, or what was asked."""
    if sample.question:
        return " ".join(part for part in (_short(sample.question), _short(sample.truth)) if part)
    return _short(sample.truth) or "A picture"


def _said(sample: Sample) -> list[tuple[str, str]]:
    """What was said first, last and in between; what was said several times in a row is there once."""
    last = len(sample.said) - 1
    places = sorted({round(place * last / (TIMES - 1)) for place in range(TIMES)})
    chosen = [
        (step, _worded(texts, sample.truth)) for step, texts in (sample.said[place] for place in places)
    ]
    entries = []
    for text, same in groupby(chosen, lambda one: one[1]):
        steps = [step for step, _ in same]
        when = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,} – {steps[-1]:,}"
        entries.append((f"step {when}", text))
    return entries


def _worded(texts: tuple[tuple[str, float | None], ...], truth: str) -> str:
    text, score = texts[0] if texts else ("", None)
    told = "✓" if truth and is_same(text, truth) else _short(text) or "nothing"
    return told if score is None else f"{told} {score:.0%}"


def _right(samples: list[Sample]) -> str:
    """How many it got right, at first and at last; "" where it never did, as with sentences of its own."""
    judged = [sample for sample in samples if sample.truth and all(texts for _, texts in sample.said)]
    first, last = (sum(is_same(one.said[place][1][0][0], one.truth) for one in judged) for place in (0, -1))
    return f"Of {len(judged)} it had {first} right at first, and {last} at last." if first or last else ""


def _picture(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _short(text: str) -> str:
    return shorten(plain(text), LETTERS)
