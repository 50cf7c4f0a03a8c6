"""A tiny dual encoder, four colours and their words to learn, and a watcher that remembers all it is told."""

import torch
from torch import Tensor, nn

from seeread.models.dual_encoder import DualEncoder
from seeread.nn.initialise import initialise
from seeread.training.objectives.contrast import info_nce
from seeread.training.settings import Settings
from seeread.training.watching.watcher import Beginning, Moment
from tests.tiny import tiny_config

SETTINGS = Settings(steps=12, rate=3e-3, warmup=3, precision="fp32", average=0.9)


def compare(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Each picture picks its text, and each text its picture."""
    return info_nce(model(*batch))


def batches(step: int) -> tuple[Tensor, Tensor]:
    """Four colours and their words; a little different each step."""
    generator = torch.Generator().manual_seed(step)
    images = torch.eye(4, 3)[:, :, None, None] + 0.1 * torch.randn(4, 3, 16, 16, generator=generator)
    return images, torch.tensor([[1, 4 + place, 2] for place in range(4)])


def fresh() -> DualEncoder:
    """Untrained, always the same."""
    torch.manual_seed(0)
    model = DualEncoder(tiny_config())
    initialise(model)
    return model


class Told:
    """Remembers all that it is told."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.reasons: list[str | None] = []

    def began(self, beginning: Beginning) -> None:
        """Once."""
        self.beginning = beginning

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        """Each step."""
        self.moments.append(moment)

    def ended(self, reason: str | None) -> None:
        """Once."""
        self.reasons.append(reason)


def same(one: nn.Module, other: nn.Module) -> bool:
    """Whether two models are equal, bit for bit."""
    own, others = one.state_dict(), other.state_dict()
    return own.keys() == others.keys() and all(torch.equal(own[name], others[name]) for name in own)
