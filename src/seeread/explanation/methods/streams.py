"""Who reads what in a model of ours, and what every token has in it of the picture by then.

Attention is the only place where one token reads another, so that all ways to fuse come down to one rule. Tokens come
in streams: the patches of a tower, the queries of a resampler, the words. Each token of a stream carries one number for
every cell of the picture, how much of that cell is in it, and each attention adds to the tokens that ask what there is
in those that they read, weighted by a map (Chefer et al., arXiv:2103.15679).

That matrix, (tokens, cells), is never built. A single number a token goes forward in its place, the matrix times a one
for every cell; and as all that happens to it is linear, its gradient with respect to these ones is the row of the
matrix that is wanted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seeread.explanation.methods.run import Run
from seeread.fusion.gated import by_row
from seeread.fusion.lines import in_lines
from seeread.fusion.splice import splice
from seeread.fusion.tiles import lay_beside, lay_out
from seeread.interface import Frames, Patches, Role, Tiles


@dataclass(frozen=True)
class Reads:
    """In attentions whose paths match, tokens of one stream ask and those of others, side by side, are read."""

    path: str
    asks: str
    reads: tuple[str, ...]


WIRING = (
    Reads("vision.transformer.*", "patches", ("patches",)),
    Reads("image_pool.pooler.*", "queried", ("patches",)),  # CoCa
    Reads("image_pool.compared.*", "pooled", ("compared",)),
    Reads("image_pool.*", "pooled", ("map",)),  # SigLIP, CLIP's ResNets
    Reads("resampler.*", "resampled", ("features", "resampled")),  # Flamingo
    Reads("gates.*", "words", ("media",)),
    Reads("cross.*", "words", ("media",)),  # CoCa
    Reads("latents.readers.*", "latents", ("pixels",)),  # Perceiver
    Reads("latents.*", "latents", ("latents",)),
    Reads("decoder.*", "asked", ("latents",)),
    Reads("text.encoder.*", "prompt", ("prompt",)),  # PaLI
    Reads("text.decoder.*.cross_attention.*", "answer", ("prompt",)),
    Reads("text.decoder.*", "answer", ("answer",)),
    Reads("text.*", "words", ("words",)),
)
"""Of all families; the first that matches a path holds."""


def wire(path: str) -> Reads | None:
    """What an attention of that path reads; None of one that has no part in this, as those of a picture tokenizer."""
    return next((one for one in WIRING if fnmatchcase(path, one.path)), None)


class Streams:
    """What is in the tokens of every stream, (batch, tokens), while a run is gone through once more.

    With `even` a stream is handed on to another as equal shares of what its tokens began with and of what they have
    read since (equations 8 and 9 of the paper): gradients of different depths have different sizes.
    """

    def __init__(self, run: Run, even: bool = False):
        self.run = run
        self.config: Any = run.target.model.module.config
        self.cells = torch.ones(run.sheets, run.cells, requires_grad=True)
        self.even = even
        self._begun: dict[str, Tensor] = {}
        self._now: dict[str, Tensor] = {}

    def read(self, path: str, weights: Tensor, add: Callable[[Tensor, Tensor], Tensor] = torch.add) -> None:
        """An attention whose map is `weights`, (batch, queries, keys): those that ask become `add` of what they have
        and what they read."""
        reads = wire(path)
        assert reads is not None
        self._start(reads.asks, weights.shape[:2])
        read = [self._now[name] if name == reads.asks else self.handed(name) for name in reads.reads]
        found = (weights @ torch.cat(read, dim=1)[..., None])[..., 0]
        self._now[reads.asks] = add(self._now[reads.asks], found)

    def handed(self, name: str) -> Tensor:
        """What another stream reads of this one."""
        self._start(name)
        begun, now = self._begun[name], self._now[name]
        if not self.even:
            return now
        grown = now - begun  # of a one for every cell: the sum of what has been read
        total = grown.detach()
        return begun + torch.where(total > 0, grown / total.where(total > 0, 1), 0)

    def now(self, name: str) -> Tensor:
        """What is in the tokens of a stream."""
        self._start(name)
        return self._now[name]

    def grown(self, name: str) -> Tensor:
        """What they have read since they began."""
        return self.now(name) - self._begun[name]

    def begun(self, name: str) -> Tensor:
        """What was in them at first."""
        self._start(name)
        return self._begun[name]

    def back(self, value: Tensor) -> Tensor:
        """The row of the matrix that a number stands for, (sheets, cells)."""
        if not value.requires_grad:  # it has nothing of the picture in it
            return torch.zeros_like(self.cells)
        (row,) = torch.autograd.grad(value, self.cells)
        return row

    def _start(self, name: str, shape: Sequence[int] = ()) -> None:
        if name not in self._begun:
            begin = BEGINS.get(name)
            self._begun[name] = torch.zeros(*shape) if begin is None else begin(self)
            self._now[name] = self._begun[name]


def _patches(streams: Streams) -> Tensor:
    """Each patch has its own cell in it, and a class token nothing."""
    class_token = bool(getattr(getattr(streams.config, "vision", None), "class_token", False))
    return F.pad(streams.cells, (int(class_token), 0))


def _features(streams: Streams) -> Tensor:
    """What leaves the tower: without the class token, where that stays; the frames of a video one behind the other."""
    features = streams.handed("patches")[:, getattr(streams.config, "dropped", 0) :]
    return features.reshape(1, -1) if isinstance(streams.run.images, Frames) else features


def _map(streams: Streams) -> Tensor:
    """What a pooling reads: patches, and in CLIP's ResNets first their mean."""
    patches = streams.handed("patches")
    if streams.config.image_pool != "spatial attention":
        return patches
    return torch.cat((patches.mean(dim=1, keepdim=True), patches), dim=1)


def _compared(streams: Streams) -> Tensor:
    return streams.handed("queried" if streams.config.pool == "cascade" else "patches")


def _sight(streams: Streams) -> Tensor:
    """What a model that writes has seen, as its `see` gives it: (image places,), or (image places, media tokens)."""
    config, images = streams.config, streams.run.images
    if (pool := getattr(config, "pool", None)) is not None:  # CoCa
        tokens = streams.handed("patches" if pool == "class" else "queried")
        return tokens[:, int(pool in ("class", "first query")) :]  # the first is for comparing
    if getattr(config, "resampler", None) is not None:
        return streams.handed("resampled")
    features = streams.handed("features")
    if isinstance(images, Patches):
        return in_lines(features[..., None], images, features.new_zeros(1))[:, 0]
    if isinstance(images, Tiles) and images.apart:
        return lay_beside(features[:1, :, None], features[1:, :, None], images.grids, config.tiles)[..., 0]
    if isinstance(images, Tiles):
        return lay_out(features[..., None], images, features.new_zeros(1))[:, 0]
    return features.flatten() if streams.run.spliced else features


def _words(streams: Streams) -> Tensor:
    """Image places have in them what takes them, and words nothing."""
    batch = streams.run.batch
    assert batch is not None
    empty = torch.zeros(batch.tokens.shape)
    if not streams.run.spliced:
        return empty
    sight = _sight(streams)
    return splice(empty, batch.where(Role.IMAGE).cpu(), sight if sight.ndim == 1 else sight[:, 0])


def _media(streams: Streams) -> Tensor:
    """What words read between the blocks, in one row."""
    batch, sight = streams.run.batch, _sight(streams)
    assert batch is not None
    return by_row(sight[:, 1:] if isinstance(streams.run.images, Tiles) else sight, batch.where(Role.IMAGE).cpu())


def _prompt(streams: Streams) -> Tensor:
    """What an encoder reads: all but the answer."""
    batch = streams.run.batch
    assert batch is not None
    given = batch.where(Role.IMAGE) | batch.where(Role.PROMPT)
    return _words(streams)[given.cpu()][None]


BEGINS: Mapping[str, Callable[[Streams], Tensor]] = {
    "patches": _patches,
    "pixels": lambda streams: streams.cells,
    "features": _features,
    "map": _map,
    "compared": _compared,
    "words": _words,
    "media": _media,
    "prompt": _prompt,
}
"""What is in the tokens of a stream at first; in those of any other there is nothing."""
