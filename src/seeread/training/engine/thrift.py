"""What makes learning cheaper and leaves what is learned as it is: recomputing, and compiling. Both are done to a model
from outside, block by block, and undone when it has learned."""

import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from seeread.errors import UsageError
from seeread.nn.cache import LayerCache
from seeread.nn.rope import Rotation
from seeread.nn.transformer import Block
from seeread.training.settings import Settings


@contextmanager
def thrifty(model: nn.Module, settings: Settings) -> Iterator[None]:
    """Within, the transformer blocks of a model save memory and time as the settings say.

    Recomputed blocks keep what they read and nothing else until the way back, and then are computed once more
    (arXiv:1604.06174). Compiled are single blocks and not the model: they are alike, so that one compilation serves
    all, and it works the same under DDP and FSDP2. Raises UsageError where there is nothing to compile with.
    """
    blocks = [module for module in model.modules() if isinstance(module, Block)]
    if settings.compile:
        require_compiler(next(model.parameters()).device)
        # What is cached there is what the processor can do, which stays the same.
        warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")
    for block in blocks:
        if settings.recompute:
            vars(block)["forward"] = recomputed(block.forward)
        if settings.compile:
            block.compile()
    try:
        yield
    finally:
        for block in blocks:
            vars(block).pop("forward", None)
            block._compiled_call_impl = None


def recomputed(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The same forward pass of a block, of which nothing is kept. What it remembers it forgets as well, so that it
    remembers the same when it is computed once more: nothing is written while a model learns."""

    def again(
        x: Tensor,
        mask: Tensor | None = None,
        rotation: Rotation | None = None,
        cache: LayerCache | None = None,
        *read: Any,
    ) -> Tensor:
        def once(x: Tensor) -> Tensor:
            return forward(x, mask, rotation, None if cache is None else replace(cache), *read)

        return cast(Tensor, checkpoint(once, x, use_reentrant=False))

    return again


def require_compiler(device: torch.device) -> None:
    """Raises UsageError unless torch can compile for that device here: on CUDA by triton, on a CPU by a compiler for
    C++."""
    if device.type == "cuda":
        if find_spec("triton") is None:
            raise UsageError("compile=True needs triton on CUDA. Install it, or train with compile=False.")
        return
    usual = "clang++" if sys.platform == "darwin" else "cl" if sys.platform == "win32" else "g++"
    compiler = os.environ.get("CXX", usual)
    if shutil.which(compiler) is None:
        raise UsageError(
            f"compile=True needs a compiler for C++, and there is no {compiler} here. Install one or name it in the "
            "environment variable CXX, or train with compile=False."
        )
