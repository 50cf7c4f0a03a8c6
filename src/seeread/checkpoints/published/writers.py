"""LLaVA, PaliGemma, Fuyu and Chameleon, as their `config.json` state them."""

from typing import Any

from seeread.checkpoints.published.decoders import GEMMA, MISTRAL_7B, VICUNA_7B, VICUNA_13B, YI_34B, gemma_2

# llava-hf: OpenAI's ViT-L/14 at 336 pixels.
CLIP = {
    "model_type": "clip_vision_model", "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
    "num_attention_heads": 16, "patch_size": 14, "image_size": 336, "projection_dim": 768, "vocab_size": 32000,
}  # fmt: skip

# The sizes of fuyu-8b and chameleon-7b are what `transformers` takes where a file says nothing. Those of chameleon-30b,
# whose files are behind a gate, are pieced together from public code, and add up to the 34B that the paper calls it.
_CODES = {f"IMGIMG{str(code).translate(str.maketrans('0123456789', 'ABCDEFGHIJ'))}Z": 4 + code for code in range(8192)}
CHAMELEON = {"model_type": "chameleon", "vocabulary_map": _CODES}
CHAMELEON_30B = CHAMELEON | {
    "hidden_size": 8192, "intermediate_size": 22016, "num_hidden_layers": 48, "num_attention_heads": 64,
    "num_key_value_heads": 8, "swin_norm": True,
}  # fmt: skip


def llava(text: dict[str, Any], kind: str = "llava") -> dict[str, Any]:
    """A LLaVA with that language model; `kind` "llava_next" cuts large pictures into tiles."""
    return {
        "model_type": kind, "vision_config": CLIP, "text_config": text, "projector_hidden_act": "gelu",
        "vision_feature_layer": -2, "vision_feature_select_strategy": "default", "tie_word_embeddings": False,
    }  # fmt: skip


def paligemma(text: dict[str, Any], side: int) -> dict[str, Any]:
    """SigLIP's So400m at so many pixels before that language model."""
    tower = {
        "model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27,
        "num_attention_heads": 16, "patch_size": 14, "image_size": side, "vision_use_head": False,
    }  # fmt: skip
    return {
        "model_type": "paligemma", "projection_dim": text["hidden_size"], "text_config": text, "vision_config": tower,
    }  # fmt: skip


# google: as big_vision trained them. In the folders of `transformers` there are 64 tokens more, of no use.
_GEMMAS = {
    "paligemma-3b": GEMMA,
    "paligemma2-3b": gemma_2(2304, 26, 9216, 8, 4, 256, 256),
    "paligemma2-10b": gemma_2(3584, 42, 14336, 16, 8, 256, 256),
    "paligemma2-28b": gemma_2(4608, 46, 36864, 32, 16, 128, 144),
}
WRITERS: dict[str, dict[str, Any]] = {
    "llava-vicuna-7b": llava(VICUNA_7B),
    "llava-vicuna-13b": llava(VICUNA_13B),
    "llava-next-vicuna-7b": llava(VICUNA_7B, "llava_next"),
    "llava-next-vicuna-13b": llava(VICUNA_13B, "llava_next"),
    "llava-next-mistral-7b": llava(MISTRAL_7B, "llava_next"),
    "llava-next-yi-34b": llava(YI_34B, "llava_next"),
    **{f"{name}-{side}": paligemma(text, side) for name, text in _GEMMAS.items() for side in (224, 448, 896)},
    "fuyu-8b": {"model_type": "fuyu"},
    "chameleon-7b": CHAMELEON,
    "chameleon-30b": CHAMELEON_30B,
}
