"""Relevance: attention weighted by its gradient, followed from the answer back to the picture (arXiv:2103.15679).

One rule serves self-, cross- and gated attention, encoder-decoders and resamplers: see `streams`. It differs from the
paper in this: gradients are those of the odds, with the divisors of norms held (see `held`), and all of one size.
"""

import torch
from torch import Tensor

from seeread.explanation.capture import Look
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.needs import attention_to_cells, takes_no_gradients
from seeread.explanation.methods.run import Run, watch
from seeread.explanation.methods.streams import Streams, wire
from seeread.explanation.target import AnyTarget


def relevance(target: AnyTarget) -> list[Drawn]:
    """A map of each score: how much of every cell is in the tokens off which it was read, by the attention that was for
    it. One pass forward, and one back for each score."""
    run = watch(target)
    with torch.enable_grad():
        return [run.draw(_cells(run, index)) for index in range(len(run.odds))]


def _cells(run: Run, index: int) -> Tensor:
    """(sheets, cells)."""
    looks = [look for look in run.captured.looks if wire(look.module) is not None]
    given = torch.autograd.grad(
        run.odds[index], [look.given for look in looks], retain_graph=True, materialize_grads=True
    )
    toward = [_toward(look, of_given) for look, of_given in zip(looks, given, strict=True)]
    # The largest adds as much as there was: with gradients of whatever size, hundreds of layers stay within bounds.
    largest = max(float(weights.sum(dim=-1).amax()) for weights in toward) or 1.0
    streams = Streams(run, even=True)
    for look, weights in zip(looks, toward, strict=True):
        streams.read(look.module, weights / largest)
    name, rows = run.rows(index)
    return streams.back(streams.grown(name)[:, rows].sum())


def _toward(look: Look, of_given: Tensor) -> Tensor:
    """(batch, queries, keys): of each look at something what it did for the odds, as far as it did something for them;
    the mean over heads. `of_given` is the gradient of the odds by what the attention gave."""
    return (look.gradient(of_given) * look.weights).clamp(min=0).mean(dim=1).float().cpu()


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
