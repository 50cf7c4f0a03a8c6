"""Google's encoder-decoders, which see nothing: T5 1.1 (and FLAN-T5), mT5 and UL2."""

from typing import Any

_SIZES = {
    "small": (512, 1024, 8, 6), "base": (768, 2048, 12, 12), "large": (1024, 2816, 24, 16), "xl": (2048, 5120, 24, 32),
    "xxl": (4096, 10240, 24, 64),
}  # fmt: skip


def _t5(width: int, hidden: int, layers: int, heads: int, **more: Any) -> dict[str, Any]:
    return {
        "model_type": "t5", "d_model": width, "d_ff": hidden, "d_kv": 64, "num_layers": layers, "num_heads": heads,
        "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, **more,
    }  # fmt: skip


ENCODER_DECODERS: dict[str, dict[str, Any]] = {
    **{f"t5-v1_1-{size}": _t5(*numbers) for size, numbers in _SIZES.items()},
    **{f"mt5-{size}": _t5(*numbers, model_type="mt5", vocab_size=250112) for size, numbers in _SIZES.items()},
    "ul2": _t5(4096, 16384, 32, 16, d_kv=256, feed_forward_proj="gated-silu", tie_word_embeddings=True),
}
