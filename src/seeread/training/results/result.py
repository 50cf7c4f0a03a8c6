"""What a run leaves behind: the model in the precision that it is kept in, what was added to it, and its card."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.files import write_bytes
from seeread.checkpoints.formats.recognise import read
from seeread.checkpoints.placement import PRECISIONS
from seeread.checkpoints.save import write
from seeread.errors import SeereadError
from seeread.models.families import config_of, family_of
from seeread.pretrained import Pretrained
from seeread.training.modes.adapter import write_adapter
from seeread.training.modes.lora import additions, merge
from seeread.training.results.record import card

MODEL, ADAPTER = "model", "adapter"
"""The folders of the trained model, and of what LoRA added, inside that of the run."""


@dataclass(frozen=True)
class Kept:
    """The precision that each tensor of the start is stored in, by its name, or the one that all shall have; and what
    the start says that it was trained on."""

    precisions: Mapping[str, torch.dtype] = field(default_factory=dict)
    all: torch.dtype | None = None
    training: Mapping[str, Any] | None = None

    def of(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor as it is kept. One whose numbers are too large for half precision stays as it is."""
        if not tensor.is_floating_point():
            return tensor
        small = tensor.to(self.all or self.precisions.get(name, tensor.dtype))
        return small if bool(small.isfinite().all()) else tensor


def kept_as(start: Pretrained, stored: str | None) -> Kept:
    """How what is trained from `start` is kept: in the precision `stored`, or as the start is if None."""
    wanted = PRECISIONS[stored] if stored else None
    origin = start.origin
    if not origin.path.exists():
        return Kept(all=wanted)
    try:
        found = read(origin.path, origin.tokenizer, origin.architecture)
    except SeereadError:
        return Kept(all=wanted)
    return Kept({name: tensor.dtype for name, tensor in found.tensors.items()}, wanted, found.training)


def write_result(trained: Pretrained, kept: Kept, said: Mapping[str, Any], out: Path | None) -> Pretrained:
    """Merge what LoRA added, round the weights to the precision that they are kept in, and write `out/model`, unless
    `out` is None. Gives the model that `load` would give."""
    model = trained.module
    if any(True for _ in additions(model)):
        if out is not None:
            write_adapter(out / ADAPTER, model, said["start"]["name"])
        merge(model)
    tensors = {
        name: kept.of(name, tensor.detach()).contiguous() for name, tensor in model.state_dict().items()
    }
    model.load_state_dict(tensors)
    model.eval().requires_grad_(True)
    config = config_of(model)
    if out is not None and config is not None:
        whole = {name: tensor.cpu() for name, tensor in tensors.items()}
        write(Checkpoint(config, whole, trained.processor, "native", said), out / MODEL, overwrite=True)
        described = f"A {family_of(config).model.__name__}"
        write_bytes(out / MODEL / "README.md", card(said, described).encode())
    return trained
