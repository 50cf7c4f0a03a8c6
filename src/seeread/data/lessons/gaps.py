"""Span corruption: texts with gaps, and what belongs into them (T5, arXiv:1910.10683, section 3.1.4; mT5; PaLI)."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import ClassVar

from seeread.data.example import Example
from seeread.data.lessons.lesson import Lesson
from seeread.errors import UsageError
from seeread.preprocessing.dialogue import Gapped, Turn

SENTINELS = 100
"""How many different gaps T5's vocabulary has."""


def words(text: str) -> list[str]:
    """The words of a text, each with the white space before it."""
    return re.findall(r"\s*\S+", text.strip())


@dataclass(frozen=True)
class SpanCorruption:
    """Some spans of a text are taken out, and the answer says which: "Thank you <extra_id_0> me to your party
    <extra_id_1> week." and "<extra_id_0> for inviting <extra_id_1> last <extra_id_2>", where the last sentinel says
    that the text goes on behind the last gap. The picture, if there is one, is not shown.

    Of its parts (by `split`, words; for languages without spaces give another, whose parts are the text when put one
    behind the other) the share `density` is taken out, in spans that are `mean` long on average; every way to place
    them is as likely. (T5's own code, made for texts of 512 tokens, always ends with a gap; in a caption it would never
    be anywhere else.) Of a text of more than `longest` parts only so many are read, from a random one on.

    With `mean=1` this is T5's way of masked language modelling, single words.
    """

    density: float = 0.15
    mean: float = 3.0
    longest: int = 512
    split: Callable[[str], Sequence[str]] = words
    needs: ClassVar[str] = "a text or caption of at least two words"

    def __post_init__(self) -> None:
        if not 0 < self.density < 1 or self.mean < 1 or self.longest < 2:
            raise UsageError(
                f"SpanCorruption: a density of {self.density}, spans of {self.mean} and texts of {self.longest} parts "
                "make no sense. The density is between 0 and 1, spans have at least 1 part, and texts 2."
            )
        if (most := self._counts(self.longest)[1]) >= SENTINELS:
            raise UsageError(
                f"SpanCorruption: texts of {self.longest} parts would have {most} gaps, and there are {SENTINELS} "
                "sentinels. Make `longest` smaller, or `mean` larger."
            )

    @property
    def sentinels(self) -> int:
        """How many different ones a lesson may have: one for each gap, and the last."""
        return self._counts(self.longest)[1] + 1

    def takes(self, example: Example) -> bool:
        """Whether there is a text that can have a gap."""
        return example.task in ("text", "caption") and len(self.split(example.answer)) > 1

    def __call__(self, example: Example, chance: random.Random) -> Lesson:
        """The lesson of some gaps."""
        parts = self.split(example.answer)
        start = chance.randint(0, max(0, len(parts) - self.longest))
        parts = parts[start : start + self.longest]
        gone, gaps = self._counts(len(parts))
        lengths = [0] * (2 * gaps + 1)  # kept, gone, kept, ..., kept
        lengths[1::2] = _divided(gone, gaps, chance)
        lengths[0::2] = _divided(len(parts) - gone + 2, gaps + 1, chance)  # two more, for both ends may be empty
        lengths[0] -= 1
        lengths[-1] -= 1
        spans = ["".join(parts[a:b]).strip() for a, b in pairwise((0, *accumulate(lengths)))]
        answer = " ".join(f"<extra_id_{gap}> {span}" for gap, span in enumerate(spans[1::2]))
        answer += f" <extra_id_{gaps}>" if spans[-1] else ""
        first, *middle, last = spans[0::2]
        text = Gapped((f"{first} ".lstrip(), *(f" {span} " for span in middle), f" {last}".rstrip()))
        return Lesson([Turn("user", (text,))], answer)

    def _counts(self, parts: int) -> tuple[int, int]:
        """How many of the parts are taken out, and in how many spans."""
        gone = min(max(round(parts * self.density), 1), parts - 1)
        return gone, min(max(round(gone / self.mean), 1), gone, parts - gone + 1)


def _divided(parts: int, spans: int, chance: random.Random) -> list[int]:
    """The lengths of so many spans, none of them empty, that are `parts` together: every division as likely."""
    cuts = sorted(chance.sample(range(1, parts), spans - 1))
    return [stop - start for start, stop in pairwise((0, *cuts, parts))]
