"""Between the old weights and the new: what was learned and what was forgotten, share by share (arXiv:2109.01903)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seeread.data.sets.dataset import DataSet
from seeread.finetuning.measures.glance import glance
from seeread.pretrained import Pretrained
from seeread.training.modes.interpolate import between

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Point:
    """The foremost score on the new pictures and on the general check, where a share of the way was gone."""

    share: float
    new: float
    general: float


def blended(before: Pretrained, after: Pretrained, share: float) -> Pretrained:
    """The model `share` of the way from `before` to `after`. Takes the place of `after`, whose weights are changed."""
    old, new = (each.module.state_dict() for each in (before, after))
    after.module.load_state_dict(between(old, new, share))
    return after


def curve(
    before: Pretrained, load_after: Callable[[], Pretrained], new: DataSet, general: DataSet
) -> list[Point]:
    """The scores of all `SHARES`, without intervals; none where the two are not of one shape, as a probe and what it
    looks through, or have no score."""
    if before.module.state_dict().keys() != load_after().module.state_dict().keys():
        return []
    found = []
    for share in SHARES:
        model = blended(before, load_after(), share)
        seen = [glance(model, data) for data in (new, general)]
        if seen[0] is None or seen[1] is None:
            return []
        found.append(Point(share, seen[0].value, seen[1].value))
    return found


def best(points: Sequence[Point]) -> Point:
    """Where most is learned and least forgotten: the largest sum of both, each a share of 0 to 1; of several the one
    with the most learned."""
    return max(points, key=lambda point: (point.new + point.general, point.new))
