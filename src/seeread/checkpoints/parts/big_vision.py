"""PaliGemma as big_vision names it: flax's axes (inputs first, heads apart), and layers one by one or all in one array.

Sources: big_vision's `models/vit.py`, `models/ppp/gemma.py` and `models/proj/paligemma/paligemma.py`.
"""

import re

from torch import Tensor

from seeread.checkpoints.refusal import Refusal, shown
from seeread.checkpoints.table import Rule, State, Table, under

_STACKED = re.compile(r"(img/Transformer/encoderblock|llm/layers)/(?!\d+/)(.+)")
_MOST_LAYERS = 256


def unstacked(state: State) -> State:
    """One tensor a layer, and names without what all have in common: flax's scan keeps every layer in one array."""
    apart: State = {}
    for name, tensor in state.items():
        name = name.removeprefix("params/")
        layers = {name: tensor}
        if match := _STACKED.fullmatch(name):
            if not tensor.ndim or len(tensor) > _MOST_LAYERS:
                raise Refusal(f"its array {shown(name)} is no stack of layers")
            stack, rest = match.groups()
            joint = "_" if stack.endswith("encoderblock") else "/"
            layers = {f"{stack}{joint}{n}/{rest}": layer for n, layer in enumerate(tensor)}
        if apart.keys() & layers.keys():
            raise Refusal(f"it holds {shown(name)} twice")
        apart |= layers
    return apart


def _turned(kernel: Tensor) -> Tensor:
    """(inputs, outputs) to (outputs, inputs)."""
    return kernel.T


def _to_heads(kernel: Tensor) -> Tensor:
    """(width, heads, head width) to (heads * head width, width)."""
    return kernel.flatten(1).T


def _from_heads(kernel: Tensor) -> Tensor:
    """(heads, head width, width) to (width, heads * head width)."""
    return kernel.flatten(0, 1).T


def _each_head(kernel: Tensor) -> Tensor:
    """(.., heads, width, head width) to (.. * heads * head width, width): Gemma's, queries alone or several at once."""
    return kernel.transpose(-2, -1).flatten(0, -2)


def _convolution(kernel: Tensor) -> Tensor:
    """(height, width, channels, outputs) to (outputs, channels, height, width)."""
    return kernel.permute(3, 2, 0, 1)


_ATTENTION: Table = (
    *(rule for name in ("query", "key", "value") for rule in (
        Rule(f"{name}/kernel", f"{name}.weight", _to_heads),
        Rule(f"{name}/bias", f"{name}.bias", Tensor.flatten),
    )),
    Rule("out/kernel", "out.weight", _from_heads),
    Rule("out/bias", "out.bias"),
)  # fmt: skip

_TOWER_BLOCK: Table = (
    Rule("LayerNorm_0/scale", "attention_norm.weight"),
    Rule("LayerNorm_0/bias", "attention_norm.bias"),
    *under("MultiHeadDotProductAttention_0/", "attention.", _ATTENTION),
    Rule("LayerNorm_1/scale", "mlp_norm.weight"),
    Rule("LayerNorm_1/bias", "mlp_norm.bias"),
    Rule("MlpBlock_0/Dense_0/kernel", "mlp.up.weight", _turned),
    Rule("MlpBlock_0/Dense_0/bias", "mlp.up.bias"),
    Rule("MlpBlock_0/Dense_1/kernel", "mlp.down.weight", _turned),
    Rule("MlpBlock_0/Dense_1/bias", "mlp.down.bias"),
)

_KEY_VALUE = ("attention.key.weight", "attention.value.weight")
_GEMMA_BLOCK: Table = (
    Rule("pre_attention_norm/scale", "attention_norm.weight"),
    Rule("attn/q_einsum/w", "attention.query.weight", _each_head),
    Rule("attn/kv_einsum/w", _KEY_VALUE, _each_head),
    Rule("attn/qkv_einsum/w", ("attention.query.weight", *_KEY_VALUE), _each_head),  # where there are as many of each
    Rule("attn/attn_vec_einsum/w", "attention.out.weight", _from_heads),
    Rule("post_attention_norm/scale", "attention_post_norm.weight"),  # Gemma 2
    Rule("pre_ffw_norm/scale", "mlp_norm.weight"),
    Rule("mlp/gating_einsum", ("mlp.gate.weight", "mlp.up.weight"), _each_head),
    Rule("mlp/linear", "mlp.down.weight", _turned),
    Rule("post_ffw_norm/scale", "mlp_post_norm.weight"),  # Gemma 2
)

PALIGEMMA: Table = (
    Rule("img/embedding/kernel", "vision.patches.weight", _convolution),
    Rule("img/embedding/bias", "vision.patches.bias"),
    Rule("img/pos_embedding", "vision.positions", lambda positions: positions.flatten(0, 1)),
    *under("img/Transformer/encoderblock_{}/", "vision.transformer.blocks.{}.", _TOWER_BLOCK),
    Rule("img/Transformer/encoder_norm/scale", "vision.norm.weight"),
    Rule("img/Transformer/encoder_norm/bias", "vision.norm.bias"),
    Rule("img/head/kernel", "connector.weight", _turned),
    Rule("img/head/bias", "connector.bias"),
    Rule("llm/embedder/input_embedding", "text.embedding.weight"),
    *under("llm/layers/{}/", "text.transformer.blocks.{}.", _GEMMA_BLOCK),
    Rule("llm/final_norm/scale", "text.norm.weight"),
)
"""Of what `unstacked` gives. It reads and does not write: big_vision's arrays are cut by its own configuration."""
