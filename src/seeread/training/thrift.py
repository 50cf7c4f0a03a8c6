"""What makes learning cheaper and leaves what is learned as it is: recomputing, and compiling. Both are done to a model
from outside, block by block, and undone when it has learned."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from seeread.errors import UsageError
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
    for block in blocks:
        if settings.recompute:
            vars(block)["forward"] = partial(checkpoint, block.forward, use_reentrant=False)
        if settings.compile:
            block.compile()
    try:
        yield
    finally:
        for block in blocks:
            vars(block).pop("forward", None)
            block._compiled_call_impl = None


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
