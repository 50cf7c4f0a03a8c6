"""Language models that are parts of others: of LLaVA, PaliGemma and OpenFlamingo."""

from typing import Any

# llava-hf's, whose settings are Llama's own of 7 B where nothing is said.
VICUNA_7B = {"model_type": "llama", "vocab_size": 32064, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5}
VICUNA_13B = VICUNA_7B | {
    "hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 40, "num_attention_heads": 40,
    "num_key_value_heads": 40,
}  # fmt: skip
MISTRAL_7B = {
    "model_type": "mistral", "vocab_size": 32064, "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "rope_theta": 1e6,
    "sliding_window": None, "max_position_embeddings": 32768, "rms_norm_eps": 1e-5,
}  # fmt: skip
YI_34B = {
    "model_type": "llama", "vocab_size": 64064, "hidden_size": 7168, "intermediate_size": 20480,
    "num_hidden_layers": 60, "num_attention_heads": 56, "num_key_value_heads": 8, "rope_theta": 5e6,
    "max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
}  # fmt: skip
GEMMA = {
    "model_type": "gemma", "vocab_size": 257152, "hidden_size": 2048, "intermediate_size": 16384,
    "num_hidden_layers": 18, "num_attention_heads": 8, "num_key_value_heads": 1,
}  # fmt: skip

# With the vocabulary to which OpenFlamingo's code brings them.
MPT_1B = {
    "model_type": "mosaic_gpt", "d_model": 2048, "n_heads": 16, "n_layers": 24, "mlp_ratio": 4, "alibi": True,
    "attn_qk_ln": True, "no_bias": True, "max_seq_len": 2048, "vocab_size": 50280,
}  # fmt: skip
MPT_7B = {
    "model_type": "mpt", "d_model": 4096, "n_heads": 32, "n_layers": 32, "max_seq_len": 2048, "vocab_size": 50280,
}  # fmt: skip
REDPAJAMA_3B = {
    "model_type": "gpt_neox", "hidden_size": 2560, "num_attention_heads": 32, "num_hidden_layers": 32,
    "intermediate_size": 10240, "rotary_pct": 1.0, "use_parallel_residual": False, "vocab_size": 50280,
}  # fmt: skip


def gemma_2(width: int, layers: int, hidden: int, heads: int, kv_heads: int, head: int, scale: int) -> dict[str, Any]:
    """The rows of `convert_paligemma2_weights_to_hf.py` in transformers."""
    return {
        "model_type": "gemma2", "vocab_size": 257152, "hidden_size": width, "num_hidden_layers": layers,
        "intermediate_size": hidden, "num_attention_heads": heads, "num_key_value_heads": kv_heads, "head_dim": head,
        "query_pre_attn_scalar": scale, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 4096,
    }  # fmt: skip
