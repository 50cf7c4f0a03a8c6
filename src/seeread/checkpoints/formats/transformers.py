"""Folders of `transformers`, read and written: CLIP, SigLIP and SigLIP 2, LLaVA, PaliGemma, and language models."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.files import read_tensors, write_json, write_sharded
from seeread.checkpoints.formats import transformers_llava as llava
from seeread.checkpoints.formats import transformers_paligemma as paligemma
from seeread.checkpoints.formats.settings import Settings, read_json
from seeread.checkpoints.formats.transformers_config import read_clip, read_siglip, write_config
from seeread.checkpoints.formats.transformers_processor import read_processor, write_processor
from seeread.checkpoints.match import require_fit, require_fitting_processor
from seeread.checkpoints.parts import transformers_decoder_config as language_models
from seeread.checkpoints.parts.transformers_towers import ATTENTION_POOL, TEXT, VISION, flat
from seeread.checkpoints.refusal import Refusal, naming, shown
from seeread.checkpoints.table import Rule, State, Table, under
from seeread.checkpoints.table import read as renamed
from seeread.checkpoints.table import write as renamed_back
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.models.families import ModelConfig
from seeread.models.llava import LLaVAConfig
from seeread.models.paligemma import PaliGemmaConfig
from seeread.text.decoder import DecoderConfig

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
    """What a `model_type` stands for. Its tensors may be called in several ways; the first layout is written."""

    read_config: Callable[[dict[str, Any]], ModelConfig]
    layouts: Callable[[Any], tuple[Table, ...]]
    architecture: str


def _read_language_model(config: dict[str, Any]) -> DecoderConfig:
    return language_models.read_decoder(Settings(config))


KINDS = {
    "clip": _Kind(read_clip, lambda c: (CLIP,), "CLIPModel"),
    "siglip": _Kind(read_siglip, lambda c: (SIGLIP,), "SiglipModel"),
    "siglip2": _Kind(read_siglip, lambda c: (SIGLIP,), "Siglip2Model"),
    **{name: _Kind(llava.read_llava, llava.layouts, whole) for name, whole in llava.ARCHITECTURES.items()},
    paligemma.MODEL_TYPE: _Kind(paligemma.read_paligemma, paligemma.layouts, paligemma.ARCHITECTURE),
    **{
        name: _Kind(_read_language_model, language_models.layouts, kind.architecture)
        for name, kind in language_models.KINDS.items()
    },
}


def read(folder: Path, tokenizer: Path | None = None) -> Checkpoint:
    """A folder as `save_pretrained` leaves it, or as the hub has it. `tokenizer` names another file or folder to take
    the tokenizer from. Raises `CheckpointError` or `TokenizerError`."""
    config, tensors = read_model(folder)
    processor = read_processor(folder, config, tokenizer)
    require_fitting_processor(folder, config, processor)
    return Checkpoint(config, tensors, processor, "transformers")


def read_model(folder: Path) -> tuple[ModelConfig, State]:
    """The same without the processor: our config, and the tensors under our names."""
    config_file = folder / "config.json"
    config = read_json(config_file)
    with naming(config_file):
        kind = _kind(config)
        ours = kind.read_config(config)
    weights = find_weights(folder)
    tensors, strangers, table = _renamed(read_tensors(weights), kind.layouts(ours))
    with naming(weights):
        drop_tied_head(ours, tensors)
    require_fit(weights, ours, tensors, strangers, table)
    return ours, tensors


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """The same folder that `save_pretrained` of model and processor would leave: every tensor bit for bit, in the
    precision it is stored in. Raises `CheckpointError` where `transformers` has no such architecture."""
    config = _write_config(checkpoint.config)
    kinds = {str(tensor.dtype) for tensor in checkpoint.tensors.values()}
    config["dtype"] = kinds.pop().removeprefix("torch.") if len(kinds) == 1 else "float32"
    table = KINDS[config["model_type"]].layouts(checkpoint.config)[0]
    folder.mkdir(parents=True, exist_ok=True)
    write_processor(checkpoint.processor, checkpoint.config, config, folder)
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


def _kind(config: dict[str, Any]) -> _Kind:
    """What the folder holds, if it is one of ours to read."""
    name = config.get("model_type")
    listed = config.get("architectures") or []
    listed = listed if isinstance(listed, list) else [listed]
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Refusal(
            f"its model_type is {shown(name)}, and {', '.join(KINDS)} is what seeread can read",
            "Use a checkpoint of one of these kinds (`seeread models` lists some)",
        )
    if listed and kind.architecture not in listed:
        raise Refusal(
            f"it holds a {shown(listed[0])}, which is only a part of a {kind.architecture}",
            f"Use the checkpoint of the whole {kind.architecture}",
        )
    return kind


def _renamed(stored: State, layouts: tuple[Table, ...]) -> tuple[State, list[str], Table]:
    """The tensors under our names, the keys that met no rule, and the layout in which these are fewest."""
    tried = []
    for table in layouts:
        tensors, strangers = renamed(stored, table)
        tried.append((tensors, strangers, table))
        if not strangers:
            break
    return min(tried, key=lambda one: len(one[1]))


def drop_tied_head(c: ModelConfig, tensors: State) -> None:
    """A head that is the embedding may be stored once more; then it is the same, or nobody knows what is meant."""
    text = c if isinstance(c, DecoderConfig) else c.text
    if not isinstance(text, DecoderConfig) or not text.tied or "text.head.weight" not in tensors:
        return
    head = tensors.pop("text.head.weight")
    if not torch.equal(head, tensors.get("text.embedding.weight", head)):
        raise Refusal(
            "it holds a head that differs from the embedding, and its configuration ties the two together",
            "Set tie_word_embeddings to false in its config.json if that head is meant",
        )


def _write_config(c: ModelConfig) -> dict[str, Any]:
    match c:
        case DualEncoderConfig():
            return write_config(c)
        case LLaVAConfig():
            return llava.write_llava(c)
        case PaliGemmaConfig():
            return paligemma.write_paligemma(c)
        case DecoderConfig():
            config: Mapping[str, Any] = language_models.write_decoder(c)
            return {"architectures": [KINDS[config["model_type"]].architecture], **config}
