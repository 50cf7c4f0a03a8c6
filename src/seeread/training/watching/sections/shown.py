"""Sample pictures of a run, with what the model said of each after more and more steps."""

from pathlib import Path

from seeread.charts.chart import Gallery, Section, Shown
from seeread.charts.figures import shorten
from seeread.training.watching.samples import FOLDER, Sample
from seeread.training.watching.words import plain

TIMES, LETTERS = 4, 160
"""Of what was said of a picture over time, how often it is shown, and how much of it."""


def shown(out: Path, samples: list[Sample]) -> Section | None:
    """A gallery of the samples; None where there are none, or nothing was said."""
    samples = [sample for sample in samples if sample.said]
    if not samples:
        return None
    pictures = [Shown(_picture(out / FOLDER / Path(sample.file).name), _lines(sample)) for sample in samples]
    lead = "The same pictures every time, none of which it learned from. " + _right(samples)
    note = "A tick is where the first of what it chose is true. Percentages are the scores of what it chose."
    chosen = any(score is not None for sample in samples for _, texts in sample.said for _, score in texts)
    return Section(
        "What it said on the way",
        [Gallery("Sample pictures", pictures, note if chosen else "")],
        lead.strip(),
    )


def _lines(sample: Sample) -> list[str]:
    lines = [f"True: {_short(sample.truth)}" if sample.truth else "A picture"]
    if sample.question:
        lines.append(f"Asked: {_short(sample.question)}")
    places = sorted({round(place * (len(sample.said) - 1) / (TIMES - 1)) for place in range(TIMES)})
    for step, texts in (sample.said[place] for place in places):
        text, score = texts[0] if texts else ("nothing", None)
        sure = "" if score is None else f" {score:.0%}"
        tick = " ✓" if score is not None and text == sample.truth else ""
        lines.append(f"step {step:,}: {_short(text) or 'nothing'}{sure}{tick}")
    return lines


def _right(samples: list[Sample]) -> str:
    """How many it chose right, at first and at last."""
    chosen = [
        sample
        for sample in samples
        if sample.truth and all(t and t[0][1] is not None for _, t in sample.said)
    ]
    if not chosen:
        return ""
    first, last = (sum(one.said[place][1][0][0] == one.truth for one in chosen) for place in (0, -1))
    return f"Of {len(chosen)} it chose right {first} at first and {last} at last."


def _picture(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _short(text: str) -> str:
    return shorten(plain(text), LETTERS)
