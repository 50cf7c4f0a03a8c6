"""What an explanation is: for each thing that a model said, where in the picture that came from."""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from seeread.explanation.faith.verdict import Faithfulness
from seeread.preprocessing.pointing.locations import Box

Kind = Literal["label", "word", "box", "answer"]
"""What a map is about: a label that was given, a word of what the model wrote, a box and its label, or all it wrote."""


@dataclass(frozen=True)
class Area:
    """A part of a picture, in shares of its width and height: 0, 0, 1, 1 is all of it. What a model sees may be less
    (it cut out the middle) or more (it filled up with grey)."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


@dataclass(frozen=True)
class Heatmap:
    """Where in a picture one thing came from.

    `values` is (rows, columns) float32 on the CPU, not below zero, over `area` of the picture; only how they compare
    within one map means anything. `about` is the label, word or box. `score` is what the model gave the thing: a logit,
    or the natural logarithm of a probability. `faithfulness` says how far the map can be believed, None where that was
    not measured. `probability` is what the model gave the thing, as it was trained and not as often as it is right;
    None where it gave none. `box` is the one that the model drew, of kind "box".
    """

    about: str
    kind: Kind
    values: Tensor
    area: Area
    score: float
    faithfulness: Faithfulness | None = None
    probability: float | None = None
    box: Box | None = None

    @property
    def believed(self) -> bool | None:
        """Whether it can be believed; None where that was not measured."""
        return None if self.faithfulness is None else self.faithfulness.believed

    @property
    def shares(self) -> Tensor:
        """`values` from 0, where it is least, to 1, where it is most; all 0 where it is the same everywhere."""
        low, high = self.values.min(), self.values.max()
        return (self.values - low) / (high - low) if high > low else torch.zeros_like(self.values)


@dataclass(frozen=True)
class Explanation:
    """Maps of one picture and one text, made by one method: its name, what it does in a sentence, and where it is
    from. `text` is what was asked, and `answer` what the model wrote, None where it compares. `notes` are what a reader
    should know, such as that the tower gives no finer map. `record` is a sentence on how often the method was right
    with this model where the truth is known, and `proven` whether that is more than maps do that know nothing; None
    where it was not measured."""

    model: str
    method: str
    text: str
    answer: str | None
    maps: tuple[Heatmap, ...]
    notes: tuple[str, ...] = field(default=())
    summary: str = ""
    source: str = ""
    record: str | None = None
    proven: bool | None = None
