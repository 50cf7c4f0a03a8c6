"""LoRA's additions in the files of `peft`: adapter_config.json and adapter_model.safetensors.

Layers are called as `transformers` (version 5) calls them, where it has the model and keeps the layer as it is, so that
`PeftModel.from_pretrained(model, folder)` takes them; of other models as they are called here, for `peft` around our
own module.
"""

import copy
import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from seeread.checkpoints.files import read_tensors, write_json, write_safetensors
from seeread.checkpoints.formats.settings import read_json
from seeread.checkpoints.formats.transformers.kinds import written
from seeread.checkpoints.table import Table
from seeread.checkpoints.table import read as to_ours
from seeread.checkpoints.table import write as to_theirs
from seeread.errors import CheckpointError, UsageError
from seeread.models.families import config_of
from seeread.pretrained import Pretrained
from seeread.training.modes.lora import LoRA, additions, put

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
ABOVE = "base_model.model."
"""What `peft` puts before the name of every layer."""

_ADDITION = re.compile(rf"{re.escape(ABOVE)}(.+)\.lora_(A|B)(?:\.default)?\.weight")
_PLAIN = {
    "use_dora": False, "fan_in_fan_out": False, "lora_bias": False, "bias": "none", "rank_pattern": {},
    "alpha_pattern": {}, "modules_to_save": None,
}  # fmt: skip
"""Of settings that would change what is computed, the values that do not."""


def write_adapter(folder: Path, model: nn.Module, base: str) -> None:
    """The additions of a model (`lora.add`) as an adapter of `base`, its name or path. Raises UsageError for a model
    without additions, CheckpointError where the files cannot be written."""
    found = dict(additions(model))
    if not found:
        raise UsageError(
            f"A {type(model).__name__} without LoRA's additions makes no adapter. Add them first."
        )
    table = _table(model)
    names = _theirs(found, table) or {name: name for name in found}
    tensors = {}
    for name, addition in found.items():
        for letter, layer in (("A", addition.down), ("B", addition.up)):
            tensors[f"{ABOVE}{names[name]}.lora_{letter}.weight"] = layer.weight.detach().cpu().contiguous()
    first = next(iter(found.values()))
    config = {
        "peft_type": "LORA", "base_model_name_or_path": base, "task_type": None, "inference_mode": True,
        "r": first.rank, "lora_alpha": first.alpha, "lora_dropout": 0.0, "init_lora_weights": True,
        "use_rslora": False, "target_modules": sorted(names.values()), **_PLAIN,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    write_safetensors(folder / WEIGHTS, tensors, {"format": "pt"})
    write_json(folder / CONFIG, config)


def with_adapter(base: Pretrained, folder: Path) -> Pretrained:
    """A model with the adapter in `folder`, of ours or of `peft`, added to its weights; `base` stays as it is.

    Raises CheckpointError for an adapter of another model, and for one that is more than plain LoRA of linear layers.
    """
    config, tensors = read_json(folder / CONFIG), read_tensors(folder / WEIGHTS)
    rank, scale = _plain(folder / CONFIG, config)
    pairs = _pairs(folder / WEIGHTS, tensors)
    model = copy.deepcopy(base.module)
    ours = _ours(list(pairs), model) or {name: name for name in pairs}
    layers = dict(model.named_modules())
    for name, pair in pairs.items():
        layer = layers.get(ours.get(name, name))
        fits = isinstance(layer, nn.Linear) and _fits(layer, pair)
        if not isinstance(layer, nn.Linear) or not fits:
            raise CheckpointError(
                f"{folder / WEIGHTS}: it adds to {name}, and {base.origin.name} has no linear layer of that name and "
                f"size. Take the model that it was made for ({config.get('base_model_name_or_path')})."
            )
        put(model, ours.get(name, name), _added(layer, pair, rank, scale))
    return replace(base, model=model)  # type: ignore[arg-type]  # of the same class


def _added(layer: nn.Linear, pair: Mapping[str, Tensor], rank: int, scale: float) -> nn.Linear:
    addition = LoRA(layer, len(pair["A"]), scale * len(pair["A"]))
    addition.down.weight.data.copy_(pair["A"])
    addition.up.weight.data.copy_(pair["B"])
    return addition.merged()


def _fits(layer: nn.Linear, pair: Mapping[str, Tensor]) -> bool:
    a, b = pair["A"], pair["B"]
    return (
        a.ndim == b.ndim == 2
        and a.shape[0] == b.shape[1]
        and (b.shape[0], a.shape[1]) == tuple(layer.weight.shape)
    )


def _plain(path: Path, config: Mapping[str, Any]) -> tuple[int, float]:
    """The rank, and how much the additions count. Raises CheckpointError for what is not plain LoRA."""
    if config.get("peft_type") != "LORA":
        raise CheckpointError(
            f"{path}: its peft_type is {json.dumps(config.get('peft_type'))}, and LORA is what we add."
        )
    for name, plain in _PLAIN.items():
        if (value := config.get(name)) and value != plain:
            raise CheckpointError(
                f"{path}: its {name} is {json.dumps(value)}, which is more than plain LoRA. Merge it with peft "
                "(`merge_and_unload`), save the whole model, and load that."
            )
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if type(rank) is not int or rank < 1 or not isinstance(alpha, int | float):
        raise CheckpointError(
            f"{path}: it says no rank r and no lora_alpha. Save the adapter again with peft."
        )
    return rank, alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _pairs(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """A and B of every layer, by its name."""
    pairs: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if not (found := _ADDITION.fullmatch(key)):
            raise CheckpointError(
                f"{path}: {key} is no addition to a linear layer. Only these can be added here."
            )
        pairs.setdefault(found[1], {})[found[2]] = tensor
    if halves := [name for name, pair in pairs.items() if len(pair) < 2]:
        raise CheckpointError(
            f"{path}: of {halves[0]} only one of A and B is there. Download or save it again."
        )
    return pairs


def _table(model: nn.Module) -> Table | None:
    """How `transformers` calls our tensors in memory; None where it has no such model."""
    try:
        kind, _ = written(config_of(model))  # type: ignore[arg-type]  # what has no config has no kind
    except CheckpointError:
        return None
    return kind.layouts(config_of(model))[kind.in_memory]


def _theirs(names: Mapping[str, object], table: Table | None) -> dict[str, str] | None:
    """Their name of each of our layers; None where one of them is laid out otherwise, or is a part of another."""
    if table is None:
        return None
    found = {}
    for name in names:
        probe = torch.empty(2, 3)
        try:
            (theirs, kept), *_ = to_theirs({f"{name}.weight": probe}, table).items()
        except KeyError:
            return None
        if kept is not probe:
            return None
        found[name] = theirs.removesuffix(".weight")
    return found


def _ours(names: list[str], model: nn.Module) -> dict[str, str] | None:
    """Our name of each of their layers, by the layout that knows them all."""
    config = config_of(model)
    try:
        kind, _ = written(config)  # type: ignore[arg-type]
    except CheckpointError:
        return None
    for table in kind.layouts(config):
        found = {}
        for name in names:
            ours, strangers = to_ours({f"{name}.weight": torch.empty(2, 3)}, table)
            if strangers or len(ours) != 1:
                break
            found[name] = next(iter(ours)).removesuffix(".weight")
        else:
            return found
    return None
