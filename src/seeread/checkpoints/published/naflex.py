"""SigLIP 2 NaFlex, which takes pictures of any size (open_clip has no such towers, and so no names for them)."""

from typing import Any


def _siglip2(width: int, layers: int, heads: int, hidden: int) -> dict[str, Any]:
    sizes = {
        "hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": hidden,
    }  # fmt: skip
    return {
        "model_type": "siglip2",
        "vision_config": sizes | {"patch_size": 16, "num_patches": 256},
        "text_config": sizes | {"vocab_size": 256_000, "max_position_embeddings": 64, "projection_size": width},
    }


NAFLEX = {
    "siglip2-base-patch16-naflex": _siglip2(768, 12, 12, 3072),
    "siglip2-so400m-patch16-naflex": _siglip2(1152, 27, 16, 4304),
}
