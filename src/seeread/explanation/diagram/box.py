"""Boxes within boxes: what a diagram of a model consists of."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from seeread.explanation.diagram.parts import Shape
from seeread.explanation.diagram.words import Kind

OUT = "out"
"""Where what a box gives goes, at its lower edge."""


@dataclass(frozen=True)
class Arrow:
    """Something goes from one box to another, both by their number among those inside of one box. It may come from
    "in", what the box around is given; from "beside", what it finds elsewhere, such as keys and values that were
    remembered; or from "picture" or "words". It may go to "out"."""

    start: int | str
    end: int | str


@dataclass(frozen=True)
class Box:
    """A part of a model.

    `path` is the module that it stands for, "" for the whole model and for what is no module: a single attention head
    and its steps. `does` is a sentence. `takes` and `gives` are shapes as they were in a run with one picture; `of`
    says what it works on: "picture", "words" or both. `parameters` are those of all that is inside, each counted where
    it is used first. `like` boxes of the same kind and shapes follow each other here, of which this is the first.
    `inside` are in an order in which all arrows point forwards.
    """

    path: str
    name: str
    kind: Kind
    does: str
    parameters: int = 0
    takes: tuple[Shape, ...] = ()
    gives: tuple[Shape, ...] = ()
    of: tuple[str, ...] = ()
    like: int = 1
    inside: tuple["Box", ...] = ()
    arrows: tuple[Arrow, ...] = ()

    def walk(self) -> Iterator["Box"]:
        """It and all that is inside, the outer before the inner."""
        yield self
        for box in self.inside:
            yield from box.walk()

    def to_dict(self) -> dict[str, Any]:
        """As JSON writes it."""
        return asdict(self)
