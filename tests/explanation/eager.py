"""The attention maps of a reference: every softmax over keys that it computes, in the order in which it does."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

_SOFTMAX = (torch.ops.aten._softmax.default, torch.ops.aten._safe_softmax.default)


class _Softmaxes(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.results: list[Tensor] = []

    def __torch_dispatch__(
        self, operation: Any, types: Any, arguments: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None
    ) -> Any:
        result = operation(*arguments, **keywords or {})
        if operation in _SOFTMAX:
            self.results.append(result.clone())
        return result


def eager_maps(theirs: nn.Module, run: Callable[[], object]) -> list[Tensor]:
    """What `run` computes with a reference whose attention is all by plain operations."""
    if hasattr(theirs, "set_attn_implementation"):
        theirs.set_attn_implementation("eager")
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), _Softmaxes() as found:
            run()
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return found.results
