"""SigLIP's image towers as timm builds them: their sizes, by the names that open_clip asks for, and their tensors."""

from torch import Tensor

from seeread.checkpoints.table import Rule, Table, under
from seeread.nn.mlp import Activation
from seeread.nn.transformer import TransformerConfig
from seeread.vision.vit import ViTConfig


def _tower(
    size: tuple[int, int, int, int], patch_size: int, image_size: int, activation: Activation = "gelu"
) -> ViTConfig:
    width, layers, heads, hidden = size
    transformer = TransformerConfig(
        width=width, layers=layers, heads=heads, hidden=hidden, activation=activation, norm_eps=1e-6
    )
    return ViTConfig(transformer=transformer, image_size=image_size, patch_size=patch_size)


_BASE = (768, 12, 12, 3072)
_LARGE = (1024, 24, 16, 4096)
_SO400M = (1152, 27, 16, 4304)
_GIANT = (1536, 40, 16, 6144)

# timm computes the exact GELU where SigLIP was trained with its tanh form, except in the towers added for SigLIP 2.
# Their difference is below what bf16 resolves, but a folder in this format means what timm computes.
TOWERS: dict[str, ViTConfig] = {
    "vit_base_patch16_siglip_224": _tower(_BASE, 16, 224),
    "vit_base_patch16_siglip_256": _tower(_BASE, 16, 256),
    "vit_base_patch16_siglip_384": _tower(_BASE, 16, 384),
    "vit_base_patch16_siglip_512": _tower(_BASE, 16, 512),
    "vit_base_patch32_siglip_256": _tower(_BASE, 32, 256, "gelu_tanh"),
    "vit_large_patch16_siglip_256": _tower(_LARGE, 16, 256),
    "vit_large_patch16_siglip_384": _tower(_LARGE, 16, 384),
    "vit_large_patch16_siglip_512": _tower(_LARGE, 16, 512, "gelu_tanh"),
    "vit_so400m_patch14_siglip_224": _tower(_SO400M, 14, 224),
    "vit_so400m_patch14_siglip_378": _tower(_SO400M, 14, 378),
    "vit_so400m_patch14_siglip_384": _tower(_SO400M, 14, 384),
    "vit_so400m_patch16_siglip_256": _tower(_SO400M, 16, 256, "gelu_tanh"),
    "vit_so400m_patch16_siglip_384": _tower(_SO400M, 16, 384, "gelu_tanh"),
    "vit_so400m_patch16_siglip_512": _tower(_SO400M, 16, 512, "gelu_tanh"),
    "vit_giantopt_patch16_siglip_256": _tower(_GIANT, 16, 256, "gelu_tanh"),
    "vit_giantopt_patch16_siglip_384": _tower(_GIANT, 16, 384, "gelu_tanh"),
}


def _without_batch(tensor: Tensor) -> Tensor:
    return tensor[0]


def _with_batch(tensor: Tensor) -> Tensor:
    return tensor[None]


def _flat(latent: Tensor) -> Tensor:
    return latent[0, 0]


def _as_latent(query: Tensor) -> Tensor:
    return query[None, None]


BLOCK: Table = (
    Rule("norm1", "attention_norm"),
    Rule("attn.qkv", ("attention.query", "attention.key", "attention.value")),
    Rule("attn.proj", "attention.out"),
    Rule("norm2", "mlp_norm"),
    Rule("mlp.fc1", "mlp.up"),
    Rule("mlp.fc2", "mlp.down"),
)

TRUNK: Table = (
    Rule("visual.trunk.patch_embed.proj", "vision.patches"),
    Rule("visual.trunk.pos_embed", "vision.positions", _without_batch, _with_batch),
    *under("visual.trunk.blocks.{}.", "vision.transformer.blocks.{}.", BLOCK),
    Rule("visual.trunk.norm", "vision.norm"),
    Rule("visual.trunk.attn_pool.latent", "image_pool.query", _flat, _as_latent),
    Rule("visual.trunk.attn_pool.q", "image_pool.attention.query"),
    Rule("visual.trunk.attn_pool.kv", ("image_pool.attention.key", "image_pool.attention.value")),
    Rule("visual.trunk.attn_pool.proj", "image_pool.attention.out"),
    Rule("visual.trunk.attn_pool.norm", "image_pool.norm"),
    Rule("visual.trunk.attn_pool.mlp.fc1", "image_pool.mlp.up"),
    Rule("visual.trunk.attn_pool.mlp.fc2", "image_pool.mlp.down"),
)
