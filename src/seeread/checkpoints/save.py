"""`save`: a model with its processor, to a folder or file that it can be loaded from again, whole or not at all."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor

from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.formats import native, open_clip, openai, transformers
from seeread.checkpoints.formats.recognise import read
from seeread.checkpoints.match import skeleton
from seeread.checkpoints.refusal import Refusal, naming, shown
from seeread.errors import CheckpointError, SeereadError, TokenizerError, UsageError
from seeread.models.families import ModelConfig, config_of
from seeread.pretrained import Pretrained

Format = Literal["native", "transformers", "open_clip", "openai"]

# What a checkpoint folder may consist of, and so what may be replaced as a whole.
_OURS = re.compile(
    r"(config|manifest|training|calibration|faithfulness|generation_config|(pre)?processor_config|open_clip_config)\.json"
    r"|(model|pytorch_model|open_clip_(pytorch_)?model)([.-].*)?\.(safetensors|bin|index\.json)"
    r"|(tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json|merges\.txt|[a-z]+\.model"
    r"|README\.md|LICENSE(\.txt|\.md)?|\.gitattributes"
)


def save(
    pretrained: Pretrained, path: str | os.PathLike[str], format: Format = "native", *, overwrite: bool = False
) -> None:
    """Write a model and its processor to the folder `path` (format "openai": a file), for `load` and, but for
    "native", for the library of that name.

    Weights that are as they were loaded are written as they were stored, bit for bit, whatever precision they run in;
    those that training changed are written as they are. Nothing half-written is ever seen under `path`. What exists
    there is replaced if it is a folder of ours, or with `overwrite`, but never if it holds anything but a checkpoint.

    Raises `CheckpointError` if it cannot be written, or has no place in that format.
    """
    write(checkpoint_of(pretrained), Path(path), format, overwrite=overwrite)


def write(checkpoint: Checkpoint, path: Path, format: Format = "native", *, overwrite: bool = False) -> None:
    """As `save`, for a model that was never put together: from one format to another without touching a number."""
    writers = {"native": native.write, "transformers": transformers.write, "open_clip": open_clip.write}
    if format == "openai":
        if path.exists() and not overwrite:
            raise CheckpointError(f"{path}: it is there already. Choose another name, or allow it to be overwritten.")
        openai.write(checkpoint, path)
    elif format in writers:
        with _replacing(path, overwrite) as folder:
            writers[format](checkpoint, folder)
    else:
        raise UsageError(f"There is no format {format!r}. Use one of {', '.join(get_args(Format))}.")


def checkpoint_of(pretrained: Pretrained) -> Checkpoint:
    """A model taken apart again. Raises `UsageError` if it is of a kind that has no format."""
    model = pretrained.module
    config = config_of(model)
    if config is None:
        raise UsageError(f"A {type(model).__name__} cannot be saved: it is of no family that has a format.")
    now, origin = model.state_dict(), _stored(pretrained, config)
    stored = {} if origin is None else origin.tensors
    tensors = {}
    for name in skeleton(config).state_dict():
        if name in stored and (name not in now or _equal(stored[name], now[name])):
            tensors[name] = stored[name]
        elif name in now:
            tensors[name] = now[name].detach().cpu()
        else:  # packed for speed: its matrices are gone
            raise CheckpointError(
                f"{pretrained.origin.path}: the weights that were loaded from it are no longer there, and a model that "
                "was made ready for bf16 cannot be saved without. Load it with precision fp32 to save it."
            )
    same = origin is not None and all(tensors[name] is stored.get(name) for name in tensors)
    training = origin.training if origin is not None and same else None  # others were not trained on that alone
    return Checkpoint(config, tensors, pretrained.processor, pretrained.origin.format, training)


def _stored(pretrained: Pretrained, config: ModelConfig) -> Checkpoint | None:
    """What the model was loaded from; None if it is gone, or was another."""
    if not pretrained.origin.path.exists():
        return None
    try:
        checkpoint = read(pretrained.origin.path, pretrained.origin.tokenizer, pretrained.origin.architecture)
    except SeereadError:
        return None
    return checkpoint if checkpoint.config == config else None


def _equal(stored: Tensor, now: Tensor) -> bool:
    return torch.equal(stored.to(now.dtype), now.detach().cpu())


@contextmanager
def _replacing(folder: Path, overwrite: bool) -> Iterator[Path]:
    """A new folder beside `folder`, which takes its place at the end, or vanishes on any exception."""
    with naming(folder):
        folder = folder.resolve()
        _check_replaceable(folder, overwrite)
        folder.parent.mkdir(parents=True, exist_ok=True)
        part, old = (folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.{end}") for end in ("part", "old"))
        part.mkdir()
        try:
            yield part
            if folder.exists():
                folder.rename(old)
            part.rename(folder)
        except BaseException as error:
            if old.exists() and not folder.exists():
                old.rename(folder)
            if isinstance(error, CheckpointError | TokenizerError):  # it speaks of a folder nobody has heard of
                raise type(error)(str(error).replace(str(part), str(folder))) from None
            raise
        finally:
            for rest in (part, old):
                shutil.rmtree(rest, ignore_errors=True)


def _check_replaceable(folder: Path, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise Refusal("it is a file, and a folder is to be written", "Choose another name")
    names = sorted(path.name for path in folder.iterdir())
    alien = [name for name in names if not _OURS.fullmatch(name) or not (folder / name).is_file()]
    if alien:
        raise Refusal(f"it holds {shown(alien[0])}, which is no part of a checkpoint", "Choose another folder")
    if names and not (overwrite or "manifest.json" in names):
        raise Refusal("it holds a checkpoint already", "Choose another folder, or allow it to be overwritten")
