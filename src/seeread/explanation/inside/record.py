"""What went by in one ordinary run: the queries, keys and values of every attention, and what some parts gave."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from seeread.nn.attention import Attend, shared_out


@dataclass(frozen=True)
class Look:
    """One attention of the run, from which any map of it can be had, a head at a time.

    `q` is (batch, heads, queries, head width), `k` and `v` are (batch, key heads, keys, head width); `mask` says where
    a query may look, or what its similarities gain.
    """

    module: str
    attend: Attend
    q: Tensor
    k: Tensor
    v: Tensor
    mask: Tensor | None

    @property
    def heads(self) -> int:
        """How many there are."""
        return self.q.shape[1]

    @property
    def items(self) -> int:
        """How many pictures, tiles or texts went through it at once."""
        return self.q.shape[0]

    def weights(self, item: int, head: int, queries: slice = slice(None)) -> Tensor:
        """The map of one head, (queries, keys): each row a softmax over the keys."""
        q, k, _ = self.head(item, head)
        mask = self.allowed(item, head)
        rows = None if mask is None else mask[queries] if mask.shape[0] > 1 else mask
        return self.attend.weights(q[None, None, queries], k[None, None], rows)[0, 0]

    def head(self, item: int, head: int) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of one head: (queries, width), (keys, width) and (keys, value width)."""
        k, v = (shared_out(one[item : item + 1], self.q)[0, head] for one in (self.k, self.v))
        return self.q[item, head], k, v

    def allowed(self, item: int, head: int) -> Tensor | None:
        """The mask of one head, (queries or 1, keys), None where it may look everywhere."""
        if self.mask is None:
            return None
        of_item = self.mask[item if self.mask.shape[0] > 1 else 0]
        return of_item[head if of_item.shape[0] > 1 else 0]


@dataclass
class Record:
    """`looks` in the order in which they happened, and `gave`: what modules gave at their last call, by path."""

    looks: list[Look] = field(default_factory=list)
    gave: dict[str, Tensor] = field(default_factory=dict)


@contextmanager
def record(model: nn.Module, wanted: Callable[[str, nn.Module], bool]) -> Iterator[Record]:
    """Keep what goes by within the block: of all attentions, and what the modules give that are `wanted`."""
    kept = Record()
    with ExitStack() as stack:
        for path, module in model.named_modules():
            if isinstance(module, Attend):
                stack.callback(module.register_forward_hook(_looking(kept, path)).remove)
            elif wanted(path, module):
                stack.callback(module.register_forward_hook(_giving(kept, path)).remove)
        yield kept


def _looking(kept: Record, path: str) -> Any:
    def hook(module: Attend, inputs: tuple[Any, ...], given: Tensor) -> None:
        q, k, v, mask = inputs
        # Remembered keys lie in memory that is written on: what was there now is copied.
        kept.looks.append(Look(path, module, q.detach(), k.detach().clone(), v.detach().clone(), mask))

    return hook


def _giving(kept: Record, path: str) -> Any:
    def hook(module: nn.Module, inputs: tuple[Any, ...], given: object) -> None:
        if isinstance(given, Tensor):
            kept.gave[path] = given.detach()

    return hook
