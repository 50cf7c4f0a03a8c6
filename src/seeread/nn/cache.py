"""What a decoder remembers between the tokens it writes."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

STEP = 128
"""Places are set aside by so many at least: growing by one would copy everything for every token."""


@dataclass
class LayerCache:
    """Keys and values of one layer's past, (batch, heads, places, head width), of which `length` are taken."""

    k: Tensor | None = None
    v: Tensor | None = None
    length: int = 0

    def extend(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Remember these too, (batch, heads, new, head width); gives out all there are."""
        end = self.length + k.shape[2]
        self.k, self.v = _with_room(self.k, k, self.length, end), _with_room(self.v, v, self.length, end)
        self.k[:, :, self.length : end] = k
        self.v[:, :, self.length : end] = v
        self.length = end
        return self.k[:, :, :end], self.v[:, :, :end]


@dataclass
class Cache:
    """The past of all layers, and where in its text every remembered token stands.

    `positions` is (batch, length), -1 for padding. `ragged` says whether there is any padding, without asking the
    device.
    """

    layers: list[LayerCache] = field(default_factory=list)
    positions: Tensor | None = None
    ragged: bool = False

    @property
    def length(self) -> int:
        """How many tokens are remembered, padding included."""
        return 0 if self.positions is None else self.positions.shape[1]

    def layer(self, index: int) -> LayerCache:
        """The past of that layer."""
        while len(self.layers) <= index:
            self.layers.append(LayerCache())
        return self.layers[index]

    def extend(self, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Take in tokens of which `valid`, (batch, new), are no padding. The positions of the new, (batch, new), and
        of all that are remembered, (batch, length)."""
        past = 0 if self.positions is None else self.positions.amax(dim=1, keepdim=True) + 1
        new = torch.where(valid, valid.cumsum(dim=1) - 1 + past, -1)
        self.ragged = self.ragged or (valid.shape[1] > 1 and not bool(valid.all()))
        self.positions = new if self.positions is None else torch.cat((self.positions, new), dim=1)
        return new, self.positions

    def cut(self, length: int) -> None:
        """Forget all but the first `length` tokens, padding included."""
        for layer in self.layers:
            layer.length = length
        self.positions = self.positions[:, :length] if length and self.positions is not None else None

    def select(self, rows: Tensor) -> "Cache":
        """Another cache with these rows, (rows,), of this one: repeated, left out or in another order. What is
        remembered is copied."""
        layers = [
            LayerCache(_rows(layer.k, rows, layer.length), _rows(layer.v, rows, layer.length), layer.length)
            for layer in self.layers
        ]
        positions = None if self.positions is None else self.positions.index_select(0, rows)
        return Cache(layers, positions, self.ragged)


def _with_room(kept: Tensor | None, new: Tensor, length: int, end: int) -> Tensor:
    """`kept` with room for `end` places."""
    if kept is not None and kept.shape[2] >= end:
        return kept
    batch, heads, _, head_width = new.shape
    # The first time there is room for what comes and an answer; then for twice as much each time.
    larger = new.new_empty(batch, heads, max(end + STEP, 2 * length), head_width)
    if kept is not None:
        larger[:, :, :length] = kept[:, :, :length]
    return larger


def _rows(kept: Tensor | None, rows: Tensor, length: int) -> Tensor | None:
    return None if kept is None else kept[:, :, :length].index_select(0, rows)
