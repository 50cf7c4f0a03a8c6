"""How far maps of one picture can be believed: the picture is changed where they point, and where maps point that know
nothing."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.explanation.faith.cells import on_cells
from seeread.explanation.faith.controls import blobs, known_nothing, level
from seeread.explanation.faith.deletion import Cut, answers, kept_cells
from seeread.explanation.faith.verdict import LEAST, Faithfulness
from seeread.explanation.heatmap import Area
from seeread.explanation.target import AnyTarget
from seeread.pretrained import Progress

STEPS, RANDOM_MAPS = 6, 12
"""Enough for verdicts that stay what they are, and few enough to be waited for: some 150 pictures for a map."""


def check(
    target: AnyTarget,
    maps: Sequence[tuple[Tensor, Area]],
    *,
    steps: int = STEPS,
    random_maps: int = RANDOM_MAPS,
    progress: Progress | None = None,
) -> list[Faithfulness]:
    """A verdict for each of `maps`, one for each of the target's scores, in their order.

    The model sees 2 * (steps - 1) pictures for every map and for every control: in `steps` equal steps the cells of the
    picture are put in from the hottest on, and taken out from the hottest on. What a map scores is the mean distance
    of the two curves, as a share of the range within which the model's score has moved. Several methods' maps of one
    target share their controls: give them one after the other, a multiple of the scores.

    Raises UsageError where maps and scores do not fit together.
    """
    names = len(target.about)
    if not names or len(maps) % names:
        raise UsageError(f"{len(maps)} maps cannot belong to {names} scores: give one for each, in their order.")
    if steps < 2 or random_maps < 1:
        raise UsageError("A check takes at least 2 steps and 1 random map. Say more.")
    cut = Cut(target.picture)
    control = known_nothing(cut.picture)
    cells = [*blobs(random_maps), *(on_cells(*drawn) for drawn in [*control.values(), *maps])]
    kept = torch.stack([kept_cells(each, steps) for each in cells])
    whole = torch.stack((torch.zeros_like(kept[0, 0, 0]), torch.ones_like(kept[0, 0, 0])))
    seen = answers(target, cut, torch.cat((whole, kept.flatten(0, 2))), progress)
    ends, curves = seen[:2], seen[2:].unflatten(0, kept.shape[:3])  # (maps, 2, steps - 1, scores)
    apart = (curves[:, 0] - curves[:, 1]).mean(dim=1)
    knowing_nothing = random_maps + len(control)
    about_all = torch.cat((ends, curves[:knowing_nothing].flatten(0, 2)))
    random = level(apart[:random_maps])

    verdicts = []
    for place in range(len(maps)):
        row, score = knowing_nothing + place, place % names
        everything = torch.cat((about_all[:, score], curves[row, :, :, score].flatten()))
        moved = float(everything.max() - everything.min())
        share = 1 / moved if moved > 0 else 0.0
        controls = {"random": float(random[score]) * share}
        controls |= {name: float(apart[random_maps + n, score]) * share for n, name in enumerate(control)}
        found = float(apart[row, score]) * share
        verdicts.append(Faithfulness(found, controls, moved >= LEAST and found > max(controls.values()), moved))
    return verdicts
