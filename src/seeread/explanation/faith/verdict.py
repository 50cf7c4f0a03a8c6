"""How far a map can be believed: a score, the same score of maps that know nothing, and what follows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

LEAST = 0.05
"""An answer whose score moves by less, whatever is done to the picture, does not come from the picture: a logit's worth
of it, or the probability by a twentieth of itself."""


@dataclass(frozen=True)
class Faithfulness:
    """What came out when the picture was changed where the map points.

    `score` is how much more the model's answer suffers where the map is hot than where it is cold: the mean distance
    of the insertion and the deletion curve, as a share of the range `moved` within which the answer's score moved
    (1 would be perfect, 0 is chance, below 0 it points away). `controls` are the same of maps that know nothing of
    the model: "random" (the 95th percentile of many), "centre", "edges". `believed` says whether the score lies above
    all of them and the answer moved at all; a map that is not is drawn grey.
    """

    score: float
    controls: Mapping[str, float]
    believed: bool
    moved: float = math.inf

    @property
    def verdict(self) -> str:
        """One sentence for people."""
        name, best = max(self.controls.items(), key=lambda entry: entry[1])
        if self.believed:
            return f"Faithful here: {self.score:.2f}, and the best control ({name}) reaches {best:.2f}."
        if self.moved < LEAST:
            return "Not to be believed: whatever is done to the picture, the model says the same."
        return f"Not to be believed: {self.score:.2f}, and a map that knows nothing ({name}) reaches {best:.2f}."
