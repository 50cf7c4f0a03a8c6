"""A cell of the table in which models are compared, and how sure we are of what it says."""

from dataclasses import dataclass
from typing import Literal

Known = Literal["measured", "stated", "reported"]
"""Counted on the model's shapes; said by those who published its weights; or read in a paper of those who did not."""

Source = tuple[str, str]
"""(What is shown, its address.)"""


@dataclass(frozen=True)
class Part:
    """A share of a whole, such as the work that is done on sight alone: its name, and how much of it there is."""

    name: str
    value: float


@dataclass(frozen=True)
class Cell:
    """What one model is in one aspect: a few words, and `more` for who wants to know it exactly.

    `number` is what the words say, where that is a number, so that models can be put in order; `parts` are what it is
    made of.
    """

    text: str
    more: str = ""
    number: float | None = None
    parts: tuple[Part, ...] = ()
    known: Known = "measured"
    source: Source | None = None
