"""Language models that see nothing: Pythia, RedPajama-INCITE, MPT and Persimmon."""

from typing import Any

_SEQUENTIAL = {"rotary_pct": 1.0, "use_parallel_residual": False}
_MPT = {"max_seq_len": 2048, "vocab_size": 50432, "no_bias": True, "logit_scale": None}


def _gpt_neox(width: int, layers: int, heads: int, vocabulary: int, **more: Any) -> dict[str, Any]:
    return {
        "model_type": "gpt_neox", "hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": layers,
        "num_attention_heads": heads, "vocab_size": vocabulary, "rotary_emb_base": 10000, "rotary_pct": 0.25, **more,
    }  # fmt: skip


LANGUAGE_MODELS: dict[str, dict[str, Any]] = {
    "pythia-70m": _gpt_neox(512, 6, 8, 50304),
    "pythia-160m": _gpt_neox(768, 12, 12, 50304),
    "pythia-410m": _gpt_neox(1024, 24, 16, 50304),
    "pythia-1b": _gpt_neox(2048, 16, 8, 50304),
    "pythia-1.4b": _gpt_neox(2048, 24, 16, 50304),
    "pythia-2.8b": _gpt_neox(2560, 32, 32, 50304),
    "pythia-6.9b": _gpt_neox(4096, 32, 32, 50432),
    "pythia-12b": _gpt_neox(5120, 36, 40, 50688),
    "redpajama-3b": _gpt_neox(2560, 32, 32, 50432, **_SEQUENTIAL),
    "redpajama-7b": _gpt_neox(4096, 32, 32, 50432, **_SEQUENTIAL),
    "mpt-1b": _MPT
    | {
        "model_type": "mosaic_gpt", "d_model": 2048, "n_heads": 16, "n_layers": 24, "mlp_ratio": 4, "alibi": True,
        "alibi_bias_max": 8, "attn_qk_ln": True, "attn_clip_qkv": None, "softmax_scale": None, "prefix_lm": False,
    },
    "mpt-7b": _MPT
    | {
        "model_type": "mpt", "d_model": 4096, "n_heads": 32, "n_layers": 32, "expansion_ratio": 4,
        "attn_config": {"alibi": True, "alibi_bias_max": 8, "clip_qkv": None, "qk_ln": False, "softmax_scale": None},
    },
    "persimmon-8b": {
        "model_type": "persimmon", "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 36,
        "num_attention_heads": 64, "vocab_size": 262144, "rope_theta": 25000.0, "qk_layernorm": True,
    },
}  # fmt: skip
