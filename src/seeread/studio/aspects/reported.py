"""Models of which there are papers and no weights: what their authors report, with its source.

Nothing here was measured by seeread, and what a paper does not say is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from seeread.studio.aspects.cell import Cell, Part, Source


@dataclass(frozen=True)
class Reported:
    """A model by its paper: cells by the ids of aspects."""

    title: str
    family: str
    cells: Mapping[str, Cell]
    source: Source


def _model(title: str, family: str, source: Source, **cells: Cell | str) -> Reported:
    """Each cell with the source of the model; plain words are a cell of that text."""
    told = {
        aspect: Cell(cell, known="reported", source=source)
        if isinstance(cell, str)
        else Cell(cell.text, cell.more, cell.number, cell.parts, "reported", cell.source or source)
        for aspect, cell in cells.items()
    }
    return Reported(title, family, told, source)


_FLAMINGO = ("Alayrac et al., Flamingo", "https://arxiv.org/abs/2204.14198")
_PALI = ("Chen et al., PaLI", "https://arxiv.org/abs/2209.06794")
_PALI_3 = ("Chen et al., PaLI-3", "https://arxiv.org/abs/2310.09199")
_NVLM = ("Dai et al., NVLM", "https://arxiv.org/abs/2409.11402")
_GPT_4V = ("OpenAI, GPT-4V(ision) system card", "https://openai.com/index/gpt-4v-system-card/")

REPORTED = {
    "Flamingo-80B": _model(
        "Flamingo 80B", "Flamingo", _FLAMINGO,
        reads="pictures and videos anywhere between words",
        gives="text",
        sees=Cell("NFNet-F6, frozen", "trained before, on pairs of pictures and texts"),
        words=Cell("Chinchilla, 70 B parameters, frozen", "a decoder"),
        connector=Cell("perceiver resampler", "as many tokens from any number of frames"),
        meets=Cell("between the blocks, by gated cross-attention", "before every seventh block"),
        prompt="from left to right",
        tokens=Cell("64 read from there", "of each picture or video", 64),
        parameters=Cell("80 B", "of which 10 B read pictures, and are what is trained", 80e9),
        learns=Cell("the next word", "of pages with pictures between their words"),
        data=Cell("M3W, ALIGN, LTIP, VTP", "43 million pages, and pairs of pictures or videos with texts"),
        tasks=Cell("free text", "captions, questions; learns a task from a few examples in its prompt"),
        licence="never released",
    ),
    "PaLI-17B": _model(
        "PaLI 17B", "PaLI", _PALI,
        reads="a picture of 224 × 224 pixels, later 588 × 588, before a text in one of 100 languages",
        gives="text",
        sees=Cell("ViT-e, 4 B parameters", "frozen while most is trained"),
        words=Cell("mT5-XXL, 13 B parameters", "an encoder and a decoder"),
        meets=Cell("the encoder's sequence", "before the words of the question"),
        prompt="prompts both ways, answers from left to right",
        tokens=Cell("256 among the words", "at 224 × 224 pixels", 256),
        parameters=Cell("17 B", "", 17e9, (Part("sight", 4e9), Part("words", 13e9))),
        learns="a mixture of tasks: captions, questions, text in pictures, objects, spans of text",
        data=Cell("WebLI", "10 billion pictures with texts in over 100 languages"),
        tasks="free text in many languages",
        licence="never released",
    ),
    "PaLI-3": _model(
        "PaLI-3 5B", "PaLI", _PALI_3,
        reads="a picture of up to 1064 × 1064 pixels before a text",
        gives="text; boxes and masks as words",
        sees=Cell("ViT-G/14, 2 B parameters", "trained before by SigLIP's loss, not by classes"),
        words=Cell("UL2, 3 B parameters", "an encoder and a decoder"),
        connector="linear",
        meets=Cell("the encoder's sequence", "before the words of the question"),
        prompt="prompts both ways, answers from left to right",
        parameters=Cell("5 B", "", 5e9, (Part("sight", 2e9), Part("words", 3e9))),
        learns="a mixture of tasks: captions, questions, text in pictures, objects",
        data="WebLI",
        tasks=Cell("free text and places", "captions, questions, masks of what a phrase means"),
        licence="never released",
    ),
    "NVLM-H-72B": _model(
        "NVLM-H 72B", "Hybrid", _NVLM,
        reads="a picture whole and in tiles of 448 × 448 pixels",
        gives="text",
        sees=Cell("InternViT-6B, frozen", "448 × 448 pixels"),
        words=Cell("Qwen2-72B", "a decoder"),
        connector="MLP",
        meets=Cell("the sequence and between the blocks", "the whole picture among the words, its tiles beside them"),
        prompt="from left to right",
        tokens=Cell("256 among the words", "of the whole picture; its tiles are read from beside them", 256),
        learns=Cell("the next word", "first the connector, then instructions"),
        data="curated public sets of pictures with texts, and of texts",
        tasks="free text",
        licence="no public weights of this arrangement (of NVLM-D there are)",
    ),
    "GPT-4V": _model(
        "GPT-4V", "not published", _GPT_4V,
        reads="pictures and words",
        gives="text",
        learns=Cell("the next word, then people's preferences", "reinforcement learning from human feedback"),
        tasks="free text",
        licence="a service; weights and architecture are not public",
    ),
}  # fmt: skip
"""By the name that they are asked for by."""
