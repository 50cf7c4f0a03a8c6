"""Which tokens of a layer belong together: those where two pictures differ, the rest of the picture, words."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, isqrt
from typing import TypeAlias

import numpy
import torch
from PIL import Image, ImageChops
from torch import Tensor

from seeread.explanation.causal.spots import grid, mixed, spots
from seeread.explanation.target import AnyTarget, Written
from seeread.explanation.view import sheets
from seeread.interface import Images, Patches, Role

Groups: TypeAlias = Mapping[str, Tensor]
"""By its name each group's tokens, (rows, tokens), True where one belongs to it: rows are what a layer has for a single
picture, several where that comes in tiles."""

DIFFERENT, REST, GATHERED = "where the pictures differ", "the rest of the picture", "what gathers the picture"
QUESTION, BEGINNING, ANSWER = "the question", "where the answer begins", "the answer so far"
EDGE = 1e-3  # of a pixel: shares are rounded
NAMES = (DIFFERENT, REST, GATHERED, QUESTION, BEGINNING, ANSWER)


@dataclass(frozen=True)
class Pair:
    """A target, and another picture of the same size that its answer is not true of: a minimal pair.

    `images` is the target's picture, prepared; `differ`, (height, width), is True where they are not the same.
    """

    target: AnyTarget
    images: Images
    differ: Tensor

    @classmethod
    def of(cls, target: AnyTarget, other: Image.Image) -> "Pair":
        """A target and the other picture, RGB."""
        apart = numpy.asarray(ImageChops.difference(target.picture, other)).max(axis=-1) > 0
        return cls(target, target.prepare([target.picture]), torch.from_numpy(apart))

    @torch.no_grad()
    def groups(self, module: str, rows: int, tokens: int) -> Groups:
        """Of a layer by its path, which has (rows, tokens, ...) for a single picture. Groups without tokens are left
        out."""
        if isinstance(self.target, Written) and module.startswith(("text.", "gates.", "cross.")):
            found = self._words(self.target, module, tokens)
        elif module.startswith("vision."):
            found = self._tower(rows, tokens)
        else:
            found = {GATHERED: torch.ones(rows, tokens, dtype=torch.bool)}
        return {name: found[name] for name in NAMES if name in found and bool(found[name].any())}

    def _tower(self, rows: int, tokens: int) -> Groups:
        """Cells of the picture, or of its tiles; a class token stands before them."""
        transform = self.target.model.processor.image_transform
        assert transform is not None
        over = sheets(transform, self.images, *self.target.picture.size, isqrt(tokens) ** 2)
        cells = torch.full((rows, tokens, 4), float("nan"))
        for place, sheet in zip(cells, over, strict=True):
            shown = grid(sheet.rows, sheet.columns, sheet.area).flatten(0, 1)
            ahead = 0 if isinstance(self.images, Patches) else tokens - len(shown)
            place[ahead : ahead + len(shown)] = shown
        different, rest = self._split(cells.flatten(0, 1))
        gathers = cells[..., 0].isnan()
        return {DIFFERENT: different.view(rows, tokens), REST: rest.view(rows, tokens), GATHERED: gathers}

    def _words(self, target: Written, module: str, tokens: int) -> Groups:
        """Of a model that writes: all that it reads, or one half of it."""
        batch = target.batch(self.images)
        roles = batch.roles[0].cpu()
        if ".decoder." in module:  # its start token, and the answer; nothing is read off the last of it
            places = torch.arange(tokens)[None]
            return {BEGINNING: places == 0, ANSWER: (places > 0) & (places < tokens - 1)}
        answers = roles == Role.ANSWER
        last = int((~answers).nonzero().amax())  # an encoder-decoder begins its answer at a token of its own
        begins = (torch.arange(len(roles)) == last) & (".encoder." not in module)
        pictured = torch.zeros(2, len(roles), dtype=torch.bool)
        places = roles == Role.IMAGE
        if int(places.sum()) > 1 and not mixed(target.model):
            sight = target.model.generating.see(self.images)
            shows = spots(target.model, self.images, sight, *target.picture.size)
            pictured[:, places] = torch.stack(self._split(shows))
        found = {
            DIFFERENT: pictured[0],
            REST: pictured[1],
            GATHERED: places & ~pictured.any(dim=0),
            QUESTION: (roles == Role.PROMPT) & ~begins,
            BEGINNING: begins,
            ANSWER: answers & answers.roll(-1),
        }
        return {name: marked[None, :tokens] for name, marked in found.items()}

    def _split(self, shows: Tensor) -> tuple[Tensor, Tensor]:
        """Of what tokens show, (tokens, 4): whether the pictures differ there, and whether they do not."""
        height, width = self.differ.shape
        spotted = ~shows[:, 0].isnan()
        different = torch.zeros_like(spotted)
        for token in spotted.nonzero()[:, 0].tolist():
            left, top, right, bottom = shows[token].tolist()
            rows, columns = _pixels(top, bottom, height), _pixels(left, right, width)
            different[token] = self.differ[rows, columns].any()
        return different, spotted & ~different


def _pixels(start: float, stop: float, length: int) -> slice:
    """Those that a stretch touches, in shares of their number."""
    return slice(max(0, floor(start * length + EDGE)), max(0, ceil(stop * length - EDGE)))
