"""What may be compared: the models on this machine, the published ones, designs, and what is known from papers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seeread.checkpoints.catalogue import Ability, Entry, entries, find
from seeread.studio.aspects.reported import REPORTED
from seeread.studio.aspects.subject import DESIGNS, titled


@dataclass(frozen=True)
class Listed:
    """A model by name. `here` says whether it can be asked on this machine; `known` is "measured" or "reported"."""

    name: str
    title: str
    family: str
    here: bool
    known: str
    does: tuple[Ability, ...] = ()
    parameters: int | None = None


def listed(here: Sequence[str]) -> Iterator[Listed]:
    """Those on this machine first; no model is loaded or measured."""
    for name in here:
        entry = find(name)
        yield _of_entry(entry, name) if entry else Listed(name, name, "on this machine", True, "measured")
    for entry in entries():
        if entry.source is not None and entry.name not in here:
            yield _of_entry(entry)
    for name, (title, family) in DESIGNS.items():
        yield Listed(name, title, family, False, "measured", ("write",))
    for name, told in REPORTED.items():
        yield Listed(name, told.title, told.family, False, "reported")


def _of_entry(entry: Entry, here: str | None = None) -> Listed:
    family = "on this machine" if here else entry.family
    return Listed(
        here or entry.name, titled(entry), family, here is not None, "measured", entry.does, entry.parameters
    )


@dataclass(frozen=True)
class Pairing:
    """Models that are worth a look side by side, and the question that they answer."""

    title: str
    question: str
    models: tuple[str, ...]


PAIRINGS = (
    Pairing("CLIP against PaliGemma 2", "A score for each pair, or an answer in words?",
            ("ViT-L/14", "paligemma2-3b-mix-224")),
    Pairing("LLaVA against Flamingo", "A picture among the words, or beside them?",
            ("llava-v1.5-7b", "OpenFlamingo-9B-vitl-mpt7b")),
    Pairing("SigLIP against CLIP", "What is another loss worth?", ("siglip-so400m-patch14-384", "ViT-L/14@336px")),
    Pairing("Every way to fuse", "One model of each family", (
        "ViT-L/14", "coca_ViT-L-14:laion2b_s13b_b90k", "llava-v1.5-7b", "paligemma2-3b-mix-224",
        "OpenFlamingo-9B-vitl-mpt7b", "pali-vit-large-mt5-large", "fuyu-8b", "chameleon-7b", "hybrid-llava-7b",
    )),
    Pairing("The bundled models", "Small ones, that can be asked here and now", (
        "seeread/mini-clip", "seeread/mini-llava", "seeread/mini-paligemma", "seeread/mini-flamingo",
        "seeread/mini-pali", "seeread/mini-hybrid", "seeread/mini-fuyu",
    )),
    Pairing("Known from papers", "What was reported of models without public weights", tuple(REPORTED)),
)  # fmt: skip
"""What the page begins with."""
