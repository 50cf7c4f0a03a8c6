"""The one list of families: the name that a checkpoint gives each, its config, and what is built from it."""

from dataclasses import dataclass

from seeread.models.dual_encoder import DualEncoder, DualEncoderConfig
from seeread.models.language_model import LanguageModel
from seeread.models.llava import LLaVA, LLaVAConfig
from seeread.models.paligemma import PaliGemma, PaliGemmaConfig
from seeread.text.decoder import DecoderConfig

ModelConfig = DualEncoderConfig | DecoderConfig | LLaVAConfig | PaliGemmaConfig
Model = DualEncoder | LanguageModel | LLaVA | PaliGemma


@dataclass(frozen=True)
class Family:
    """`config` is the class of its configs, `model` the class that is built from one."""

    name: str
    config: type[ModelConfig]
    model: type[Model]


FAMILIES = (
    Family("dual_encoder", DualEncoderConfig, DualEncoder),
    Family("language_model", DecoderConfig, LanguageModel),
    Family("llava", LLaVAConfig, LLaVA),
    Family("paligemma", PaliGemmaConfig, PaliGemma),
)


def family_of(config: ModelConfig) -> Family:
    """The family that a config belongs to."""
    return next(family for family in FAMILIES if type(config) is family.config)


def build_model(config: ModelConfig) -> Model:
    """An untrained model."""
    build: type = family_of(config).model
    model: Model = build(config)
    return model
