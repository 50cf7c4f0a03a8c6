"""Small random PaliGemmas of `transformers`, saved by it, and the same weights as big_vision would have written."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.parity.agreement import shake
from tests.parity.reference_transformers import VISION, transformers

IMAGE = 148  # the id at image places
VOCABULARY = 151  # one more than the tokens that there are, and no multiple of anything

# Odd on purpose: heads do not share the width, and serve several query heads each.
_TEXT = {"hidden_size": 40, "intermediate_size": 52, "num_attention_heads": 4, "num_key_value_heads": 2}
_TEXT |= {"head_dim": 14, "num_hidden_layers": 3, "vocab_size": VOCABULARY, "hidden_activation": "gelu_pytorch_tanh"}
_CAPS = {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0, "query_pre_attn_scalar": 23}


def paligemma(
    folder: Path | None = None,
    second: bool = False,
    window: int = 7,
    side: int = 33,
    tied: bool = True,
    image: int = IMAGE,
    **text: Any,
) -> nn.Module:
    """A PaliGemmaForConditionalGeneration, saved to `folder` if there is one; the `second` writes with Gemma 2."""
    words = _TEXT | {"tie_word_embeddings": tied} | text
    gemma = (
        transformers.Gemma2Config(**(_CAPS | {"sliding_window": window} | words))
        if second
        else transformers.GemmaConfig(**words)
    )
    tower = transformers.SiglipVisionConfig(**VISION, image_size=side, patch_size=8, vision_use_head=False)
    config = transformers.PaliGemmaConfig(
        vision_config=tower, text_config=gemma, image_token_index=image, projection_dim=gemma.hidden_size,
        hidden_size=gemma.hidden_size, pad_token_id=0, eos_token_id=1, bos_token_id=2,
        tie_word_embeddings=tied,
    )  # fmt: skip
    config._attn_implementation = "eager"  # the only one that caps
    model = transformers.PaliGemmaForConditionalGeneration(config)
    model.tie_weights()
    shake(model)
    for name, weight in model.named_parameters():
        if "norm" in name and "language_model" in name:
            weight.data.sub_(1)  # Gemma's are less 1
    if folder is not None:
        model.save_pretrained(folder)
    return model


def reopened(folder: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The model that `transformers` makes of a folder, and what it found missing, unexpected or misshapen."""
    model, report = transformers.PaliGemmaForConditionalGeneration.from_pretrained(
        folder, output_loading_info=True, dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval(), report


def prompts(
    rows: list[tuple[int, int, int]], side: int, left: bool = True, patch: int = 8, seed: int = 0
) -> dict[str, Tensor]:
    """For (pictures, words, answer) of each row: what the reference takes, padded on one side."""
    generator = torch.Generator().manual_seed(seed)
    places = (side // patch) ** 2
    width = max(pictures * places + words + answer for pictures, words, answer in rows)
    tokens, types, valid = [], [], []
    for pictures, words, answer in rows:
        text = torch.randint(3, IMAGE, (words + answer,), generator=generator)
        row = torch.cat((torch.full((pictures * places,), IMAGE), text))
        kind = torch.cat((torch.zeros(pictures * places + words), torch.ones(answer))).long()
        padding = torch.zeros(width - len(row)).long()
        there = torch.ones(len(row)).long()
        for parts, part in ((tokens, row), (types, kind), (valid, there)):
            parts.append(torch.cat((padding, part) if left else (part, padding)))
    images = torch.randn(sum(row[0] for row in rows), 3, side, side, generator=generator)
    return {
        "input_ids": torch.stack(tokens),
        "token_type_ids": torch.stack(types),
        "attention_mask": torch.stack(valid),
        "pixel_values": images,
    }


def big_vision_arrays(model: nn.Module, stacked: bool = True, joined: bool = False) -> dict[str, np.ndarray[Any, Any]]:
    """The inverse of the published conversion: flax's axes, and the layers in one array each, or one by one.

    `joined` is for as many key heads as heads, whose projections are then one array.
    """
    state = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    vision, text = model.config.vision_config, model.config.text_config
    tower = next(name.partition("embeddings.")[0] for name in state if "patch_embedding" in name)
    heads, head_width = vision.num_attention_heads, vision.hidden_size // vision.num_attention_heads
    arrays = {
        "img/embedding/kernel": state[f"{tower}embeddings.patch_embedding.weight"].transpose(2, 3, 1, 0),
        "img/embedding/bias": state[f"{tower}embeddings.patch_embedding.bias"],
        "img/pos_embedding": state[f"{tower}embeddings.position_embedding.weight"][None],
        "img/Transformer/encoder_norm/scale": state[f"{tower}post_layernorm.weight"],
        "img/Transformer/encoder_norm/bias": state[f"{tower}post_layernorm.bias"],
        "img/head/kernel": state["model.multi_modal_projector.linear.weight"].T,
        "img/head/bias": state["model.multi_modal_projector.linear.bias"],
        "llm/embedder/input_embedding": state["model.language_model.embed_tokens.weight"],
        "llm/final_norm/scale": state["model.language_model.norm.weight"],
    }

    def put(stack: str, joint: str, name: str, layers: list[np.ndarray[Any, Any]]) -> None:
        if stacked:
            arrays[f"{stack}/{name}"] = np.stack(layers)
        else:
            arrays.update({f"{stack}{joint}{n}/{name}": layer for n, layer in enumerate(layers)})

    def layers_of(prefix: str, count: int, name: str) -> list[np.ndarray[Any, Any]]:
        return [state[f"{prefix}{n}.{name}"] for n in range(count)]

    def image(name: str, theirs: str, change: Any = lambda x: x) -> None:
        found = layers_of(f"{tower}encoder.layers.", vision.num_hidden_layers, theirs)
        put("img/Transformer/encoderblock", "_", name, [change(one) for one in found])

    for place in (0, 1):
        image(f"LayerNorm_{place}/scale", f"layer_norm{place + 1}.weight")
        image(f"LayerNorm_{place}/bias", f"layer_norm{place + 1}.bias")
        image(f"MlpBlock_0/Dense_{place}/kernel", f"mlp.fc{place + 1}.weight", lambda x: x.T)
        image(f"MlpBlock_0/Dense_{place}/bias", f"mlp.fc{place + 1}.bias")
    attention = "MultiHeadDotProductAttention_0"
    for one in ("query", "key", "value"):
        by_heads = lambda x: x.T.reshape(-1, heads, head_width)  # noqa: E731
        image(f"{attention}/{one}/kernel", f"self_attn.{one[0]}_proj.weight", by_heads)
        image(f"{attention}/{one}/bias", f"self_attn.{one[0]}_proj.bias", lambda x: x.reshape(heads, head_width))
    image(f"{attention}/out/kernel", "self_attn.out_proj.weight", lambda x: x.T.reshape(heads, head_width, -1))
    image(f"{attention}/out/bias", "self_attn.out_proj.bias")

    def words(name: str, *theirs: str, change: Any = lambda x: x) -> None:
        found = [layers_of("model.language_model.layers.", text.num_hidden_layers, one) for one in theirs]
        put("llm/layers", "/", name, [change(*ones) for ones in zip(*found, strict=True)])

    def each(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return x.reshape(-1, text.head_dim, text.hidden_size).transpose(0, 2, 1)  # (heads, width, head width)

    q, k, v = (f"self_attn.{one}_proj.weight" for one in "qkv")
    if joined:
        words("attn/qkv_einsum/w", q, k, v, change=lambda *x: np.stack([each(one) for one in x]))
    else:
        words("attn/q_einsum/w", q, change=each)
        words("attn/kv_einsum/w", k, v, change=lambda *x: np.stack([each(one) for one in x]))
    words("attn/attn_vec_einsum/w", "self_attn.o_proj.weight",
          change=lambda x: x.T.reshape(-1, text.head_dim, text.hidden_size))  # fmt: skip
    gates = "mlp.gate_proj.weight", "mlp.up_proj.weight"
    words("mlp/gating_einsum", *gates, change=lambda *x: np.stack([one.T for one in x]))
    words("mlp/linear", "mlp.down_proj.weight", change=lambda x: x.T)
    words("pre_attention_norm/scale", "input_layernorm.weight")
    if text.model_type == "gemma2":
        words("post_attention_norm/scale", "post_attention_layernorm.weight")
        words("pre_ffw_norm/scale", "pre_feedforward_layernorm.weight")
        words("post_ffw_norm/scale", "post_feedforward_layernorm.weight")
    else:
        words("pre_ffw_norm/scale", "post_attention_layernorm.weight")
    return {f"params/{name}": array for name, array in arrays.items()}
