"""`config.json` of CLIP, SigLIP and SigLIP 2 in `transformers`, read and written.

What a file leaves out, `transformers` fills with the sizes of one published checkpoint; the same numbers stand here.
"""

from collections.abc import Callable
from dataclasses import replace
from math import isqrt
from typing import Any

from seeread.checkpoints.formats.settings import Settings
from seeread.checkpoints.refusal import Refusal, shown
from seeread.errors import CheckpointError
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.nn.mlp import Activation
from seeread.nn.transformer import TransformerConfig
from seeread.text.encoder import TextEncoderConfig
from seeread.vision.naflex import NaFlexConfig
from seeread.vision.vit import ViTConfig

ACTIVATIONS: dict[str, Activation] = {
    "quick_gelu": "quick_gelu",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
}
_ACTIVATION_NAMES: dict[Activation, str] = {
    "quick_gelu": "quick_gelu",
    "gelu": "gelu",
    "gelu_tanh": "gelu_pytorch_tanh",
}

# Of openai/clip-vit-base-patch32 and google/siglip-base-patch16-224.
_CLIP_VISION = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
_CLIP_VISION |= {"image_size": 224, "patch_size": 32}
_CLIP_TEXT = {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 8}
_CLIP_TEXT |= {"vocab_size": 49408, "max_position_embeddings": 77, "eos_token_id": 49407}
_CLIP_STYLE = {"hidden_act": "quick_gelu", "layer_norm_eps": 1e-5}
_SIGLIP_TOWER = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
_SIGLIP_VISION = {"image_size": 224, "patch_size": 16, "num_patches": 256}
_SIGLIP_TEXT = {"vocab_size": 32000, "max_position_embeddings": 64}
_SIGLIP_STYLE = {"hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6}

# `transformers` wrote 2 for every CLIP before July 2023, whatever the vocabulary, and still reads it as "the largest".
_LEGACY_END = 2


def read_clip(config: dict[str, Any]) -> DualEncoderConfig:
    """`model_type` "clip": class token, causal text, softmax. Raises `Refusal` for what it cannot mean."""
    settings = Settings(config)
    vision = _clip_part(config, "vision", _CLIP_VISION | _CLIP_STYLE)
    text = _clip_part(config, "text", _CLIP_TEXT | _CLIP_STYLE)
    end_id = text.whole("eos_token_id", 0, least=0)
    return DualEncoderConfig(
        vision=_clip_tower(vision),
        text=TextEncoderConfig(
            transformer=_transformer(text),
            vocabulary=text.whole("vocab_size", 0),
            context_length=text.whole("max_position_embeddings", 0),
            pool="largest" if end_id == _LEGACY_END else "end",
            end_id=None if end_id == _LEGACY_END else end_id,
        ),
        embedding=settings.whole("projection_dim", 512),
    )


def read_siglip(config: dict[str, Any]) -> DualEncoderConfig:
    """`model_type` "siglip" (SigLIP, and SigLIP 2 of one resolution) and "siglip2" (NaFlex): no class token, text
    read both ways, sigmoid. Raises `Refusal` for what it cannot mean."""
    settings = Settings(config)
    naflex = config["model_type"] == "siglip2"
    vision = _with_defaults(settings.part("vision_config"), _SIGLIP_TOWER | _SIGLIP_VISION | _SIGLIP_STYLE)
    text = _with_defaults(settings.part("text_config"), _SIGLIP_TOWER | _SIGLIP_TEXT | _SIGLIP_STYLE)
    vision.require("vision_use_head", True, True)
    embedding = vision.whole("hidden_size", 0)
    width = text.whole("hidden_size", 0)
    projection = text.whole("projection_size", width) if "projection_size" in text else width
    if projection != embedding:
        raise Refusal(f"its towers do not meet: images become {embedding} numbers, and texts {projection}")
    return DualEncoderConfig(
        vision=_naflex(vision) if naflex else _fixed(vision),
        text=TextEncoderConfig(
            transformer=_transformer(text),
            vocabulary=text.whole("vocab_size", 0),
            context_length=text.whole("max_position_embeddings", 0),
            causal=False,
            pool="last",
        ),
        embedding=embedding,
        image_pool="attention",
        image_projection=False,
        text_projection="linear with bias",
        loss="sigmoid",
    )


def read_tower(vision: Settings) -> ViTConfig:
    """The `vision_config` of a model that writes: the tower of CLIP or SigLIP alone. Raises `Refusal` for another."""
    kind = vision.values.get("model_type", "clip_vision_model")
    if kind == "clip_vision_model":
        return _clip_tower(_with_defaults(vision, _CLIP_VISION | _CLIP_STYLE))
    if kind == "siglip_vision_model":
        return _fixed(_with_defaults(vision, _SIGLIP_TOWER | _SIGLIP_VISION | _SIGLIP_STYLE))
    raise Refusal(
        f"its {vision.place}model_type is {shown(kind)}, and clip_vision_model or siglip_vision_model is what seeread "
        "computes",
        "Use a checkpoint with one of these towers",
    )


def write_tower(c: ViTConfig) -> dict[str, Any]:
    """As `read_tower` reads it; the tower has no head. Raises `CheckpointError` where `transformers` has none such."""
    settings = _tower(c.transformer) | {"image_size": c.image_size, "patch_size": c.patch_size}
    for kind in ("clip_vision_model", "siglip_vision_model"):
        written = {"model_type": kind} | settings
        if read_tower(Settings(written)) == c:
            return written | ({"vision_use_head": False} if kind == "siglip_vision_model" else {})
    raise CheckpointError(
        "transformers has no image tower like this one: CLIP's and SigLIP's are different. "
        "Save it in another format, such as the native one."
    )


def write_config(c: DualEncoderConfig) -> dict[str, Any]:
    """The `config.json` of our config. Raises `CheckpointError` where `transformers` has no such architecture."""
    text = _tower(c.text.transformer)
    text |= {"vocab_size": c.text.vocabulary, "max_position_embeddings": c.text.context_length}
    match c.vision:
        case ViTConfig():
            vision = _tower(c.vision.transformer)
            vision |= {"image_size": c.vision.image_size, "patch_size": c.vision.patch_size}
        case NaFlexConfig():
            vision = _tower(c.vision.transformer)
            vision |= {"patch_size": c.vision.patch_size, "num_patches": c.vision.positions**2}
        case _:
            raise CheckpointError(
                "transformers has no CLIP with a ResNet tower. Save it in another format: native, open_clip or openai."
            )
    if c.loss == "softmax":
        text |= {"eos_token_id": _LEGACY_END if c.text.pool == "largest" else c.text.end_id}
        kind, name, sizes, read = "clip", "CLIPModel", {"projection_dim": c.embedding}, read_clip
    else:
        text |= {"projection_size": c.embedding}
        naflex = isinstance(c.vision, NaFlexConfig)
        kind, name = ("siglip2", "Siglip2Model") if naflex else ("siglip", "SiglipModel")
        sizes, read = {}, read_siglip
    config: dict[str, Any] = {"architectures": [name], "model_type": kind, **sizes}
    return _checked(config | {"vision_config": vision, "text_config": text}, c, read)


def _checked(
    config: dict[str, Any], c: DualEncoderConfig, read: Callable[[dict[str, Any]], DualEncoderConfig]
) -> dict[str, Any]:
    """`config`, if it means what was to be written: `transformers` has a name for fewer things than we do."""
    if c.text.pool != "end":
        c = replace(c, text=replace(c.text, end_id=None))
    try:
        same = read(config) == c
    except Refusal:
        same = False
    if not same:
        raise CheckpointError(
            f"transformers has no architecture for this model: a {config['model_type']} model comes closest, and is "
            "not the same. Save it in another format, such as the native one."
        )
    return config


def _clip_part(config: dict[str, Any], tower: str, defaults: dict[str, Any]) -> Settings:
    """The settings of one tower. Files from before 2023 may have them in `text_config_dict`, which then counts more,
    and so do its defaults."""
    given = dict(Settings(config).part(f"{tower}_config").values)
    if f"{tower}_config_dict" in Settings(config):
        given |= {**defaults, **Settings(config).part(f"{tower}_config_dict").values}
    return _with_defaults(Settings(given, f"{tower}_config."), defaults)


def _with_defaults(settings: Settings, defaults: dict[str, Any]) -> Settings:
    return Settings({**defaults, **settings.values}, settings.place)


def _transformer(tower: Settings) -> TransformerConfig:
    return TransformerConfig(
        width=tower.whole("hidden_size", 0),
        layers=tower.whole("num_hidden_layers", 0),
        heads=tower.whole("num_attention_heads", 0),
        hidden=tower.whole("intermediate_size", 0),
        activation=tower.choice("hidden_act", "", ACTIVATIONS),
        norm_eps=tower.number("layer_norm_eps", 0),
    )


def _clip_tower(vision: Settings) -> ViTConfig:
    vision.require("num_channels", 3, 3)
    return ViTConfig(
        transformer=_transformer(vision),
        image_size=vision.whole("image_size", 0),
        patch_size=vision.whole("patch_size", 0),
        class_token=True,
        patch_bias=False,
        pre_norm=True,
    )


def _fixed(vision: Settings) -> ViTConfig:
    vision.require("num_channels", 3, 3)
    return ViTConfig(
        transformer=_transformer(vision),
        image_size=vision.whole("image_size", 0),
        patch_size=vision.whole("patch_size", 0),
    )


def _naflex(vision: Settings) -> NaFlexConfig:
    vision.require("num_channels", 3, 3)
    patches = vision.whole("num_patches", 0)
    if isqrt(patches) ** 2 != patches:
        raise Refusal(f"its vision_config.num_patches is {patches}, which is no square")
    return NaFlexConfig(
        transformer=_transformer(vision), patch_size=vision.whole("patch_size", 0), positions=isqrt(patches)
    )


def _tower(c: TransformerConfig) -> dict[str, Any]:
    return {
        "hidden_size": c.width,
        "intermediate_size": c.hidden,
        "num_hidden_layers": c.layers,
        "num_attention_heads": c.heads,
        "hidden_act": _ACTIVATION_NAMES[c.activation],
        "layer_norm_eps": c.norm_eps,
    }
