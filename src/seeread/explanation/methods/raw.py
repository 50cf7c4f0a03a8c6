"""Raw attention: the map of the last attention that reads the picture, as it is. Here to be compared with."""

import torch
from torch import Tensor

from seeread.explanation.capture import Look
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.needs import attention_to_cells
from seeread.explanation.methods.run import Run, watch
from seeread.explanation.methods.streams import Reads, Streams, wire
from seeread.explanation.target import AnyTarget


def raw_attention(target: AnyTarget) -> list[Drawn]:
    """A map of each score: the mean over heads of where the tokens looked off which it was read. Where what they read
    is itself made of patches by attention (a resampler), that is followed, too."""
    run = watch(target, gradients=False)
    with torch.enable_grad():
        return [run.draw(_cells(run, index)) for index in range(len(run.odds))]


def _cells(run: Run, index: int) -> Tensor:
    name, rows = run.rows(index)
    streams = Streams(run)
    for look, reads in _last(run, name):
        alone = reads.reads == (reads.asks,)  # what these tokens were is in what they read
        weights = look.weights.mean(dim=1).float().cpu()
        streams.read(look.module, weights, (lambda now, read: read) if alone else torch.add)
    return streams.back(streams.now(name)[:, rows].sum())


def _last(run: Run, answer: str) -> list[tuple[Look, Reads]]:
    """Of every kind of attention the last, in their order; of tokens among themselves only where the answer is read off
    these and patches are among them."""
    last: dict[Reads, Look] = {}
    for look in run.captured.looks:
        if (reads := wire(look.module)) is not None:
            last.pop(reads, None)
            last[reads] = look
    among = answer == "patches" or (answer == "words" and run.spliced)
    return [
        (look, reads)
        for reads, look in last.items()
        if reads.reads != (reads.asks,) or (among and reads.asks == answer)
    ]


RAW = Method(
    name="attention",
    summary="The last layer's attention to the picture, as it is.",
    source="none: what most pictures of attention show",
    kind="baseline",
    fits=attention_to_cells,
    maps=raw_attention,
)
"""A baseline."""
