"""Relevance: attention weighted by its gradient, followed from the answer back to the picture (arXiv:2103.15679).

One rule serves self-, cross- and gated attention, encoder-decoders and resamplers: see `streams`.
"""

import torch
from torch import Tensor

from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.needs import attention_to_cells, takes_no_gradients
from seeread.explanation.methods.run import Run, watch
from seeread.explanation.methods.streams import Streams, wire
from seeread.explanation.target import AnyTarget


def relevance(target: AnyTarget) -> list[Drawn]:
    """A map of each score: how much of every cell is in the tokens off which it was read, by the attention that was for
    it. One pass forward, and one back for each score."""
    run = watch(target)
    odds = target.odds(run.scores)
    with torch.enable_grad():
        return [run.draw(_cells(run, odds[index], index)) for index in range(len(odds))]


def _cells(run: Run, odds: Tensor, index: int) -> Tensor:
    """(sheets, cells)."""
    looks = [look for look in run.captured.looks if wire(look.module) is not None]
    given = [look.given for look in looks]
    gradients = torch.autograd.grad(odds, given, retain_graph=True, materialize_grads=True)
    streams = Streams(run, even=True)
    for look, of_given in zip(looks, gradients, strict=True):
        toward = (look.gradient(of_given) * look.weights).clamp(min=0).mean(dim=1)
        streams.read(look.module, toward.float().cpu())
    name, rows = run.rows(index)
    return streams.back(streams.grown(name)[:, rows].sum())


def _fits(target: AnyTarget) -> str | None:
    return attention_to_cells(target) or takes_no_gradients(target)


RELEVANCE = Method(
    name="relevance",
    summary="Attention weighted by what it did for the answer, followed from the answer back to the picture.",
    source="arXiv:2103.15679",
    kind="shipped",
    fits=_fits,
    maps=relevance,
)
"""For every model with attention between the picture and the answer."""
