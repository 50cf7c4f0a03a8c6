"""To look at a model in the middle of its training without leaving a trace."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Within it the model is in evaluation mode and nothing is differentiated. Afterwards each of its modules is in the
    mode that it was in, and chance (of torch on all devices, of numpy and of Python) goes on as if nothing had been
    drawn."""
    modes = [(module, module.training) for module in model.modules()]
    ours, theirs = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(), torch.no_grad():
            model.eval()
            yield
    finally:
        for module, training in modes:
            module.training = training  # one by one: frozen parts were in another mode than the rest
        random.setstate(ours)
        np.random.set_state(theirs)
