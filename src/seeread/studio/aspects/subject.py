"""What is compared: a model on this machine, one that is published and only known by its configuration, or a design."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seeread.checkpoints.catalogue import Ability, Entry, find
from seeread.checkpoints.match import skeleton
from seeread.checkpoints.published import published_config
from seeread.errors import UsageError
from seeread.explanation.anatomy import Anatomy, dissect
from seeread.models.families import ModelConfig, config_of, family_of
from seeread.preprocessing.dialogue import PromptStyle
from seeread.pretrained import Pretrained
from seeread.studio.aspects.cell import Cell, Source
from seeread.studio.aspects.reported import REPORTED


@dataclass(frozen=True)
class Subject:
    """One model as far as it can be known here.

    `config` and `anatomy` are None of what is only known from papers; then `reported` has its cells by the ids of
    aspects. `style` is how it is spoken to, where it has been loaded; `said` is what a file beside its weights says of
    its training.
    """

    name: str
    title: str
    family: str
    config: ModelConfig | None = None
    anatomy: Anatomy | None = None
    entry: Entry | None = None
    style: PromptStyle | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    reported: Mapping[str, Cell] = field(default_factory=dict)
    source: Source | None = None

    @property
    def does(self) -> tuple[Ability, ...]:
        """What it can be used for, in the words of the catalogue."""
        if self.entry is not None:
            return self.entry.does
        return () if self.config is None else _abilities(self.config, self.style)


def published(name: str) -> Subject | None:
    """A model of the catalogue, a design, or one that is known from papers, by its name; nothing is fetched. None for
    any other name, and for the bundled models, which are to be loaded."""
    if (told := REPORTED.get(name)) is not None:
        return Subject(name, told.title, told.family, reported=told.cells, source=told.source)
    entry = find(name)
    config = published_config(name if entry is None else entry.architecture)
    if config is None or (entry is None and name not in DESIGNS):
        return None
    if entry is None:
        return Subject(name, *DESIGNS[name], config, anatomy_of(config))
    source = None if entry.repository is None else _page(entry.repository)
    return Subject(entry.name, titled(entry), entry.family, config, anatomy_of(config), entry, source=source)


def loaded(name: str, model: Pretrained) -> Subject:
    """A model on this machine, called `name`. Raises UsageError for one on a server: nothing of it can be measured."""
    config = config_of(model.module)
    if config is None:
        raise UsageError(f"{name} is of no family that seeread knows, and has no anatomy to compare.")
    entry = find(name)
    family = FAMILY_NAMES.get(family_of(config).name, family_of(config).model.__name__)
    return Subject(name, name, family, config, anatomy_of(config), entry, model.processor.style)


def anatomy_of(config: ModelConfig) -> Anatomy:
    """Measured on the model without its numbers, once: it takes about a second."""
    if config not in _MEASURED:
        _MEASURED[config] = dissect(skeleton(config))
    return _MEASURED[config]


_MEASURED: dict[ModelConfig, Anatomy] = {}


def titled(entry: Entry) -> str:
    """What people call a model of the catalogue: its name, with its family before it where that does not say it."""
    said, plain = (
        "".join(letter for letter in text.lower() if letter.isalnum()) for text in (entry.family, entry.name)
    )
    return entry.name if said in plain else f"{entry.family} {entry.name}"


def _abilities(config: ModelConfig, style: PromptStyle | None) -> tuple[Ability, ...]:
    family = family_of(config)
    able: tuple[tuple[Ability, bool], ...] = (
        ("compare", family.compares),
        ("write", family.writes),
        ("point", style is not None and style.detect is not None),
        ("classify", hasattr(family.model, "classify")),
        ("fill", hasattr(family.model, "fill")),
    )
    return tuple(ability for ability, yes in able if yes)


def _page(repository: str) -> Source:
    return repository, f"https://huggingface.co/{repository}"


FAMILY_NAMES = {
    "dual_encoder": "Dual encoder", "language_model": "Language model", "llava": "LLaVA", "paligemma": "PaliGemma",
    "t5": "T5", "pali": "PaLI", "flamingo": "Flamingo", "coca": "CoCa", "hybrid": "Hybrid", "fuyu": "Fuyu",
    "chameleon": "Chameleon", "perceiver_classifier": "Perceiver IO", "perceiver_language_model": "Perceiver IO",
    "perceiver_flow": "Perceiver IO", "tower_probe": "Image tower",
}  # fmt: skip
"""As the field calls them."""

DESIGNS = {
    "pali-vit-large-mt5-large": ("PaLI of ViT-L/16 and mT5-large", "PaLI"),
    "hybrid-llava-7b": ("Hybrid of LLaVA 1.5 7B's parts", "Hybrid"),
}
"""Designs of published parts: nobody published weights of them. Title and family, by architecture."""
