"""Occlusion: parts of the picture are painted over, and what that does to the answer is seen (arXiv:1311.2901)."""

from collections.abc import Sequence

import torch
from PIL import Image, ImageStat

from seeread.explanation.causal.effects import AT_ONCE, Effects, Region, cells, drawn, told
from seeread.explanation.heatmap import Area
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.target import AnyTarget

CELLS, WIDER = 8, 2.0
"""The grid of the method, and how much wider than a cell is what is painted over: a model that sees half of a thing
still knows it."""


@torch.no_grad()
def occlude(target: AnyTarget, regions: Sequence[Region]) -> Effects:
    """What each region of the picture does for the scores: it is painted over with the picture's mean colour."""
    picture = target.picture
    mean = tuple(round(value) for value in ImageStat.Stat(picture).mean)
    scores = target.score(target.prepare([picture]))[0].float().cpu()
    parts = []
    for start in range(0, len(regions), AT_ONCE):
        covered = [_covered(picture, region.area, mean) for region in regions[start : start + AT_ONCE]]
        parts.append(target.score(target.prepare(covered)).float().cpu())
    without = torch.cat(parts) if parts else scores.new_empty(0, len(scores))
    return told([name for name, _ in target.about], scores, regions, without)


def _covered(picture: Image.Image, area: Area, colour: tuple[int, ...]) -> Image.Image:
    covered = picture.copy()
    left, right = (round(min(max(share, 0), 1) * picture.width) for share in (area.left, area.right))
    top, bottom = (round(min(max(share, 0), 1) * picture.height) for share in (area.top, area.bottom))
    covered.paste(colour, (left, top, right, bottom))
    return covered


def _maps(target: AnyTarget) -> list[Drawn]:
    effects = occlude(target, cells(CELLS, CELLS, Area(), WIDER))
    return drawn(effects, CELLS, CELLS, Area())


OCCLUSION = Method(
    name="occlusion",
    summary="How far the score falls when a part of the picture is painted over in its mean colour.",
    source="arXiv:1311.2901",
    kind="shipped",
    fits=lambda target: None,
    maps=_maps,
)
"""For every model: it only needs its scores."""
