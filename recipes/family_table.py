"""The tables of families in README.md and docs/models.md, from the models themselves.

`python -m recipes.family_table` writes them anew between their marks, and says whether anything changed. Each family is
measured on the published configuration that its row names, on shapes alone: no weights are needed. What a model was
taught is in no configuration, and stands here.
"""

from dataclasses import dataclass
from pathlib import Path

from seeread.charts.counts import millions, rounded
from seeread.checkpoints.match import skeleton
from seeread.checkpoints.published import published_config
from seeread.explanation.anatomy import Anatomy, dissect
from seeread.models.families import ModelConfig
from seeread.studio.aspects.meeting import KEPT
from seeread.studio.aspects.parts import connector_words

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- families: written by recipes/family_table.py -->", "<!-- families: end -->"


def published(architecture: str) -> ModelConfig:
    """The config of a published architecture, or of a design of published parts."""
    config = published_config(architecture)
    assert config is not None, architecture
    return config


@dataclass(frozen=True)
class Row:
    """A family: what people call it, the model that is measured and its architecture, and what such models learn by."""

    family: str
    example: str
    architecture: str
    learns: str


ROWS = (
    Row("DualEncoder (CLIP, OpenCLIP, SigLIP 1 and 2)", "CLIP ViT-B/32", "ViT-B-32", "InfoNCE or sigmoid loss"),
    Row("CoCa", "coca_ViT-L-14", "coca_ViT-L-14", "InfoNCE and captions"),
    Row("LLaVA 1.0, 1.5, NeXT (1.6)", "LLaVA 1.5 7B", "llava-vicuna-7b", "next token, instructions"),
    Row(
        "PaliGemma 1 and 2", "PaliGemma 2 3B, 224", "paligemma2-3b-224",
        "next token, task prefixes, location tokens",
    ),
    Row("Flamingo (OpenFlamingo, Idefics)", "OpenFlamingo 9B", "flamingo-mpt-7b", "next token, interleaved"),
    Row(
        "PaLI (PaLI, PaLI-X, PaLI-3)", "ViT-L/16 and mT5-large", "pali-vit-large-mt5-large",
        "task mixture: captions, VQA, detection, span corruption",
    ),
    Row("Fuyu (early fusion, patches)", "Fuyu 8B", "fuyu-8b", "next token"),
    Row("Chameleon (early fusion, tokens)", "Chameleon 7B", "chameleon-7b", "next token"),
    Row(
        "Hybrid (as reported for NVLM-H, attributed to GPT-4V class systems)", "LLaVA 1.5 7B's parts",
        "hybrid-llava-7b", "next token",
    ),
)  # fmt: skip


def measured() -> list[tuple[Row, Anatomy]]:
    """Every row with the anatomy of its model."""
    return [(row, dissect(skeleton(published(row.architecture)))) for row in ROWS]


def in_readme(rows: list[tuple[Row, Anatomy]]) -> str:
    """What each family is."""
    lines = [
        "| family | sees with | connector | where sight enters | first layer that works on both | learns by |",
        "|---|---|---|---|---|---|",
    ]
    for row, found in rows:
        connector = connector_words(found.connector) or "none: codes are words"
        cells = (row.family, _tower(found), connector, _enters(found), f"`{found.first}`", row.learns)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def in_docs(rows: list[tuple[Row, Anatomy]]) -> str:
    """What that costs, and what it lets be remembered."""
    lines = [
        "| model | visual tokens | parameters: sight | words | both | FLOPs: sight | words | both | kept exactly |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for row, found in rows:
        weights, flops = found.parameters, found.flops
        tokens = [f"{found.places:,} among the words"] * bool(found.places)
        tokens += [f"{found.media:,} besides"] * bool(found.media)
        cells = (
            row.example,
            ", ".join(tokens) or "none",
            *(millions(count) for count in (weights.sight, weights.words, weights.both)),
            *(rounded(count) for count in (flops.sight, flops.words, flops.both)),
            ", ".join(KEPT[one] for one in found.kept),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _tower(found: Anatomy) -> str:
    return (found.sees_with or "none: raw patches").partition(",")[0]


def _enters(found: Anatomy) -> str:
    reads = {None: "", "from left to right": " (causal)"}.get(found.reads, " (prompt read both ways)")
    ways = [way + reads if way == "the sequence" else way for way in found.enters]
    return " *and* ".join(ways).replace("between the blocks", "between the blocks, by cross-attention")


def main() -> None:
    """Write both tables."""
    rows = measured()
    for name, table in (("README.md", in_readme(rows)), ("docs/models.md", in_docs(rows))):
        path = ROOT / name
        before = path.read_text(encoding="utf-8")
        after = put(before, table)
        path.write_text(after, encoding="utf-8")
        print(f"{name}: {'unchanged' if after == before else 'written anew'}")


def put(text: str, table: str) -> str:
    """`text` with the table between its marks."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table}\n\n{END}{tail}"


if __name__ == "__main__":
    main()
