"""OpenFlamingo, put together of its parts, and Idefics, as its `config.json` states it."""

from dataclasses import replace
from typing import Any

from seeread.checkpoints.formats.open_flamingo import added
from seeread.checkpoints.formats.settings import Settings
from seeread.checkpoints.formats.transformers.kinds import kind_named
from seeread.checkpoints.parts.transformers.tower_config import read_tower
from seeread.checkpoints.published.decoders import MPT_1B, MPT_7B, REDPAJAMA_3B
from seeread.checkpoints.published.writers import CLIP
from seeread.fusion.resampler import ResamplerConfig
from seeread.models.flamingo import FlamingoConfig
from seeread.text.decoder import DecoderConfig

OPEN_FLAMINGOS: dict[str, tuple[dict[str, Any], int]] = {
    "flamingo-mpt-1b": (MPT_1B, 1),
    "flamingo-redpajama-3b": (REDPAJAMA_3B, 2),
    "flamingo-mpt-7b": (MPT_7B, 4),
}
"""The language model, and before every how many of its blocks there is a gate."""


def open_flamingo(text: dict[str, Any], every: int) -> FlamingoConfig:
    """OpenAI's ViT-L/14 at 224 pixels, and a language model with a gate before every so many blocks."""
    decoder, tower = kind_named(text).read_config(text), read_tower(Settings(CLIP | {"image_size": 224}))
    assert isinstance(decoder, DecoderConfig)
    gates = replace(added(decoder.width, decoder.transformer.layers // every), context_width=1024)
    resampler = ResamplerConfig(transformer=added(1024, 6))
    first = every - 1
    return FlamingoConfig(vision=tower, text=decoder, gates=gates, resampler=resampler, every=every, first=first)


def _idefics(width: int, hidden: int, layers: int, heads: int, added: int) -> dict[str, Any]:
    return {
        "model_type": "idefics", "hidden_size": width, "intermediate_size": hidden, "num_hidden_layers": layers,
        "num_attention_heads": heads, "vocab_size": 32000, "additional_vocab_size": added, "cross_layer_interval": 4,
        "alpha_type": "float", "qk_layer_norms": True, "use_resampler": True, "tie_word_embeddings": False,
        "vision_config": {
            "embed_dim": 1280, "image_size": 224, "intermediate_size": 5120, "patch_size": 14,
            "num_attention_heads": 16, "num_hidden_layers": 32,
        },
        "perceiver_config": {
            "qk_layer_norms_perceiver": True, "resampler_depth": 6, "resampler_head_dim": 96,
            "resampler_n_heads": 16, "resampler_n_latents": 64,
        },
    }  # fmt: skip


IDEFICS = {
    "idefics-9b": _idefics(4096, 11008, 32, 32, 2),
    "idefics-9b-instruct": _idefics(4096, 11008, 32, 32, 3),
    "idefics-80b": _idefics(8192, 22016, 80, 64, 2),
    "idefics-80b-instruct": _idefics(8192, 22016, 80, 64, 3),
}
