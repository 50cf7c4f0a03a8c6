"""Every way to bring pictures and words together, as small as it can be and still be what it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import tokenizers
from tokenizers import models, pre_tokenizers

from seeread.fusion.resampler import ResamplerConfig
from seeread.lab.faithfulness.shortcut.marked import ANSWERS, MARK, NOTHING, QUESTION, SIDE
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.models.flamingo import FlamingoConfig
from seeread.models.fuyu import FuyuConfig
from seeread.models.hybrid import HybridConfig
from seeread.models.llava import LLaVAConfig
from seeread.models.pali import PaLIConfig
from seeread.models.paligemma import PaliGemmaConfig
from seeread.nn.rope import Rope
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.dialogue import PromptStyle
from seeread.preprocessing.lines import LineTransform
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer, TokenizerRules
from seeread.preprocessing.transform import ImageTransform, Transform
from seeread.text.decoder import DecoderConfig
from seeread.text.encoder import TextEncoderConfig
from seeread.text.encoder_decoder import EncoderDecoderConfig
from seeread.vision.vit import ViTConfig

WORDS = ("<pad>", "<start>", "<end>", "<image>", "<line>", *dict.fromkeys(QUESTION.split()), *ANSWERS, NOTHING)
PAD, START, END, IMAGE, LINE = range(5)
PLACES = (SIDE // MARK) ** 2

_HALF = (0.5, 0.5, 0.5)
_BLOCKS = TransformerConfig(width=32, layers=2, heads=4, hidden=64)
_VISION = ViTConfig(transformer=_BLOCKS, image_size=SIDE, patch_size=MARK)
_CLASSED = replace(_VISION, class_token=True)
_WRITING = replace(_BLOCKS, activation="silu", norm="rms", gated=True, bias=False)
_TEXT = DecoderConfig(transformer=replace(_WRITING, rope=Rope()), vocabulary=len(WORDS))
_GATES = replace(_BLOCKS, layers=1, context_width=32)
_BOTH = EncoderDecoderConfig(
    encoder=replace(_WRITING, scale=1.0),
    decoder=replace(_WRITING, scale=1.0, context_width=32),
    vocabulary=len(WORDS), buckets=8, furthest=64,
)  # fmt: skip
_LABEL = TextEncoderConfig(
    transformer=replace(_BLOCKS, layers=1), vocabulary=len(WORDS), context_length=8, pool="end", end_id=END
)
_SQUARE = ImageTransform(size=(SIDE, SIDE), mean=_HALF, std=_HALF)


@dataclass(frozen=True)
class Design:
    """`family` as in the list of families; `config` is what its model is built from."""

    family: str
    config: Any
    processor: Processor


def designs() -> Mapping[str, Design]:
    """By the name that people know each by."""
    seen = PromptStyle(
        kind="plain", end_ids=(END,), image_text="<image>", image_id=IMAGE, image_tokens=PLACES, bins=16
    )
    one = replace(seen, image_tokens=1)
    interleaved = replace(one, kind="interleaved", turn_end="<end>")
    lines = LineTransform(patch_size=MARK, most=(SIDE, SIDE))
    tiles = TileTransform(side=SIDE, grids=((1, 2), (2, 1)), mean=_HALF, std=_HALF, apart=True)
    dual = DualEncoderConfig(vision=_CLASSED, text=_LABEL, embedding=32)
    resampler = ResamplerConfig(transformer=_BLOCKS, queries=6)
    return {
        "dual encoder, class token": Design("dual_encoder", dual, _processor(None)),
        "dual encoder, attention pooling": Design(
            "dual_encoder", replace(dual, vision=_VISION, image_pool="attention", loss="sigmoid"), _processor(None)
        ),
        "LLaVA": Design("llava", LLaVAConfig(vision=_CLASSED, text=_TEXT, skip_last=0), _processor(seen)),
        "PaliGemma": Design("paligemma", PaliGemmaConfig(vision=_VISION, text=_TEXT), _processor(seen)),
        "Flamingo": Design(
            "flamingo",
            FlamingoConfig(vision=_CLASSED, text=_TEXT, gates=_GATES, resampler=resampler, every=2),
            _processor(interleaved),
        ),
        "PaLI": Design("pali", PaLIConfig(vision=_VISION, text=_BOTH), _processor(seen)),
        "Fuyu": Design("fuyu", FuyuConfig(text=_TEXT, patch=MARK, newline_id=LINE), _processor(one, lines)),
        "hybrid": Design(
            "hybrid", HybridConfig(vision=_VISION, text=_TEXT, gates=_GATES, every=2, tiles=2), _processor(seen, tiles)
        ),
    }


def _processor(style: PromptStyle | None, transform: Transform = _SQUARE) -> Processor:
    vocabulary = {word: place for place, word in enumerate(WORDS)}
    backend = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.add_special_tokens([tokenizers.AddedToken(word, normalized=False, special=True) for word in WORDS[:5]])
    writes = style is not None
    rules = TokenizerRules(
        context_length=64 if writes else 8, pad_id=PAD, start_id=START, end_id=None if writes else END
    )
    return Processor(transform, Tokenizer(backend, rules), style)
