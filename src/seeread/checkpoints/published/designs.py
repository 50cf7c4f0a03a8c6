"""Designs of which nobody published weights, put together of published parts, so that they can be measured."""

from collections.abc import Callable
from dataclasses import replace

from seeread.checkpoints.formats.open_flamingo import added
from seeread.checkpoints.formats.transformers.kinds import kind_named
from seeread.checkpoints.published.encoder_decoders import ENCODER_DECODERS
from seeread.checkpoints.published.writers import WRITERS
from seeread.models.families import ModelConfig
from seeread.models.hybrid import HybridConfig
from seeread.models.llava import LLaVAConfig
from seeread.models.pali import PaLIConfig
from seeread.nn.transformer import TransformerConfig
from seeread.text.encoder_decoder import EncoderDecoderConfig
from seeread.vision.vit import ViTConfig


def _pali() -> PaLIConfig:
    """ViT-L/16 at 224 pixels and mT5-large, as `seeread build pali` puts them together."""
    file = ENCODER_DECODERS["mt5-large"]
    text = kind_named(file).read_config(file)
    assert isinstance(text, EncoderDecoderConfig)
    tower = TransformerConfig(width=1024, layers=24, heads=16, hidden=4096, norm_eps=1e-12)
    return PaLIConfig(vision=ViTConfig(transformer=tower, image_size=224, patch_size=16), text=text)


def _hybrid() -> HybridConfig:
    """The parts of LLaVA 1.5 7B, with a gate before every fourth block, as is reported of NVLM-H (arXiv:2409.11402)."""
    file = WRITERS["llava-vicuna-7b"]
    llava = kind_named(file).read_config(file)
    assert isinstance(llava, LLaVAConfig)
    gates = replace(added(4096, 8), context_width=4096)
    return HybridConfig(vision=llava.vision, text=llava.text, gates=gates, every=4, first=3)


DESIGNS: dict[str, Callable[[], ModelConfig]] = {"pali-vit-large-mt5-large": _pali, "hybrid-llava-7b": _hybrid}
