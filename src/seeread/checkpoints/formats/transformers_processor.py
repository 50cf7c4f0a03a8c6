"""What feeds a model in a folder of `transformers`: how pictures are prepared, words become tokens, prompts are put."""

from pathlib import Path
from typing import Any

from seeread.checkpoints.files import write_json
from seeread.checkpoints.formats.settings import Settings, read_json
from seeread.checkpoints.parts.transformers_decoder_config import context_length
from seeread.checkpoints.refusal import Refusal, naming
from seeread.errors import CheckpointError
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.models.families import ModelConfig
from seeread.models.llava import LLaVAConfig
from seeread.models.paligemma import PaliGemmaConfig
from seeread.preprocessing.dialogue.folder import style_from_transformers, style_to_transformers
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.tokenizer.folder import Family
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import Transform
from seeread.preprocessing.transform_config import from_transformers, to_transformers
from seeread.text.decoder import DecoderConfig
from seeread.vision.vit import ViTConfig

_PINPOINTS = "image_grid_pinpoints"


def read_processor(folder: Path, c: ModelConfig, tokenizer: Path | None = None) -> Processor:
    """The processor of the model in a folder. `tokenizer` names another file or folder to take the tokenizer from.
    Raises `CheckpointError` or `TokenizerError`."""
    config = read_json(folder / "config.json")
    kind = config["model_type"]
    if isinstance(c, DualEncoderConfig):
        family = tokenizer_family(kind, folder)
        words = Tokenizer.from_folder(tokenizer or folder, family, c.text.context_length)
        return Processor(read_transform(folder), words)
    with naming(folder / "config.json"):
        text = config if isinstance(c, DecoderConfig) else config.get("text_config") or {}
        usual = {"model_type": "gemma"} if isinstance(c, PaliGemmaConfig) else {}
        most = context_length(Settings(usual | text))
    words = Tokenizer.from_folder(tokenizer or folder, kind, most)
    if isinstance(c, DecoderConfig):
        return Processor(None, words, style_from_transformers(folder, kind, words))
    transform = read_transform(folder)
    if isinstance(transform, TileTransform):
        _require_one_opinion(folder, config, transform)
    style = style_from_transformers(folder, kind, words, c.image_tokens)
    return Processor(transform, words, style.within(c.text.vocabulary, words.rules.pad_id))


def write_processor(processor: Processor, c: ModelConfig, config: dict[str, Any], folder: Path) -> None:
    """The files of a processor; what `config.json` also says of it is put into `config`."""
    transform, rules, style = processor.image_transform, processor.tokenizer.rules, processor.style
    described = None if transform is None else to_transformers(transform)
    if isinstance(c, DualEncoderConfig):
        config["text_config"] |= {"bos_token_id": rules.start_id, "pad_token_id": rules.pad_id}
        family: Family = config["model_type"]
        if family == "siglip" and rules.clean != "siglip":
            family = "siglip2"  # SigLIP 2 of one resolution: the older model with the newer vocabulary
        processor.tokenizer.write_transformers(folder, family)
    elif style is None:
        raise CheckpointError("The model writes, and its processor does not say how it is spoken to.")
    else:
        text = config if isinstance(c, DecoderConfig) else config["text_config"]
        start = processor.tokenizer.number(style.start_text)
        text |= {"bos_token_id": start, "eos_token_id": style.end_ids[0], "pad_token_id": rules.pad_id}
        if "rope_theta" in text:
            text["max_position_embeddings"] = rules.context_length
        processor.tokenizer.write_transformers(folder, config["model_type"], style.start_text, style.end_text)
        style_to_transformers(folder, style)
        if isinstance(c, LLaVAConfig | PaliGemmaConfig):
            config |= {"image_token_index": style.image_id}
        if isinstance(c, LLaVAConfig):
            config |= {"image_seq_length": c.image_tokens}
            write_json(folder / "processor_config.json", _llava_processor(c, config, style.image_text))
    if isinstance(c, PaliGemmaConfig) and described is not None:
        described |= {"image_seq_length": c.image_tokens, "processor_class": "PaliGemmaProcessor"}
    if isinstance(transform, TileTransform) and described is not None:
        config[_PINPOINTS] = described[_PINPOINTS]
    if described is not None:
        write_json(folder / "preprocessor_config.json", described)


def read_transform(folder: Path) -> Transform:
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


def _require_one_opinion(folder: Path, config: dict[str, Any], transform: TileTransform) -> None:
    """The model's own list of sizes, by which `transformers` counts tiles, is that by which pictures are cut."""
    sizes = [[rows * transform.side, columns * transform.side] for rows, columns in transform.grids]
    stated = config.get(_PINPOINTS)
    if stated is not None and stated != sizes:
        with naming(folder):
            raise Refusal(
                f"its config.json and its preprocessor_config.json disagree about {_PINPOINTS}",
                "Download both files again",
            )


def _llava_processor(c: LLaVAConfig, config: dict[str, Any], image_text: str | None) -> dict[str, Any]:
    """By which `transformers` counts how many tokens a picture takes."""
    assert isinstance(c.vision, ViTConfig)  # there is no other LLaVA in this format
    return {
        "processor_class": "LlavaNextProcessor" if c.tiles else "LlavaProcessor",
        "patch_size": c.vision.patch_size,
        "vision_feature_select_strategy": config["vision_feature_select_strategy"],
        "num_additional_image_tokens": int(c.vision.class_token),
        "image_token": image_text,
    }
