"""Where in a picture what a model said came from, and how far to believe it: `seeread.explain`."""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from seeread.errors import UsageError
from seeread.explanation.aim import Task, aim
from seeread.explanation.faith.check import RANDOM_MAPS, check
from seeread.explanation.faith.record import record_of
from seeread.explanation.faith.verdict import Faithfulness
from seeread.explanation.heatmap import Explanation, Heatmap
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.table import default, find
from seeread.explanation.target import AnyTarget, Labels
from seeread.interface import Compares
from seeread.nn.int8 import PackedInt8Linear
from seeread.nn.packed import PackedLinear
from seeread.preprocessing.image import Source
from seeread.preprocessing.pointing.locations import read_objects
from seeread.pretrained import Pretrained, Progress

COARSE = 6
"""Cells along a side of a map; of fewer, a reader is told how many there are."""


def explain(
    model: Pretrained,
    image: Source,
    text: str | None = None,
    *,
    method: str | None = None,
    task: Task | None = None,
    answer: str | None = None,
    labels: Sequence[str] | None = None,
    max_tokens: int | None = None,
    checks: int = RANDOM_MAPS,
    progress: Progress | None = None,
) -> Explanation:
    """A map of the picture for each label, each word that the model writes, or each box.

    `text`, `task`, `answer`, `labels` and `max_tokens` say what is explained: see `explanation.aim.aim`. `method` is
    the name of one (`explanation.methods.table.METHODS`), by default the best that fits the model. Each map is put to
    the test on this very picture, against `checks` random maps, one of the centre and one of edges; it is believed if
    it beats them all. With 0 nothing is tested, which saves nearly all of the time.

    Raises UsageError for what the model cannot do, for a method that does not fit, and for a model whose weights are
    packed for speed: load it with precision="fp32". ImageError for a broken picture.
    """
    check_precision(model)
    target = aim(model, image, text, task=task, answer=answer, labels=labels, max_tokens=max_tokens)
    chosen = default(target) if method is None else find(method, target)
    return explain_target(target, [chosen], text or "", checks=checks, progress=progress)[0]


def explain_target(
    target: AnyTarget,
    methods: Sequence[Method],
    text: str = "",
    *,
    checks: int = RANDOM_MAPS,
    progress: Progress | None = None,
) -> list[Explanation]:
    """The same of what has been aimed at already, by each of several methods, which are tested together."""
    with torch.inference_mode():
        scores = target.score(target.prepare([target.picture]))[0].float().cpu().tolist()
    drawn = [list(method.maps(target)) for method in methods]
    every = [one for maps in drawn for one in maps]
    found: Sequence[Faithfulness | None] = [None] * len(every)
    if checks:
        found = check(target, every, random_maps=checks, progress=progress)
    return [
        _explanation(target, method, text, scores, maps, found[place * len(scores) :])
        for place, (method, maps) in enumerate(zip(methods, drawn, strict=True))
    ]


def check_precision(model: Pretrained) -> None:
    """Raises UsageError for a model that is packed for speed, and takes no gradients."""
    if any(isinstance(module, PackedLinear | PackedInt8Linear) for module in model.module.modules()):
        raise UsageError(
            f"{model.origin.name} is loaded with its weights packed for speed, which take no gradients. To explain "
            'what it does, load it with precision="fp32".'
        )


def _explanation(
    target: AnyTarget,
    method: Method,
    text: str,
    scores: Sequence[float],
    maps: Sequence[Drawn],
    found: Sequence[Faithfulness | None],
) -> Explanation:
    answer = None if isinstance(target, Labels) else target.answer.strip()
    boxes = []
    if not isinstance(target, Labels) and any(kind == "box" for _, kind in target.about):
        boxes = [each.box for each in read_objects(target.answer, target.model.style.bins).objects]
    heatmaps = []
    for place, ((about, kind), (values, area)) in enumerate(zip(target.about, maps, strict=True)):
        heatmap = Heatmap(about, kind, values, area, scores[place], found[place])
        heatmap = replace(heatmap, probability=_probability(target, scores[place]))
        heatmaps.append(replace(heatmap, box=boxes[place]) if boxes else heatmap)
    record = record_of(target.model)
    return Explanation(
        target.model.origin.name, method.name, text, answer, tuple(heatmaps), tuple(_notes(heatmaps)),
        method.summary, method.source,
        record=None if record is None else record.sentence(method.name),
        proven=None if record is None else record.beats(method.name),
    )  # fmt: skip


def _probability(target: AnyTarget, score: float) -> float | None:
    """Of a score that is a logit, or the logarithm of a probability; None of a logit that stands for none."""
    if isinstance(target, Labels) and isinstance(target.model.model, Compares) and target.texts is not None:
        if target.model.model.loss == "sigmoid":
            return 1 / (1 + math.exp(-score))
        return math.exp(score) if len(target.labels) > 1 else None
    return math.exp(score)


def _notes(maps: Sequence[Heatmap]) -> list[str]:
    """What a reader should know of these maps."""
    notes = []
    rows, columns = maps[0].values.shape
    if min(rows, columns) <= COARSE:
        notes.append(f"The map has {rows} x {columns} cells: nothing finer is known, and what is between is smoothed.")
    area = maps[0].area
    if max(area.left, area.top, 1 - area.right, 1 - area.bottom) > 0.01:
        notes.append("The model saw only the middle of the picture: what is dark did not enter it.")
    if any(one.faithfulness is None for one in maps):
        notes.append("How far these maps can be believed was not tested.")
    elif not all(one.believed for one in maps):
        notes.append("A grey map is not to be believed: maps that know nothing of the model do as well here.")
    return notes
