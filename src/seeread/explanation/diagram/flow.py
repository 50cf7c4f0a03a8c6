"""The ways that numbers take through a model: a run on shapes alone, in which every tensor knows whence it came.

A part of a diagram is a module that was called, inside the one that called it, wherever else its weights are kept: a
gate between two blocks stands between them. What only groups modules and is never called itself, as a decoder whose
methods are called, is a part around them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from seeread.explanation.diagram.parts import BESIDE, IN, Flow, Origin, Part, Sources, groups
from seeread.explanation.trace import on_shapes, storage_of

JOINS = {
    "add": "added", "mul": "multiplied", "cat": "joined", "stack": "joined", "copy": "joined",
    "index_put": "placed", "masked_scatter": "placed",
}  # fmt: skip
"""Of operations, what becomes of two tensors in them."""

_SHAPES_ONLY = ("zeros_like", "ones_like", "empty_like", "full_like", "new_zeros", "new_ones", "new_empty", "new_full")


def follow(model: nn.Module, run: Callable[[], object], given: Mapping[str, Tensor]) -> Part:
    """All parts of a `run`, which calls the model; `given` are the tensors that it begins with, by what they are called
    at the outermost level. The model, and the numbers of pictures, are on "meta"."""
    root = Part("", model, whole=True)
    mode = _Follow(root, {storage_of(weight): weight.numel() for weight in model.parameters()})
    for name, tensor in given.items():
        mode.mark(tensor, Origin({root: frozenset((name,))}, of=frozenset((name,))))
        root.of.add(name)
    with torch.no_grad(), _hooked(model, mode), mode:
        run()
    return root


class _Follow(TorchDispatchMode):
    """Sees every operation and, told by hooks, the beginning and the end of every module."""

    def __init__(self, root: Part, weights: dict[int, int]):
        super().__init__()  # type: ignore[no-untyped-call]
        self.open = [(root, True)]  # parts from the outermost to the innermost, and whether each was called
        self.weights = weights
        self._origins: dict[int, Origin] = {}
        self._kept: list[Any] = []  # a storage that is let go would lend its number to another

    @property
    def here(self) -> Part:
        """The innermost part that is open."""
        return self.open[-1][0]

    def of(self, tensor: Tensor) -> Origin | None:
        """Whence a tensor came; None for weights, and all that is counted and not seen or read."""
        return self._origins.get(storage_of(tensor))

    def mark(self, tensor: Tensor, origin: Origin) -> None:
        """Note whence a tensor came."""
        self._origins[storage_of(tensor)] = origin
        self._kept.append(tensor.untyped_storage())

    def begin(self, path: str, module: nn.Module, inputs: list[Tensor]) -> None:
        """A module is called."""
        for group, grouping in groups(self.open[0][0].module, self.here.path, path):
            self.open.append((self.here.within(group, grouping), False))
        part = self.here.within(path, module)
        self.open.append((part, True))
        part.whole, first = True, not part.takes
        for number, one in enumerate(inputs):
            if (origin := self.of(one)) is not None:
                self._read(one, origin)
                came = frozenset((IN if number == 0 else BESIDE,))
                origin.given[part] = origin.given.get(part, came) if number else came
                if first:
                    part.takes.append(tuple(one.shape))

    def end(self, outputs: list[Tensor]) -> None:
        """It has given these."""
        part, _ = self.open.pop()
        if not part.gives:
            part.gives = [tuple(one.shape) for one in outputs]
            origins = [origin for one in outputs if (origin := self.of(one)) is not None]
            part.results = [Flow(origin.within(part), origin.how) for origin in origins]
        levels: dict[Part, Sources] = {self.here: frozenset((part,))}
        while not self.open[-1][1]:
            group, _ = self.open.pop()
            levels[self.here] = frozenset((group,))
        for one in outputs:
            came = self.of(one)
            of = frozenset[str]() if came is None else came.of
            part.of |= of
            self.mark(one, Origin(dict(levels), of=of))

    def _read(self, tensor: Tensor, origin: Origin) -> None:
        """Note at every level that is open that what is open within it was given this."""
        for (level, _), (within, _) in zip(self.open[-2::-1], self.open[:0:-1], strict=True):
            came = origin.within(level)
            within.note(came, origin.how)
            within.of |= origin.of
            if came != {BESIDE} and (level.whole or IN not in came):
                return

    def __torch_dispatch__(
        self, operation: Any, types: Any, arguments: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None
    ) -> Any:
        inputs = [leaf for leaf in tree_leaves((arguments, keywords)) if isinstance(leaf, Tensor)]
        name = operation.overloadpacket.__name__.strip("_")
        for tensor in inputs:
            self.here.own += self.weights.pop(storage_of(tensor), 0)
        known = [(one, origin) for one in inputs if (origin := self.of(one)) is not None and name not in _SHAPES_ONLY]
        if any(one.is_floating_point() for one, _ in known):  # else ids or places: they tell of no numbers
            known = [(one, origin) for one, origin in known if one.is_floating_point()]
        for one, origin in known:
            if self.here not in origin.levels and self.here not in origin.given:
                self._read(one, origin)
        given, named = on_shapes(operation, arguments, keywords or {})
        result = operation(*given, **named)
        if known:
            made = [one for one in tree_leaves(result) if isinstance(one, Tensor) and one.dtype != torch.bool]
            self._join(made, [origin for _, origin in known], JOINS.get(name, "together"))
        return result

    def _join(self, made: list[Tensor], origins: list[Origin], how: str) -> None:
        """Of what an operation has made of tensors of these origins."""
        met = {origin.within(self.here) if self.here.whole else frozenset((IN,)) for origin in origins}
        levels: dict[Part, Sources] = {}
        for origin in origins:
            for level, came in origin.levels.items():
                if level is not self.here and not level.whole:
                    levels[level] = levels.get(level, frozenset()) | came
        levels[self.here] = frozenset[Part | str]().union(*met)
        how = how if len(met) > 1 else next((origin.how for origin in origins if origin.how), "")
        of = frozenset[str]().union(*(origin.of for origin in origins))
        for one in made:
            same = self.of(one)
            if same is not None and same in origins:  # a view, or changed in place
                for level, came in levels.items():
                    if not came <= same.within(level):
                        same.levels[level] = same.within(level) | came
                same.of |= of
            else:
                self.mark(one, Origin(dict(levels), how=how, of=of))


@contextmanager
def _hooked(model: nn.Module, mode: _Follow) -> Iterator[None]:
    """What does nothing is no part."""
    with ExitStack() as stack:
        for path, module in model.named_modules():
            if not path or isinstance(module, nn.Identity):
                continue

            def begin(one: nn.Module, inputs: Any, named: Any, path: str = path) -> None:
                mode.begin(path, one, [leaf for leaf in tree_leaves((inputs, named)) if isinstance(leaf, Tensor)])

            def end(_: nn.Module, inputs: Any, output: Any) -> None:
                mode.end([leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)])

            stack.callback(module.register_forward_pre_hook(begin, with_kwargs=True).remove)
            stack.callback(module.register_forward_hook(end).remove)
        yield
