"""The language models of `transformers`, without their heads: what it calls their tensors."""

from torch import Tensor

from seeread.checkpoints.table import Rule, Table, under


def _transposed(matrix: Tensor) -> Tensor:
    return matrix.T


_GATED: Table = (
    Rule("input_layernorm", "attention_norm"),
    Rule("self_attn.q_proj", "attention.query"),
    Rule("self_attn.k_proj", "attention.key"),
    Rule("self_attn.v_proj", "attention.value"),
    Rule("self_attn.o_proj", "attention.out"),
    Rule("self_attn.rotary_emb.inv_freq", None),  # only in files from before 2023
    Rule("mlp.gate_proj", "mlp.gate"),
    Rule("mlp.up_proj", "mlp.up"),
    Rule("mlp.down_proj", "mlp.down"),
)

_LLAMA_BLOCK: Table = (*_GATED, Rule("post_attention_layernorm", "mlp_norm"))

_GEMMA2_BLOCK: Table = (
    *_GATED,
    Rule("post_attention_layernorm", "attention_post_norm"),  # the same name for another place
    Rule("pre_feedforward_layernorm", "mlp_norm"),
    Rule("post_feedforward_layernorm", "mlp_post_norm"),
)

# Their linear layers are "Conv1D": they multiply from the right, and queries, keys and values are joined.
_GPT2_BLOCK: Table = (
    Rule("ln_1", "attention_norm"),
    Rule(
        "attn.c_attn.weight",
        ("attention.query.weight", "attention.key.weight", "attention.value.weight"),
        _transposed,
        _transposed,
    ),
    Rule("attn.c_attn.bias", ("attention.query.bias", "attention.key.bias", "attention.value.bias")),
    Rule("attn.c_proj.weight", "attention.out.weight", _transposed, _transposed),
    Rule("attn.c_proj.bias", "attention.out.bias"),
    Rule("attn.bias", None),  # the causal mask, and what stood in it
    Rule("attn.masked_bias", None),
    Rule("ln_2", "mlp_norm"),
    Rule("mlp.c_fc.weight", "mlp.up.weight", _transposed, _transposed),
    Rule("mlp.c_fc.bias", "mlp.up.bias"),
    Rule("mlp.c_proj.weight", "mlp.down.weight", _transposed, _transposed),
    Rule("mlp.c_proj.bias", "mlp.down.bias"),
)

_OPT_BLOCK: Table = (
    Rule("self_attn_layer_norm", "attention_norm"),
    Rule("self_attn.q_proj", "attention.query"),
    Rule("self_attn.k_proj", "attention.key"),
    Rule("self_attn.v_proj", "attention.value"),
    Rule("self_attn.out_proj", "attention.out"),
    Rule("final_layer_norm", "mlp_norm"),  # of the layer, for all its name
    Rule("fc1", "mlp.up"),
    Rule("fc2", "mlp.down"),
)


def _framed(block: Table) -> Table:
    blocks = under("layers.{}.", "transformer.blocks.{}.", block)
    return (Rule("embed_tokens", "embedding"), *blocks, Rule("norm", "norm"))


LLAMA = _framed(_LLAMA_BLOCK)
"""Llama, Vicuna, Mistral, Qwen2, Gemma 1."""

GEMMA2 = _framed(_GEMMA2_BLOCK)

GPT2: Table = (
    Rule("wte", "embedding"),
    Rule("wpe", "positions"),
    *under("h.{}.", "transformer.blocks.{}.", _GPT2_BLOCK),
    Rule("ln_f", "norm"),
)

OPT: Table = (
    Rule("embed_tokens", "embedding"),
    Rule("embed_positions", "positions"),
    *under("layers.{}.", "transformer.blocks.{}.", _OPT_BLOCK),
    Rule("final_layer_norm", "norm"),
)
