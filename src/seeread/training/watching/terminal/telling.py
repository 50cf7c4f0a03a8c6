"""What is said of a run in sentences, besides its figures: how it begins and ends, and what happens on the way."""

from collections.abc import Iterator, Mapping, Sequence

from seeread.charts.figures import figure, shorten, signed
from seeread.training.watching.terminal.pace import Pace
from seeread.training.watching.watcher import Beginning, Moment
from seeread.training.watching.words import duration, is_same, plain, size, unit_of

FEW = 3
"""Broken examples that are named each time."""
SHOWN, LONG = 2, 48
"""Sample pictures that are told of, and letters of what is said of one."""


def opening(beginning: Beginning) -> str:
    """How much learns, and from where."""
    learning = f"{size(beginning.learning)} of {size(beginning.parameters)} parameters learn"
    if beginning.learning == beginning.parameters:
        learning = f"{size(beginning.parameters)} parameters learn"
    ranks = f", on {beginning.ranks} processes" if beginning.ranks > 1 else ""
    on = f", going on after step {beginning.step:,}" if beginning.step else ""
    return f"{learning}{ranks}{on}"


def closing(pace: Pace, reason: str | None) -> str:
    """How far it came, in which time, and why no further."""
    loss = pace.mean("loss")
    figures = "" if loss is None else f", loss {figure(loss, 'number')}"
    if reason is None and pace.newest is None:
        return f"all {pace.steps:,} steps were done already"
    if reason is None:
        return f"{pace.step:,} steps done in {duration(pace.seconds)}{figures}"
    return f"stopped after step {pace.step:,} of {pace.steps:,}{figures}: {plain(reason)}"


def events(moment: Moment, before: Mapping[str, float]) -> Iterator[str]:
    """What of a step is worth a line of its own; `before` are the figures that were measured last."""
    if moment.skipped:
        yield f"step {moment.step:,}: the loss or its gradient was no number; no weight was moved"
    for name, why in list(moment.trouble.items())[:FEW]:
        yield f"step {moment.step:,}: passed over {plain(name)}: {plain(why)}"
    if len(moment.trouble) > FEW:
        yield f"step {moment.step:,}: passed over {len(moment.trouble) - FEW:,} more broken examples"
    if moment.figures:
        told = [
            f"{plain(name)} {changed(name, value, before.get(name))}"
            for name, value in moment.figures.items()
        ]
        yield f"step {moment.step:,}: {', '.join(told)}"


def sampled(
    step: int, truths: Sequence[str], said: Sequence[Sequence[tuple[str, float | None]]]
) -> Iterator[str]:
    """What the model says of the first sample pictures, a line of each."""
    for number, (truth, texts) in enumerate(list(zip(truths, said, strict=True))[:SHOWN], 1):
        text, score = texts[0] if texts else ("", None)
        sure = "" if score is None else f" {score:.0%}"
        right = "" if not truth else " ✓" if is_same(text, truth) else f' (true: "{_short(truth)}")'
        yield f'step {step:,}, sample {number}: "{_short(text)}"{sure}{right}'


def changed(name: str, value: float, before: float | None) -> str:
    """A figure and by how much it differs from the one before: 0.412 (+0.03), 41.2% (+3.0%)."""
    unit = unit_of(name, [value])
    change = "" if before is None else signed(value - before, unit)
    return figure(value, unit) + (f" ({change})" if change else "")


def _short(text: str) -> str:
    return shorten(plain(text), LONG)
