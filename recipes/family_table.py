"""The tables of families in README.md and docs/models.md, from the models themselves.

`python -m recipes.family_table` writes them anew between their marks, and says whether anything changed. Each family is
measured on the published configuration that its row names, on shapes alone: no weights are needed. What a model was
taught is in no configuration, and stands here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seeread.checkpoints.formats.open_clip.coca import read_config as read_coca
from seeread.checkpoints.formats.open_flamingo import added
from seeread.checkpoints.formats.transformers.kinds import kind_named
from seeread.checkpoints.match import skeleton
from seeread.checkpoints.parts.open_clip_names import model_config
from seeread.cli.loading.models import millions
from seeread.cli.output.anatomy import rounded
from seeread.explanation.anatomy import Anatomy, dissect
from seeread.fusion.resampler import ResamplerConfig
from seeread.models.coca import CoCaConfig
from seeread.models.flamingo import FlamingoConfig
from seeread.models.hybrid import HybridConfig
from seeread.models.llava import LLaVAConfig
from seeread.models.pali import PaLIConfig
from seeread.nn.transformer import TransformerConfig
from seeread.text.decoder import DecoderConfig
from seeread.vision.vit import ViTConfig

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- families: written by recipes/family_table.py -->", "<!-- families: end -->"

VICUNA_7B = {"model_type": "llama", "vocab_size": 32064}
LLAVA = {
    "model_type": "llava",
    "text_config": VICUNA_7B,
    "vision_config": {
        "model_type": "clip_vision_model", "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
        "num_attention_heads": 16, "patch_size": 14, "image_size": 336,
    },
}  # fmt: skip
PALIGEMMA_2 = {
    "model_type": "paligemma", "projection_dim": 2304,
    "text_config": {
        "model_type": "gemma2", "vocab_size": 257152, "hidden_size": 2304, "num_hidden_layers": 26,
        "intermediate_size": 9216, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
        "query_pre_attn_scalar": 256, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 4096,
    },
    "vision_config": {
        "model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27,
        "num_attention_heads": 16, "patch_size": 14, "image_size": 224, "vision_use_head": False,
    },
}  # fmt: skip
MPT_7B = {
    "model_type": "mpt", "d_model": 4096, "n_heads": 32, "n_layers": 32, "max_seq_len": 2048, "vocab_size": 50280,
}  # fmt: skip
MT5_LARGE = {
    "model_type": "mt5", "d_model": 1024, "d_ff": 2816, "d_kv": 64, "num_heads": 16, "num_layers": 24,
    "num_decoder_layers": 24, "vocab_size": 250112, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False,
}  # fmt: skip


def published(config: dict[str, Any]) -> Any:
    """What a `config.json` says; what it leaves out is that of the checkpoint that transformers takes it from."""
    return kind_named(config).read_config(config)


def vit_large(side: int, patch: int) -> ViTConfig:
    """CLIP's ViT-L."""
    transformer = TransformerConfig(width=1024, layers=24, heads=16, hidden=4096, activation="quick_gelu")
    return ViTConfig(
        transformer=transformer, image_size=side, patch_size=patch, class_token=True, patch_bias=False, pre_norm=True
    )


def open_flamingo() -> FlamingoConfig:
    """OpenFlamingo-9B-vitl-mpt7b."""
    text: DecoderConfig = published(MPT_7B)
    return FlamingoConfig(
        vision=vit_large(224, 14),
        text=text,
        gates=replace(added(4096, 8), context_width=1024),
        resampler=ResamplerConfig(transformer=added(1024, 6)),
        every=4,
        first=3,
    )


def hybrid() -> HybridConfig:
    """The parts of LLaVA 1.5, with a gate before every fourth block."""
    llava: LLaVAConfig = published(LLAVA)
    gates = replace(added(4096, 8), context_width=4096)
    return HybridConfig(vision=llava.vision, text=llava.text, gates=gates, every=4, first=3)


def coca() -> CoCaConfig:
    """open_clip's coca_ViT-L-14."""
    known = model_config("coca_ViT-L-14")
    assert known is not None
    return read_coca(known[0])


def pali() -> PaLIConfig:
    """ViT-L/16 at 224 pixels and mT5-large, as `seeread build pali` puts them together."""
    tower = TransformerConfig(width=1024, layers=24, heads=16, hidden=4096, norm_eps=1e-12)
    return PaLIConfig(vision=ViTConfig(transformer=tower, image_size=224, patch_size=16), text=published(MT5_LARGE))


@dataclass(frozen=True)
class Row:
    """A family: what people call it, the model that is measured, and what such models learn by."""

    family: str
    example: str
    config: Callable[[], Any]
    learns: str


ROWS = (
    Row(
        "DualEncoder (CLIP, OpenCLIP, SigLIP 1 and 2)", "CLIP ViT-B/32", lambda: published({"model_type": "clip"}),
        "InfoNCE or sigmoid loss",
    ),
    Row("CoCa", "coca_ViT-L-14", coca, "InfoNCE and captions"),
    Row("LLaVA 1.0, 1.5, NeXT (1.6)", "LLaVA 1.5 7B", lambda: published(LLAVA), "next token, instructions"),
    Row(
        "PaliGemma 1 and 2", "PaliGemma 2 3B, 224", lambda: published(PALIGEMMA_2),
        "next token, task prefixes, location tokens",
    ),
    Row("Flamingo (OpenFlamingo, Idefics)", "OpenFlamingo 9B", open_flamingo, "next token, interleaved"),
    Row(
        "PaLI (PaLI, PaLI-X, PaLI-3)", "ViT-L/16 and mT5-large", pali,
        "task mixture: captions, VQA, detection, span corruption",
    ),
    Row("Fuyu (early fusion, patches)", "Fuyu 8B", lambda: published({"model_type": "fuyu"}), "next token"),
    Row(
        "Chameleon (early fusion, tokens)", "Chameleon 7B", lambda: published({
            "model_type": "chameleon",
            "vocabulary_map": {f"IMGIMG{str(n).translate(str.maketrans('0123456789', 'ABCDEFGHIJ'))}Z": 4 + n
                               for n in range(8192)},
        }),
        "next token",
    ),
    Row(
        "Hybrid (as reported for NVLM-H, attributed to GPT-4V class systems)", "LLaVA 1.5 7B's parts", hybrid,
        "next token",
    ),
)  # fmt: skip


def measured() -> list[tuple[Row, Anatomy]]:
    """Every row with the anatomy of its model."""
    return [(row, dissect(skeleton(row.config()))) for row in ROWS]


def in_readme(rows: list[tuple[Row, Anatomy]]) -> str:
    """What each family is."""
    lines = [
        "| family | sees with | connector | where sight enters | first layer that works on both | learns by |",
        "|---|---|---|---|---|---|",
    ]
    for row, found in rows:
        cells = (row.family, _tower(found), _connector(found), _enters(found), f"`{found.first}`", row.learns)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


KEPT = {
    "the vector of a picture, for any text": "picture vectors",
    "the vector of a text, for any picture": "text vectors",
    "the tokens of a picture, for any words": "the picture's tokens",
    "keys and values of a picture in every cross-attention, for any words behind it": "its keys and values",
    "the beginning of a prompt, as far as it agrees": "a prompt's beginning",
    "a whole prompt, for several answers": "a whole prompt",
}
"""In fewer words."""


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


def _connector(found: Anatomy) -> str:
    """By its classes, which are named as the field names them."""
    kinds = [one.partition("(")[2].rstrip(")") for one in found.connector]
    said = {"TwoLayers": "MLP", "Linear": "linear", "Resampler": "perceiver resampler", "ClassToken": "class token"}
    said |= {"FirstQuery": "attentional pooling"}
    return " and ".join(said.get(kind, kind) for kind in dict.fromkeys(kinds)) or "none: codes are words"


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
