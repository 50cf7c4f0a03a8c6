"""Contrast and captions at once (CoCa)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from seeread.interface import Batch, Compares, Generates, Images
from seeread.training.objectives.contrast import Loss, compared, to_compare
from seeread.training.objectives.parts import Look, Pull, learn_together
from seeread.training.objectives.writing import surprise, writing


class Captions(Compares, Generates, Protocol):
    """A model that compares pictures with texts and writes about them (CoCa), and looks but once for both."""

    def look(self, images: Images) -> tuple[Tensor, Tensor]:
        """Unit vectors, (images, dimension), and what `see` gives."""
        ...


@dataclass(frozen=True)
class ContrastAndCaptions:
    """CoCa's objective (arXiv:2205.01917, section 3.2 and table 7): contrast (`Contrast`) and captions (`writing`) at
    once, weighted 1 and 2.

    A batch has one picture and its caption a row, and the same captions as token ids (pairs, tokens), as
    `embed_text` takes them.
    """

    loss: Loss | None = None
    weights: tuple[float, float] = (1.0, 2.0)

    def __call__(self, model: nn.Module, batch: Any) -> Tensor:
        """The loss of a batch, (), or what is asked of a part of a step."""
        match batch:
            case Look():
                batch.seen.append(_looked(model, batch.batch)[0])
                return torch.zeros(())
            case Pull():
                vectors, rows = _looked(model, batch.batch)
                return batch.on(vectors) + self._captions(model, rows, batch.whole)
        vectors, rows = _looked(model, batch)
        return self._contrast(*vectors) + self._captions(model, rows, writing.counted([rows]))

    def backward(self, learner: nn.Module, parts: Sequence[tuple[Batch, Tensor]]) -> Tensor:
        """Adds up the gradients of a step. Its loss, (), detached."""
        return learn_together(learner, parts, self._contrast, writing.counted([rows for rows, _ in parts]))

    def _contrast(self, *vectors: Tensor) -> Tensor:
        return self.weights[0] * compared(self.loss, *vectors)

    def _captions(self, model: nn.Module, rows: Batch, count: Tensor) -> Tensor:
        return self.weights[1] * surprise(cast(Captions, model), rows) / count


def contrast_and_captions(
    loss: Loss | None = None, weights: tuple[float, float] = (1.0, 2.0)
) -> ContrastAndCaptions:
    """The objective of CoCa: its own loss of the contrast, or another of its logits."""
    return ContrastAndCaptions(loss, weights)


def _looked(model: nn.Module, batch: tuple[Batch, Tensor]) -> tuple[tuple[Tensor, ...], Batch]:
    """What is compared, and rows that have seen their pictures."""
    device = next(model.parameters()).device
    rows, tokens = batch
    images = rows.images
    assert isinstance(model, Compares) and isinstance(model, Generates) and images is not None
    vectors, sight = cast(Captions, model).look(images.to(device))
    rows = replace(rows, images=None, sight=sight).to(device)
    return to_compare(model, vectors, model.embed_text(tokens.to(device))), rows
