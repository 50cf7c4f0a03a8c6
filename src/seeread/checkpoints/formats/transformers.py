"""Folders of `transformers`: CLIP, SigLIP and SigLIP 2, fixed and NaFlex, read and written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.files import read_tensors, write_json, write_sharded
from seeread.checkpoints.formats.settings import read_json
from seeread.checkpoints.formats.transformers_config import read_clip, read_siglip, write_config
from seeread.checkpoints.match import require_fit, require_fitting_processor
from seeread.checkpoints.parts.transformers_towers import ATTENTION_POOL, TEXT, VISION, flat
from seeread.checkpoints.refusal import Refusal, naming, shown
from seeread.checkpoints.table import Rule, Table, under
from seeread.checkpoints.table import read as renamed
from seeread.checkpoints.table import write as renamed_back
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.folder import Family
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import ImageTransform, PatchTransform
from seeread.preprocessing.transform_config import from_transformers, to_transformers

WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
"""Where the weights may be; the first that is there counts."""

_TOWERS: Table = (*under("vision_model.", "vision.", VISION), *under("text_model.", "text.", TEXT))

CLIP: Table = (
    *_TOWERS,
    Rule("visual_projection", "image_projection"),
    Rule("text_projection", "text_projection"),
    Rule("logit_scale", "similarity.log_scale", flat, lambda scale: scale.reshape(())),
)

SIGLIP: Table = (
    *_TOWERS,
    *under("vision_model.head.", "image_pool.", ATTENTION_POOL),
    Rule("text_model.head", "text_projection"),
    Rule("logit_scale", "similarity.log_scale", flat),
    Rule("logit_bias", "similarity.bias", flat),
)


@dataclass(frozen=True)
class _Kind:
    """What a `model_type` stands for."""

    read_config: Callable[[dict[str, Any]], DualEncoderConfig]
    table: Table
    architecture: str


KINDS = {
    "clip": _Kind(read_clip, CLIP, "CLIPModel"),
    "siglip": _Kind(read_siglip, SIGLIP, "SiglipModel"),
    "siglip2": _Kind(read_siglip, SIGLIP, "Siglip2Model"),
}


def read(folder: Path, tokenizer: Path | None = None) -> Checkpoint:
    """A folder as `save_pretrained` leaves it, or as the hub has it. `tokenizer` names another file or folder to take
    the tokenizer from. Raises `CheckpointError` or `TokenizerError`."""
    config_file = folder / "config.json"
    config = read_json(config_file)
    with naming(config_file):
        kind = _kind(config)
        ours = kind.read_config(config)
    weights = find_weights(folder)
    tensors, strangers = renamed(read_tensors(weights), kind.table)
    require_fit(weights, ours, tensors, strangers, kind.table)
    family = tokenizer_family(config["model_type"], folder)
    processor = Processor(
        read_transform(folder), Tokenizer.from_folder(tokenizer or folder, family, ours.text.context_length)
    )
    require_fitting_processor(folder, ours, processor)
    return Checkpoint(ours, tensors, processor, "transformers")


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """The same folder that `save_pretrained` of model and processor would leave: every tensor bit for bit, in the
    precision it is stored in. Raises `CheckpointError` where `transformers` has no such architecture."""
    model, transform = checkpoint.comparing()
    config = write_config(model)
    rules = checkpoint.processor.tokenizer.rules
    config["text_config"] |= {"bos_token_id": rules.start_id, "pad_token_id": rules.pad_id}
    kinds = {str(tensor.dtype) for tensor in checkpoint.tensors.values()}
    config["dtype"] = kinds.pop().removeprefix("torch.") if len(kinds) == 1 else "float32"
    table = KINDS[config["model_type"]].table
    family: Family = config["model_type"]
    if family == "siglip" and rules.clean != "siglip":
        family = "siglip2"  # SigLIP 2 of one resolution: the older model with the newer vocabulary
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint.processor.tokenizer.write_transformers(folder, family)
    write_json(folder / "preprocessor_config.json", to_transformers(transform))
    write_sharded(folder, renamed_back(checkpoint.tensors, table), metadata={"format": "pt"})
    write_json(folder / "config.json", config)


def reads(folder: Path, config: dict[str, Any]) -> bool:
    """Whether a folder with this `config.json` is for `read`: of a kind it knows, with weights where it looks."""
    return config.get("model_type") in KINDS and any((folder / name).is_file() for name in WEIGHTS)


def find_weights(folder: Path) -> Path:
    """The file of weights in a folder, or the index of several. Raises `CheckpointError` if there is none."""
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    with naming(folder):
        raise Refusal(f"it holds no weights: none of {', '.join(WEIGHTS)}", "Download the model's files again")


def read_transform(folder: Path) -> ImageTransform | PatchTransform:
    """The image transform that a folder describes, in the older file or the newer."""
    for name in ("preprocessor_config.json", "processor_config.json"):
        if (folder / name).is_file():
            return from_transformers(read_json(folder / name))
    with naming(folder):
        raise Refusal(
            "it does not say how images are prepared: preprocessor_config.json is missing",
            "Download that file into the same folder",
        )


def tokenizer_family(kind: Family, folder: Path) -> Family:
    """Whose rules the tokenizer follows. SigLIP 2 of one resolution calls itself "siglip", and has Gemma's tokens."""
    settings = folder / "tokenizer_config.json"
    if kind != "siglip" or not settings.is_file():
        return kind
    name = str(read_json(settings).get("tokenizer_class"))
    return "siglip2" if name.startswith(("Gemma", "Siglip2")) else "siglip"


def _kind(config: dict[str, Any]) -> _Kind:
    """What the folder holds, if it is one of ours to read."""
    name = config.get("model_type")
    listed = config.get("architectures") or []
    listed = listed if isinstance(listed, list) else [listed]
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Refusal(
            f"its model_type is {shown(name)}, and {', '.join(KINDS)} is what seeread can read",
            "Use a dual encoder of one of these kinds (`seeread models` lists them)",
        )
    if listed and kind.architecture not in listed:
        raise Refusal(
            f"it holds a {shown(listed[0])}, which is only a part of a {kind.architecture}",
            f"Use the checkpoint of the whole {kind.architecture}",
        )
    return kind
