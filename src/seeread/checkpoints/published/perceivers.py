"""DeepMind's Perceiver IO, as `transformers`' script that converted the weights states it."""

from typing import Any

_CLASSIFIER: dict[str, Any] = {
    "model_type": "perceiver", "num_latents": 512, "d_latents": 1024, "num_blocks": 8, "num_self_attends_per_block": 6,
    "num_self_attention_heads": 8, "num_cross_attention_heads": 1, "image_size": 224, "num_labels": 1000,
}  # fmt: skip
PERCEIVERS: dict[str, dict[str, Any]] = {
    "perceiver-learned": _CLASSIFIER | {"architectures": ["PerceiverForImageClassificationLearned"]},
    "perceiver-fourier": _CLASSIFIER | {"architectures": ["PerceiverForImageClassificationFourier"]},
    "perceiver-conv": _CLASSIFIER | {"architectures": ["PerceiverForImageClassificationConvProcessing"]},
    "perceiver-language": {
        "model_type": "perceiver", "qk_channels": 256, "v_channels": 1280, "architectures": ["PerceiverForMaskedLM"],
    },
}  # fmt: skip
