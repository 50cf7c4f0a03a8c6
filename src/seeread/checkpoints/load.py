"""`load`: a name or a path in, a model ready to use out."""

import os
from functools import partial
from pathlib import Path

import torch
from torch import nn

from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.formats.recognise import read
from seeread.checkpoints.hub import clip_tokenizer_file, locate, revision_of
from seeread.checkpoints.match import skeleton
from seeread.checkpoints.placement import choose_device, choose_precision
from seeread.models.dual_encoder import DualEncoder
from seeread.models.families import Model
from seeread.nn.packed import can_pack, pack
from seeread.pretrained import Origin, Pretrained


def load(
    name: str | os.PathLike[str],
    *,
    revision: str | None = None,
    device: str | torch.device = "auto",
    precision: str | torch.dtype = "auto",
    tokenizer: str | os.PathLike[str] | None = None,
    architecture: str | None = None,
    offline: bool | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> Pretrained:
    """A model with its processor, from a name ("ViT-B/32", "openai/clip-vit-base-patch32"), a folder or a file.

    `device` is "auto", "cpu", "cuda", "mps"; `precision` is "auto", "fp32", "bf16" or "fp16", and auto takes bf16
    where the hardware has units for it. `tokenizer` names a file or folder, for checkpoints that carry none;
    `architecture` is open_clip's name of it ("ViT-B-32-quickgelu"), or "openai", for weights without configuration.
    `offline` never asks the network; `cache` is where downloads are kept.

    No code in a checkpoint is ever run. Raises `CheckpointError` for what cannot be found, read, or made to fit,
    and never leaves a weight at its random start.
    """
    place = choose_device(device)
    dtype = choose_precision(precision, place)
    path = locate(name, revision=revision, offline=offline, cache=cache)
    vocabulary = None if tokenizer is None else Path(tokenizer).expanduser()
    checkpoint = read(path, vocabulary, architecture, partial(clip_tokenizer_file, offline=offline, cache=cache))
    model = build(checkpoint, place, dtype)
    origin = Origin(os.fspath(name), path, checkpoint.format, revision_of(path), vocabulary, architecture)
    return Pretrained(model, checkpoint.processor, origin, place, dtype)


def build(checkpoint: Checkpoint, device: torch.device, precision: torch.dtype) -> Model:
    """The model of a checkpoint, on a device, in a precision, in evaluation mode.

    Tensors that are already what they shall be are not copied: they stay in their mapped file. The scale and bias of
    the comparison stay in float32: they multiply every rounding error by a hundred.
    """
    model = skeleton(checkpoint.config).eval()
    model.load_state_dict(checkpoint.tensors, strict=True, assign=True)
    if isinstance(model, DualEncoder) and device.type == "cpu" and precision == torch.bfloat16 and can_pack():
        pack(model)
    for name, part in model.named_children():
        part.to(device=device, dtype=torch.float32 if name == "similarity" else precision)
    for name, own in model.named_parameters(recurse=False):
        setattr(model, name, nn.Parameter(own.to(device=device, dtype=precision)))
    return model
