"""LLaVA 1.5 and LLaVA-NeXT as `transformers` keeps them: `config.json`, names of tensors in four layouts, processor."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from seeread.checkpoints.files import write_json
from seeread.checkpoints.formats.settings import Settings, read_json
from seeread.checkpoints.formats.transformers.kind import Kind
from seeread.checkpoints.formats.transformers.processor import (
    read_transform,
    read_words,
    write_prompts,
    write_transform,
)
from seeread.checkpoints.parts.transformers.decoder_config import kind_of, read_decoder, write_decoder
from seeread.checkpoints.parts.transformers.tower_config import read_tower, write_tower
from seeread.checkpoints.parts.transformers.towers import UNUSED_POOL, VISION
from seeread.checkpoints.refusal import Refusal, naming, shown
from seeread.checkpoints.table import Rule, Table, under
from seeread.errors import CheckpointError
from seeread.models.llava import LLaVAConfig
from seeread.preprocessing.dialogue.builtin import CHATML, LLAVA_V1, MISTRAL, VICUNA
from seeread.preprocessing.dialogue.folder import style_from_transformers
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform_config import to_transformers
from seeread.vision.vit import ViTConfig

TILED, WHOLE = "llava_next", "llava"
SHORT = "{question}\nAnswer the question using a single word or phrase."
"""How LLaVA 1.5 was taught to answer briefly (arXiv:2310.03744, section 3.2)."""

# Of openai/clip-vit-large-patch14-336, where a file says nothing about its tower.
_TOWER = {"model_type": "clip_vision_model", "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24}
_TOWER |= {"num_attention_heads": 16, "image_size": 336, "patch_size": 14}
_CONNECTOR: Table = (Rule("linear_1", "first"), Rule("linear_2", "second"))
_STRATEGIES = {"default": False, "full": True}  # whether the class token stays
_PINPOINTS = "image_grid_pinpoints"


def read_llava(config: dict[str, Any]) -> LLaVAConfig:
    """`model_type` "llava" and "llava_next". Raises `Refusal` for what we do not compute."""
    settings = Settings(config).given()
    settings.require("projector_hidden_act", "gelu", "gelu")
    settings.require("multimodal_projector_bias", True, True)
    vision = read_tower(settings.part("vision_config") if "vision_config" in settings else Settings(_TOWER))
    text = read_decoder(settings.part("text_config"), default="llama")
    class_token = settings.choice("vision_feature_select_strategy", "default", _STRATEGIES)
    if not vision.class_token and not class_token:
        raise Refusal(
            "its vision_feature_select_strategy leaves out the first feature of an image, and its tower has no class "
            "token, so that a part of the image would be lost",
            'Use a checkpoint with strategy "full"',
        )
    tiles = config["model_type"] == TILED
    if tiles and vision.class_token and class_token:
        raise Refusal("its vision_feature_select_strategy keeps class tokens, and they have no place among tiles")
    return LLaVAConfig(
        vision=vision,
        text=replace(text, tied=text.tied or settings.flag("tie_word_embeddings", False)),
        skip_last=_skipped(settings, vision.transformer.layers),
        class_token=vision.class_token and class_token,
        tiles=tiles,
    )


def write_llava(c: LLaVAConfig) -> dict[str, Any]:
    """The `config.json` of our config. Raises `CheckpointError` where `transformers` has no such architecture."""
    if c.connector != "mlp" or not isinstance(c.vision, ViTConfig):
        raise CheckpointError(
            "transformers has no LLaVA with a connector of one layer, or with a ResNet. "
            "Save it in another format, such as the native one."
        )
    kind = TILED if c.tiles else WHOLE
    keeps = c.class_token or not c.vision.class_token
    config = {
        "model_type": kind,
        "vision_config": write_tower(c.vision),
        "text_config": write_decoder(c.text),
        "vision_feature_layer": -1 - c.skip_last,
        "vision_feature_select_strategy": "full" if keeps else "default",
        "projector_hidden_act": "gelu",
        "multimodal_projector_bias": True,
        "tie_word_embeddings": c.text.tied,
    }
    if read_llava(config) != c:
        raise CheckpointError(
            "transformers has no LLaVA like this one. Save it in another format, such as the native one."
        )
    return config


def layouts(c: LLaVAConfig) -> tuple[Table, ...]:
    """How the tensors of such a model may be called: as it is published, which every version reads, as version 5 writes
    it, and as versions 4.52 to 4.57 did."""
    _, kind = kind_of(c.text)
    return tuple(
        (
            *under(vision, "vision.", VISION),
            *under(vision, "", UNUSED_POOL),
            *under(f"{top}multi_modal_projector.", "connector.", _CONNECTOR),
            Rule(f"{top}image_newline", "newline"),
            *under(text, "text.", kind.table),
            Rule(head, "text.head"),
        )
        for top, vision, text, head in (
            ("", "vision_tower.vision_model.", "language_model.model.", "language_model.lm_head"),
            ("", "vision_tower.", "language_model.model.", "language_model.lm_head"),
            ("model.", "model.vision_tower.vision_model.", "model.language_model.", "lm_head"),
            ("model.", "model.vision_tower.", "model.language_model.", "lm_head"),
        )
    )


def _skipped(settings: Settings, layers: int) -> int:
    """How many of the tower's last blocks are left out. Layers count from 0, which is before the first block; below
    zero they count from the end."""
    layer = settings.values.get("vision_feature_layer", -2)
    if isinstance(layer, list) and len(layer) == 1:
        layer = layer[0]
    if type(layer) is not int or not -layers - 1 <= layer <= layers:
        raise Refusal(
            f"its vision_feature_layer is {shown(layer)}, and one whole number from {-layers - 1} to {layers} is what "
            "seeread computes"
        )
    return layers - layer if layer >= 0 else -1 - layer


def _read_processor(folder: Path, c: LLaVAConfig, tokenizer: Path | None) -> Processor:
    config = read_json(folder / "config.json")
    text = {"model_type": "llama"} | (config.get("text_config") or {})
    words, transform = read_words(folder, text, tokenizer), read_transform(folder)
    if isinstance(transform, TileTransform):
        _require_one_opinion(folder, config, transform)
    template = usual_template(c.tiles, str(text["model_type"]), words)
    style = style_from_transformers(folder, words, c.image_tokens, template=template, wording={"answer": SHORT})
    return Processor(transform, words, style.within(c.text.vocabulary, words.rules.pad_id))


def usual_template(tiles: bool, text: str, words: Tokenizer) -> str:
    """Of a folder that brings none: what the authors use with the language model of that `model_type`."""
    if words.number("<|im_start|>") is not None:
        return CHATML
    if text == "mistral":
        return MISTRAL
    return LLAVA_V1 if tiles else VICUNA


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


def _write_processor(processor: Processor, c: LLaVAConfig, config: dict[str, Any], folder: Path) -> None:
    """With the file by which `transformers` counts how many tokens a picture takes."""
    assert isinstance(c.vision, ViTConfig)  # there is no other LLaVA in this format
    write_prompts(processor, config, config["text_config"], folder)
    write_transform(processor.image_transform, folder)
    assert processor.style is not None  # or else there were no prompts to write
    config["image_seq_length"] = c.image_tokens
    if isinstance(processor.image_transform, TileTransform):
        config[_PINPOINTS] = to_transformers(processor.image_transform)[_PINPOINTS]
    counting = {
        "processor_class": "LlavaNextProcessor" if c.tiles else "LlavaProcessor",
        "patch_size": c.vision.patch_size,
        "vision_feature_select_strategy": config["vision_feature_select_strategy"],
        "num_additional_image_tokens": int(c.vision.class_token),
        "image_token": processor.style.image_text,
    }
    write_json(folder / "processor_config.json", counting)


KIND = Kind(
    architectures={WHOLE: "LlavaForConditionalGeneration", TILED: "LlavaNextForConditionalGeneration"},
    config=LLaVAConfig,
    read_config=read_llava,
    write_config=write_llava,
    layouts=layouts,
    read_processor=_read_processor,
    write_processor=_write_processor,
    in_memory=3,
)
