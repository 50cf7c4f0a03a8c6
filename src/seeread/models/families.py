"""The one list of families: the name that a checkpoint gives each, its config, and what is built from it."""

from dataclasses import Field, dataclass
from typing import Any, ClassVar, Protocol

from torch import nn

from seeread.interface import Pictures
from seeread.models.chameleon import Chameleon, ChameleonConfig
from seeread.models.coca import CoCa, CoCaConfig
from seeread.models.dual_encoder import DualEncoder, DualEncoderConfig
from seeread.models.flamingo import Flamingo, FlamingoConfig
from seeread.models.fuyu import Fuyu, FuyuConfig
from seeread.models.hybrid import Hybrid, HybridConfig
from seeread.models.language_model import LanguageModel
from seeread.models.llava import LLaVA, LLaVAConfig
from seeread.models.pali import PaLI, PaLIConfig
from seeread.models.paligemma import PaliGemma, PaliGemmaConfig
from seeread.models.perceiver import (
    PerceiverClassifier,
    PerceiverClassifierConfig,
    PerceiverFlow,
    PerceiverFlowConfig,
    PerceiverLanguageModel,
    PerceiverLanguageModelConfig,
)
from seeread.models.t5 import T5
from seeread.models.tower_probe import TowerProbe, TowerProbeConfig
from seeread.text.decoder import DecoderConfig
from seeread.text.encoder_decoder import EncoderDecoderConfig


class ModelConfig(Protocol):
    """A frozen dataclass of numbers, words, and the configs of a model's parts: by custom `vision` its tower and `text`
    what reads or writes words. What no model can be is a ValueError in its `__post_init__`."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def pictures(self) -> Pictures | None:
        """What pictures must be like; None for a model that sees nothing."""
        ...

    @property
    def image_tokens(self) -> int:
        """Places that a picture, or a tile of one, takes in what a model that writes reads; 0 where it takes none."""
        ...


@dataclass(frozen=True)
class Family:
    """`config` is the class of its configs, `model` the class that is built from one."""

    name: str
    config: type[ModelConfig]
    model: type[nn.Module]

    @property
    def writes(self) -> bool:
        """Whether its models read prompts and write on, and so must be told how to be spoken to."""
        return hasattr(self.model, "read")

    @property
    def compares(self) -> bool:
        """Whether its models compare pictures with texts."""
        return hasattr(self.model, "compare")


FAMILIES = (
    Family("dual_encoder", DualEncoderConfig, DualEncoder),
    Family("language_model", DecoderConfig, LanguageModel),
    Family("llava", LLaVAConfig, LLaVA),
    Family("paligemma", PaliGemmaConfig, PaliGemma),
    Family("t5", EncoderDecoderConfig, T5),
    Family("pali", PaLIConfig, PaLI),
    Family("flamingo", FlamingoConfig, Flamingo),
    Family("coca", CoCaConfig, CoCa),
    Family("hybrid", HybridConfig, Hybrid),
    Family("fuyu", FuyuConfig, Fuyu),
    Family("chameleon", ChameleonConfig, Chameleon),
    Family("perceiver_classifier", PerceiverClassifierConfig, PerceiverClassifier),
    Family("perceiver_language_model", PerceiverLanguageModelConfig, PerceiverLanguageModel),
    Family("perceiver_flow", PerceiverFlowConfig, PerceiverFlow),
    Family("tower_probe", TowerProbeConfig, TowerProbe),
)


def families() -> dict[str, Family]:
    """All of them by name."""
    return {family.name: family for family in FAMILIES}


def family_of(config: ModelConfig) -> Family:
    """The family that a config belongs to."""
    return next(family for family in FAMILIES if type(config) is family.config)


def build_model(config: ModelConfig) -> nn.Module:
    """An untrained model."""
    build: type = family_of(config).model
    model: nn.Module = build(config)
    return model


def config_of(model: nn.Module) -> ModelConfig | None:
    """What a model was built from; None for a module of no family."""
    if type(model) not in {family.model for family in FAMILIES}:
        return None
    config: ModelConfig = vars(model)["config"]
    return config


def text_of(config: ModelConfig) -> object:
    """The config of the part that reads or writes words; of a language model that is all there is."""
    return getattr(config, "text", config)
