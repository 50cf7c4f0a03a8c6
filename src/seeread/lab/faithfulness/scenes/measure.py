"""All methods on one model, in drawn scenes: causes, minimal pairs, shuffled weights, insertion and deletion."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from seeread.explanation.faith.check import check
from seeread.explanation.faith.controls import blobs, known_nothing
from seeread.explanation.faith.randomise import likeness, shuffled
from seeread.explanation.heatmap import Area
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.table import fitting
from seeread.explanation.target import AnyTarget
from seeread.lab.faithfulness.measured import Kind, mean
from seeread.lab.faithfulness.rows import Row, Test
from seeread.lab.faithfulness.scenes.causes import cause, hits
from seeread.lab.faithfulness.scenes.pairs import flips, share
from seeread.lab.faithfulness.scenes.scene import aimed, asked
from seeread.models.families import config_of, family_of
from seeread.pretrained import Pretrained

RANDOM = 16
"""Random maps of each scene."""

SELDOM = 4
"""Shuffled weights, and insertion and deletion, take long: one scene of so many goes through them."""

CHANCE = {"weights": 0.5, "deletion": 0.05}
"""What to beat where no control is measured: half of the way to another map; and 1 random map in 20 is believed."""


def measure(model: Pretrained, methods: Sequence[Method] | None, seeds: range) -> Iterator[Row]:
    """Rows of a model. Scenes that cannot tell, as the answer needs none of the things, are left out."""
    found: defaultdict[tuple[Test, str], list[list[float]]] = defaultdict(list)
    kinds: dict[str, Kind] = {}
    ignorant = shuffled(model)
    for number, seed in enumerate(seeds):
        one = asked(seed)
        if (target := aimed(model, one)) is None:
            continue
        fit = [method for method in (fitting(target) if methods is None else methods) if method.fits(target) is None]
        kinds |= {method.name: method.kind for method in fit}
        maps = {method.name: method.maps(target)[0] for method in fit}
        controls: dict[str, list[Drawn]] = {"random": [(blob, Area()) for blob in blobs(RANDOM, seed)]}
        controls |= {name: [drawn] for name, drawn in known_nothing(target.picture).items()}
        several = {name: [drawn] for name, drawn in maps.items()} | controls
        if (place := cause(target, one)) is not None:
            for name, drawns in several.items():
                found["cause", name].append([sum(hits(drawn, one, place) for drawn in drawns) / len(drawns)])
        if flips(model, target, one):
            for name, drawns in several.items():
                found["pair", name].append([sum(share(drawn, one) for drawn in drawns) / len(drawns)])
        if number % SELDOM == 0:
            other: AnyTarget = replace(target, model=ignorant)
            for method in fit:
                alike = likeness(maps[method.name], method.maps(other)[0])
                found["weights", method.name].append([1 - abs(alike)])
            for name, believed in _believed(target, maps).items():
                found["deletion", name].append([float(believed)])
    yield from _rows(model, found, kinds)


def _believed(target: AnyTarget, maps: dict[str, Drawn]) -> dict[str, bool]:
    """By method, of the first of the target's scores; what else it scores is given a map that is not looked at."""
    names = len(target.about)
    each = [drawn for drawn in maps.values() for _ in range(names)]
    return {name: verdict.believed for name, verdict in zip(maps, check(target, each)[::names], strict=True)}


def _rows(
    model: Pretrained, found: dict[tuple[Test, str], list[list[float]]], kinds: dict[str, Kind]
) -> Iterator[Row]:
    config = config_of(model.module)
    family = family_of(config).name if config is not None else "unknown"
    measured = {key: mean(scenes) for key, scenes in found.items()}
    for (test, name), one in measured.items():
        kind = kinds.get(name, "control")
        others = [each.score for (t, n), each in measured.items() if t == test and n not in kinds]
        best = max(others, default=CHANCE.get(test, math.nan))
        yield Row(test, model.origin.name, family, name, kind, one, None if kind == "control" else one.low > best)
