"""PaliGemma 1 and 2 as `transformers` keeps them: `config.json`, names of tensors in four layouts, processor."""

from dataclasses import replace
from pathlib import Path
from typing import Any

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
from seeread.checkpoints.refusal import Refusal
from seeread.checkpoints.table import Rule, Table, under
from seeread.errors import CheckpointError
from seeread.models.paligemma import PaliGemmaConfig
from seeread.preprocessing.dialogue.folder import style_from_transformers
from seeread.preprocessing.processor import Processor
from seeread.vision.vit import ViTConfig

MODEL_TYPE = "paligemma"
WORDING = {
    "caption": "caption en",
    "answer": "answer en {question}",
    "detect": "detect {labels}",
    "segment": "segment {labels}",
}
"""arXiv:2407.07726, section 3.2.5."""

# Of google/paligemma-3b-pt-224, where a file says nothing about a part at all.
_TOWER = {"model_type": "siglip_vision_model", "image_size": 224, "patch_size": 14, "hidden_size": 1152}
_TOWER |= {"intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16}
_TEXT = {"model_type": "gemma", "hidden_size": 2048, "intermediate_size": 16384, "num_hidden_layers": 18}
_TEXT |= {"num_attention_heads": 8, "num_key_value_heads": 1, "vocab_size": 257152}


def read_paligemma(config: dict[str, Any]) -> PaliGemmaConfig:
    """`model_type` "paligemma"; its `text_config` tells 1 (Gemma) from 2 (Gemma 2). Raises `Refusal` for what we do not
    compute."""
    settings = Settings(config).given()
    given = settings.part("text_config") if "text_config" in settings else Settings(_TEXT)
    given.require("use_bidirectional_attention", True, True)  # of the prefix, which this model reads so anyway
    of_gemma = {name: value for name, value in given.values.items() if name != "use_bidirectional_attention"}
    text = read_decoder(Settings(of_gemma, given.place), default="gemma")
    projection = settings.whole("projection_dim", 2048)
    if projection != text.width:
        raise Refusal(
            f"its projection_dim is {projection}, and its language model reads vectors of {text.width} numbers",
            "Use the config.json that was published with these weights",
        )
    tied = settings.flag("tie_word_embeddings", text.tied)
    vision = settings.part("vision_config") if "vision_config" in settings else Settings(_TOWER)
    return PaliGemmaConfig(vision=read_tower(vision), text=replace(text, tied=tied))


def write_paligemma(c: PaliGemmaConfig) -> dict[str, Any]:
    """The `config.json` of our config. Raises `CheckpointError` where `transformers` has no such architecture."""
    if not isinstance(c.vision, ViTConfig):
        raise CheckpointError(
            "transformers has no PaliGemma that sees with a ResNet. Save it in another format, such as the native one."
        )
    text = write_decoder(c.text)
    if text["model_type"] not in ("gemma", "gemma2"):
        raise CheckpointError(
            f"transformers has no PaliGemma that writes with {text['model_type']}. "
            "Save it in another format, such as the native one."
        )
    return {
        "model_type": MODEL_TYPE,
        "vision_config": write_tower(c.vision) | {"projection_dim": c.text.width},
        "text_config": text | {"num_image_tokens": c.image_tokens},
        "projection_dim": c.text.width,
        "hidden_size": c.text.width,
        "tie_word_embeddings": c.text.tied,
    }


def layouts(c: PaliGemmaConfig) -> tuple[Table, ...]:
    """How the tensors of such a model may be called: as it is published, which every version reads, as version 5 has it
    in memory, and as versions 4.52 to 4.57 wrote it."""
    _, kind = kind_of(c.text)
    return tuple(
        (
            *under(vision, "vision.", VISION),
            *under(vision, "", UNUSED_POOL),
            Rule(f"{top}multi_modal_projector.linear", "connector"),
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


def _read_processor(folder: Path, c: PaliGemmaConfig, tokenizer: Path | None) -> Processor:
    text = read_json(folder / "config.json").get("text_config") or {}
    words = read_words(folder, {"model_type": "gemma"} | text, tokenizer)
    style = style_from_transformers(folder, words, c.image_tokens, prefix=True, wording=WORDING)
    return Processor(read_transform(folder), words, style.within(c.text.vocabulary, words.rules.pad_id))


def _write_processor(processor: Processor, c: PaliGemmaConfig, config: dict[str, Any], folder: Path) -> None:
    write_prompts(processor, config, config["text_config"], folder)
    counting = {"image_seq_length": c.image_tokens, "processor_class": "PaliGemmaProcessor"}
    write_transform(processor.image_transform, folder, counting)


KIND = Kind(
    architectures={MODEL_TYPE: "PaliGemmaForConditionalGeneration"},
    config=PaliGemmaConfig,
    read_config=read_paligemma,
    write_config=write_paligemma,
    layouts=layouts,
    read_processor=_read_processor,
    write_processor=_write_processor,
    in_memory=3,
)
