"""How far a map can be believed: a score, the same score of maps that know nothing, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Faithfulness:
    """What came out when the picture was changed where the map points.

    `score` is how much more the model's answer suffers where the map is hot than where it is cold: the area between
    insertion and deletion curves, each a share of what the whole picture gives. `controls` are the same of maps that
    know nothing of the model: "random" (the 95th percentile of many), "centre", "edges". `believed` says whether
    the score lies above all of them; a map that is not is drawn grey.
    """

    score: float
    controls: Mapping[str, float]
    believed: bool

    @property
    def verdict(self) -> str:
        """One sentence for people."""
        name, best = max(self.controls.items(), key=lambda entry: entry[1])
        if self.believed:
            return f"Faithful here: {self.score:.2f}, and the best control ({name}) reaches {best:.2f}."
        return f"Not to be believed: {self.score:.2f}, and a map that knows nothing ({name}) reaches {best:.2f}."
