"""Where sight and words meet, and how much is done before and after: all of it measured."""

import re
from collections.abc import Callable

from seeread.charts.counts import millions, rounded
from seeread.explanation.anatomy import Split
from seeread.interface import Patched, Tiled
from seeread.models.families import ModelConfig
from seeread.studio.aspects.cell import Cell, Part
from seeread.studio.aspects.subject import Subject


def meets(subject: Subject) -> Cell | None:
    """Where sight enters."""
    if (found := subject.anatomy) is None:
        return None
    if not found.enters:
        return Cell("nowhere", "it has one of the two alone")
    every = getattr(subject.config, "every", None)
    more = f"before {ordinal(every)} block" if "between the blocks" in found.enters and every else ""
    return Cell(" and ".join(ENTERS[way] for way in found.enters), more)


ENTERS = {
    "a shared space": "a shared space, at the end",
    "the sequence": "the sequence, among the words",
    "the encoder's sequence": "the encoder's sequence, before the words",
    "between the blocks": "between the blocks, by cross-attention",
}
"""What an anatomy says of where sight enters, in a few words more."""


def first(subject: Subject) -> Cell | None:
    """The first layer of which the result depends on both."""
    if (found := subject.anatomy) is None or found.first is None or not found.enters:
        return None
    path, gated = found.first, getattr(subject.config, "gated_blocks", None)
    block = re.search(r"\.blocks\.(\d+)", path)
    if block is not None:
        part = "encoder" if ".encoder." in path else "language model"
        return Cell(f"block {int(block[1]) + 1} of the {part}", path)
    if "gates" in path and gated:
        return Cell(f"the gate before block {gated[0] + 1} of the language model", path)
    return Cell("the comparison at the end" if "similarity" in path else "the first layer that reads pictures", path)


def prompt(subject: Subject) -> Cell | None:
    """In which direction a prompt is read; it decides what can be kept."""
    if (found := subject.anatomy) is None or found.reads is None:
        return None
    return Cell(found.reads)


def tokens(subject: Subject) -> Cell | None:
    """How many tokens words can look at a picture by."""
    if (found := subject.anatomy) is None or not found.enters:
        return None
    said = [f"{found.places:,} among the words"] if found.places else []
    said += [f"{found.media:,} beside them"] if found.media else []
    if not said:
        return Cell("none", "a picture becomes one vector", 0)
    return Cell(", ".join(said), _of_what(subject.config), found.places + found.media)


def _of_what(config: ModelConfig | None) -> str:
    """The picture that was looked at, where how many tokens it becomes depends on its shape."""
    match None if config is None else config.pictures:
        case Tiled(apart=None):
            return "of a picture that is cut into four tiles"
        case Tiled(apart=most):
            return f"of a picture that is cut into {most} tiles"
        case Patched():
            return "of a picture of 16 × 16 patches"
    return ""


def share(subject: Subject) -> Cell | None:
    """The part of all work that is done on both: what some call late and early fusion, in a number."""
    if (found := subject.anatomy) is None or not found.enters:
        return None
    flops = found.flops
    after = flops.both / (flops.before + flops.both)
    percent = f"{100 * after:.0f} %" if after >= 0.01 else "next to nothing"
    more = f"{rounded(flops.both)} of {rounded(flops.before + flops.both)} operations"
    return Cell(percent, more, after)


def parameters(subject: Subject) -> Cell | None:
    """All that is learned, by what it works on."""
    if (found := subject.anatomy) is None:
        return None
    p = found.parameters
    total = p.before + p.both + p.idle
    return Cell(millions(total), _told(p, millions, "never used"), total, _parts(p))


def work(subject: Subject) -> Cell | None:
    """Floating point operations for one picture and a few words, by what they are done on."""
    if (found := subject.anatomy) is None:
        return None
    total = found.flops.before + found.flops.both
    return Cell(rounded(total), _told(found.flops, rounded, "on neither"), total, _parts(found.flops))


def kept(subject: Subject) -> Cell | None:
    """What can be remembered, and used again with the very same result."""
    if (found := subject.anatomy) is None or not found.kept:
        return None
    return Cell(", ".join(KEPT[one] for one in found.kept), "; ".join(found.kept))


KEPT = {
    "the vector of a picture, for any text": "picture vectors",
    "the vector of a text, for any picture": "text vectors",
    "the tokens of a picture, for any words": "the picture's tokens",
    "keys and values of a picture in every cross-attention, for any words behind it": "its keys and values",
    "the beginning of a prompt, as far as it agrees": "a prompt's beginning",
    "a whole prompt, for several answers": "a whole prompt",
}
"""What an anatomy says is kept, in fewer words."""


def ordinal(every: int) -> str:
    """"every block", "every fourth"."""
    named = {1: "every", 2: "every second", 3: "every third", 4: "every fourth"}
    return named.get(every, f"every {every}th")


def _told(split: Split, said: Callable[[int], str], idle: str) -> str:
    named = (("on sight", split.sight), ("on words", split.words), ("on both", split.both), (idle, split.idle))
    return ", ".join(f"{said(count)} {name}" for name, count in named if count)


def _parts(split: Split) -> tuple[Part, ...]:
    return Part("sight", split.sight), Part("words", split.words), Part("both", split.both)
