"""Change what goes on inside a model while it runs: to ask what becomes of its answer if a part had said otherwise."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from torch import Tensor, nn

from seeread.errors import UsageError

Change: TypeAlias = Callable[[str, tuple[Any, ...], Tensor], Tensor]
"""Of a module's path, what it was called with and what it gave, to what it shall have given."""


@contextmanager
def edit(model: nn.Module, changes: Mapping[str, Change]) -> Iterator[None]:
    """Within the block, modules whose paths match a pattern give what the change makes of it. What two patterns match
    is changed by both, in their order. Raises UsageError for a pattern that matches nothing."""
    with ExitStack() as stack:
        for pattern, change in changes.items():
            matching = [(path, module) for path, module in model.named_modules() if fnmatchcase(path, pattern)]
            if not matching:
                raise UsageError(f"No part of the model is called {pattern}. model.named_modules() lists all.")
            for path, module in matching:
                stack.callback(module.register_forward_hook(_hook(path, change)).remove)
        yield


def _hook(path: str, change: Change) -> Any:
    return lambda module, inputs, given: change(path, inputs, given)
