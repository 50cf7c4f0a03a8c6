"""The configurations of published models, by the names of architectures that the catalogue gives: nothing is fetched.

What is here are shapes, as the publishers' own files state them. A test counts the parameters of each and compares
them with the catalogue's. Activations are those of the name (OpenAI's CLIP has QuickGELU by the same one).
"""

from functools import cache

from seeread.checkpoints.formats.open_clip.coca import read_config as read_coca
from seeread.checkpoints.formats.open_clip.config import read_config as read_open_clip
from seeread.checkpoints.formats.transformers.kinds import kind_named
from seeread.checkpoints.parts.open_clip_names import model_config
from seeread.checkpoints.published.designs import DESIGNS
from seeread.checkpoints.published.encoder_decoders import ENCODER_DECODERS
from seeread.checkpoints.published.flamingos import IDEFICS, OPEN_FLAMINGOS, open_flamingo
from seeread.checkpoints.published.language_models import LANGUAGE_MODELS
from seeread.checkpoints.published.naflex import NAFLEX
from seeread.checkpoints.published.perceivers import PERCEIVERS
from seeread.checkpoints.published.writers import WRITERS
from seeread.models.families import ModelConfig

__all__ = ["published_config"]

_FILES = {**WRITERS, **IDEFICS, **LANGUAGE_MODELS, **ENCODER_DECODERS, **PERCEIVERS, **NAFLEX}
"""As `config.json` says it; what one leaves out is that of the checkpoint that transformers takes it from."""


@cache
def published_config(architecture: str) -> ModelConfig | None:
    """The config of an architecture of the catalogue, or of one of `DESIGNS`; None for a name that is neither, such as
    those of the bundled models, whose configuration lies beside their weights."""
    if (config := _FILES.get(architecture)) is not None:
        read: ModelConfig = kind_named(config).read_config(config)
        return read
    if (parts := OPEN_FLAMINGOS.get(architecture)) is not None:
        return open_flamingo(*parts)
    if (design := DESIGNS.get(architecture)) is not None:
        return design()
    if (known := model_config(architecture)) is not None:
        return read_coca(known[0]) if "multimodal_cfg" in known[0] else read_open_clip(known[0])
    return None
