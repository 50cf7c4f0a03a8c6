"""Contrast and captions at once (CoCa)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, cast

from torch import Tensor, nn

from seeread.interface import Batch, Compares, Generates, Images
from seeread.training.objectives.contrast import info_nce
from seeread.training.objectives.objective import Objective
from seeread.training.objectives.writing import next_token


class Captions(Compares, Generates, Protocol):
    """A model that compares pictures with texts and writes about them (CoCa), and looks but once for both."""

    def look(self, images: Images) -> tuple[Tensor, Tensor]:
        """Unit vectors, (images, dimension), and what `see` gives."""
        ...


def contrast_and_captions(
    loss: Callable[[Tensor], Tensor] = info_nce, weights: tuple[float, float] = (1.0, 2.0)
) -> Objective:
    """CoCa's objective (arXiv:2205.01917, section 3.2 and table 7): contrast and captions at once, weighted 1 and 2.

    A batch has one picture and its caption a row, and the same captions as token ids (pairs, tokens), as
    `embed_text` takes them.
    """

    def objective(model: nn.Module, batch: tuple[Batch, Tensor]) -> Tensor:
        device = next(model.parameters()).device
        rows, tokens = batch
        images = rows.images
        assert isinstance(model, Compares) and isinstance(model, Generates) and images is not None
        vectors, sight = cast(Captions, model).look(images.to(device))
        contrast = loss(model.compare(vectors, model.embed_text(tokens.to(device))).float())
        captions = next_token(model, replace(rows, images=None, sight=sight).to(device))
        return weights[0] * contrast + weights[1] * captions

    return objective
