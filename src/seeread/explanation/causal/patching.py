"""Patching between minimal pairs: what a model had in mind of one picture is put into its run over another, part by
part, to see which part brings the answer back.

Source: NOTICE (arXiv:2406.16320): pairs of pictures that differ in what is asked about and in nothing else, where noise
would show what breaks a model, and not what it works with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, Literal

import torch
from PIL import Image
from torch import Tensor, nn

from seeread.errors import UsageError
from seeread.explanation.capture import Captured, capture
from seeread.explanation.causal.effects import AT_ONCE
from seeread.explanation.causal.groups import NAMES, Groups, Pair
from seeread.explanation.edit import Change, edit
from seeread.explanation.target import AnyTarget
from seeread.nn.attention import Attend, Attention

Part = Literal["stream", "attention", "mlp", "heads"]
"""What is put into the other run: all that a layer gives, what its attention adds to it or what its MLP does, for each
group of tokens; or what each head of its attention gives, for all tokens."""

LEAST = 0.01
"""Scores closer than this are as good as the same: there is nothing to restore."""


@dataclass(frozen=True)
class Patched:
    """`scores` are those of the picture and of the other, of what `about` names. `restored` has for each of `layers`,
    paths in the order in which they ran, and each of `columns`, groups of tokens or heads, which share of the
    difference came back: 0 none, 1 all of it, and None where a layer has no such tokens."""

    about: str
    part: Part
    scores: tuple[float, float]
    layers: tuple[str, ...]
    columns: tuple[str, ...]
    restored: tuple[tuple[float | None, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "about": self.about,
            "part": self.part,
            "scores": {"picture": self.scores[0], "other": self.scores[1]},
            "layers": list(self.layers),
            "columns": list(self.columns),
            "restored": [list(row) for row in self.restored],
        }


@torch.no_grad()
def patch(target: AnyTarget, other: Image.Image, part: Part = "stream", score: int = 0) -> Patched:
    """Which part of a model restores one of a target's scores, in a run over the `other` picture, RGB.

    The pictures are of one size, and the score is to fall from the first to the other: the answer is true of the first.

    Raises UsageError for pictures of different sizes, for a score that is the same for both, and for a model without
    such layers.
    """
    if target.picture.size != other.size:
        raise UsageError("The two pictures differ in size. A minimal pair differs in one thing alone.")
    model, pair = target.model.module, Pair.of(target, other)
    paths = sites(model, part)
    if paths:
        with capture(model, *paths) as captured:
            first = float(target.score(pair.images)[0, score])
        ran = list(_given(captured))
    if not paths or not ran:
        raise UsageError(
            f"{target.model.origin.name} has no {part} of tokens between a picture and its score, which could be put "
            "into another run. Take a model with a transformer."
        )
    second = float(target.score(target.prepare([other]))[0, score])
    if abs(first - second) < LEAST:
        raise UsageError(
            f"The score is {first:.2f} for one picture and {second:.2f} for the other: there is nothing to restore. "
            "Take a pair between which the answer changes."
        )
    prepared = cache(lambda copies: target.prepare([other] * copies))
    layers, shares = [], []
    for path, turn, before in ran:
        groups = _heads(before) if part == "heads" else pair.groups(path, len(before), before.shape[-2])
        marks, scores = list(groups.values()), list[float]()
        for start in range(0, len(marks), AT_ONCE):
            some = marks[start : start + AT_ONCE]
            with edit(model, {path: _putting(part, before, some, turn)}):
                scores += target.score(prepared(len(some)))[:, score].tolist()
        layers.append(path if turn == 0 else f"{path}, time {turn + 1}")
        back = [(patched - second) / (first - second) for patched in scores]
        shares.append(dict(zip(groups, back, strict=True)))
    columns = _ordered({name for row in shares for name in row}, part)
    rows = tuple(tuple(row.get(name) for name in columns) for row in shares)
    return Patched(target.about[score][0], part, (first, second), tuple(layers), columns, rows)


def sites(model: nn.Module, part: Part) -> list[str]:
    """The paths of all modules that give what may be put into another run."""
    attends = [path for path, module in model.named_modules() if isinstance(module, Attend)]
    if part in ("attention", "heads"):
        return attends
    around = [path.rpartition(".")[0] for path in attends]
    # A packed block does its attention itself.
    apart = [path.rpartition(".")[0] if isinstance(model.get_submodule(path), Attention) else path for path in around]
    blocks = list(dict.fromkeys(path for path in apart if path))
    if part == "stream":
        return blocks
    return [f"{path}.mlp" for path in blocks if hasattr(model.get_submodule(path), "mlp")]


def _given(captured: Captured) -> Iterator[tuple[str, int, Tensor]]:
    """The path of each layer that ran, how often it had run before, and what it gave for one picture: (rows, tokens,
    width), or of attention (rows, heads, tokens, head width)."""
    given: dict[str, list[Tensor]] = {path: [] for path in captured.features}
    for look in captured.looks:
        given.setdefault(look.module, []).append(look.given)
    for path, features in captured.features.items():
        given[path] = [one for one in features if isinstance(one, Tensor) and one.ndim == 3]  # no tokens: a pooling
    for turn in range(max(map(len, given.values()), default=0)):
        yield from ((path, turn, ones[turn]) for path, ones in given.items() if turn < len(ones))


def _heads(before: Tensor) -> Groups:
    """Each head alone, of (rows, heads, tokens, head width)."""
    rows, count = before.shape[:2]
    return {f"head {head + 1}": (torch.arange(count) == head).expand(rows, -1) for head in range(count)}


def _putting(part: Part, before: Tensor, groups: Sequence[Tensor], turn: int) -> Change:
    """A change of a batch in which each group, (rows, tokens or heads), is put into its own copy of the other run, when
    the layer runs for that time."""
    marked = torch.cat(tuple(groups)).to(before.device)
    if part == "attention":
        marked = marked[:, None]
    marked = marked.view(*marked.shape, *[1] * (before.ndim - marked.ndim))
    instead, ran = before.repeat(len(groups), *[1] * (before.ndim - 1)), count()
    return lambda path, inputs, given: torch.where(marked, instead, given) if next(ran) == turn else given


def _ordered(names: set[str], part: Part) -> tuple[str, ...]:
    if part == "heads":
        return tuple(sorted(names, key=lambda name: int(name.removeprefix("head "))))
    return tuple(name for name in NAMES if name in names)
