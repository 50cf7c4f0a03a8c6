"""The true cause: of all things in a scene, the one without which the model's score falls furthest. Does the map lie on
it?

Nothing is painted over: the scene is drawn anew without the thing, so that the picture is as ordinary as before.
"""

from collections.abc import Sequence

import torch

from seeread.explanation.faith.cells import mass
from seeread.explanation.faith.verdict import LEAST
from seeread.explanation.methods.method import Drawn
from seeread.explanation.target import AnyTarget
from seeread.lab.faithfulness.scenes.scene import Asked, where


@torch.inference_mode()
def cause(target: AnyTarget, one: Asked) -> int | None:
    """The place of the thing that the first of the target's scores needs most; None where it needs none of them."""
    pictures = [one.picture(), *(one.without(place) for place in range(len(one.scene.things)))]
    scores = target.score(target.prepare(pictures))[:, 0].float().cpu()
    falls = scores[0] - scores[1:]
    return int(falls.argmax()) if falls.max() >= LEAST else None


def chosen(drawn: Drawn, one: Asked) -> Sequence[float]:
    """How much of a map lies on each thing, as shares of what lies in the picture."""
    return [mass(*drawn, where(thing)) for thing in one.scene.things]


def hits(drawn: Drawn, one: Asked, place: int) -> float:
    """1 if more of the map lies on that thing than on any other, 0 if not; of several alike, a share of 1."""
    shares = chosen(drawn, one)
    best = max(shares)
    return (shares[place] == best) / shares.count(best)
