"""A model and what it is to do, in one module: what is compiled, spread over ranks and saved as one thing."""

from typing import Any

import torch
from torch import Tensor, nn

from seeread.training.objectives.objective import Objective
from seeread.training.settings import Settings


class Learner(nn.Module):
    """`model` and `objective`; an objective with weights of its own is a module, and its weights learn too.

    The arithmetic of the forward pass is in the settings' precision, wherever it is called from.
    """

    def __init__(self, model: nn.Module, objective: Objective, settings: Settings):
        super().__init__()
        self.model, self.objective = model, objective
        self.rounds = settings.precision == "bf16"

    def forward(self, batch: Any) -> Tensor:
        """The loss of a batch, (), float32."""
        device = next(self.model.parameters()).device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.rounds):
            loss: Tensor = self.objective(self.model, batch)
        return loss.float()
