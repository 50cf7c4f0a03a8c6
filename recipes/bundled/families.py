"""The small models that write and come with the package: what each is made of, and how it is spoken to.

One language model of five layers writes for all but PaLI, whose language model is an encoder-decoder, and PaliGemma,
whose is wider. All but Fuyu see with the tower of `seeread/mini-clip`: LLaVA with the whole of it, the others without
its last stage, for features that are finer in place. Fuyu has no tower.
"""

from dataclasses import dataclass, replace
from typing import Any

from seeread.fusion.resampler import ResamplerConfig
from seeread.models.flamingo import FlamingoConfig
from seeread.models.fuyu import FuyuConfig
from seeread.models.hybrid import HybridConfig
from seeread.models.llava import LLaVAConfig
from seeread.models.pali import PaLIConfig
from seeread.models.paligemma import PaliGemmaConfig
from seeread.nn.rope import Rope
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.dialogue.style import PromptStyle
from seeread.preprocessing.lines import LineTransform
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.tokenizer.rules import TokenizerRules
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import ImageTransform, Transform
from seeread.text.decoder import DecoderConfig
from seeread.text.encoder_decoder import EncoderDecoderConfig
from seeread.vision.resnet import ResNetConfig

PAD, START, END, IMAGE = 0, 1, 2, 3
BINS = 64
"""Location tokens, whose ids follow the image's."""

SIDE, TILE, PATCH = 128, 64, 8
"""Pixels: of a picture, of a tile of the hybrid's, of a patch of Fuyu's (whose pictures are as small as a tile)."""

RULES = TokenizerRules(context_length=512, pad_id=PAD, start_id=START, end_id=END)
BLOCKS = TransformerConfig(
    width=192, layers=5, heads=6, hidden=512, activation="silu",
    norm="rms", norm_eps=1e-6, gated=True, bias=False, rope=Rope(),
)  # fmt: skip
TEXT = DecoderConfig(transformer=BLOCKS, vocabulary=4096, tied=True)
WIDE = replace(TEXT, transformer=replace(BLOCKS, width=256, heads=8, hidden=704))
T5_BLOCKS = replace(BLOCKS, layers=3, rope=None, scale=1.0)
T5_TEXT = EncoderDecoderConfig(
    encoder=T5_BLOCKS, decoder=replace(T5_BLOCKS, context_width=192), vocabulary=4096, feature_scale=192**-0.5,
    tied=True, start_id=PAD,
)  # fmt: skip

WHOLE = ResNetConfig(layers=(2, 2, 2, 2), stem=32, heads=16, image_size=SIDE)
FINE = replace(WHOLE, layers=(2, 2, 2))
GATES = TransformerConfig(width=192, layers=2, heads=6, hidden=512, context_width=512)

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'assistant' %} ASSISTANT:{{ message.content }}{{ eos_token }}"
    "{% else %}USER: {{ message.content }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %} ASSISTANT:{% endif %}"
)
CAPTION = "describe the picture in one sentence."
SEEN: dict[str, Any] = {"end_ids": (END,), "image_text": "<image>", "image_id": IMAGE, "caption": CAPTION}
CHAT = PromptStyle(
    kind="chat", template=TEMPLATE, start_text="<start>", end_text="<end>", image_tokens=16, **SEEN
)


@dataclass(frozen=True)
class Family:
    """`start` names the model whose language model this one goes on from, if it does."""

    config: Any
    transform: Transform
    style: PromptStyle
    start: str | None = "llava"

    def processor(self, tokenizer: Tokenizer) -> Processor:
        """What feeds it."""
        return Processor(self.transform, tokenizer, self.style)


def square(side: int, mode: Any = "crop") -> ImageTransform:
    """As mini-clip sees."""
    return replace(ImageTransform(size=(side, side)), mode=mode)


FAMILIES = {
    "llava": Family(
        LLaVAConfig(vision=WHOLE, text=TEXT, connector="mlp", skip_last=0), square(SIDE), CHAT, start=None
    ),
    "paligemma": Family(
        PaliGemmaConfig(vision=FINE, text=WIDE, places=True),
        square(SIDE, "squash"),  # boxes are of the whole picture
        PromptStyle(
            kind="prefix", image_tokens=64, bins=BINS, start_text="<start>", answer="answer en {question}",
            detect="detect {labels}", **SEEN | {"caption": "caption en"},
        ),
        start=None,
    ),
    "flamingo": Family(
        FlamingoConfig(
            vision=FINE, text=TEXT, gates=GATES, every=2, first=1,
            resampler=ResamplerConfig(
                transformer=TransformerConfig(width=512, layers=1, heads=8, hidden=512), queries=16
            ),
        ),
        square(SIDE),
        PromptStyle(
            kind="interleaved", image_tokens=1, answer="question: {question} answer:", turn_end="<end>", **SEEN
        ),
    ),
    "pali": Family(
        PaLIConfig(vision=FINE, text=T5_TEXT),
        square(SIDE),
        PromptStyle(kind="plain", image_tokens=64, **SEEN),
        start=None,
    ),
    "hybrid": Family(
        HybridConfig(
            vision=replace(FINE, image_size=TILE), text=TEXT, gates=replace(GATES, context_width=192),
            every=2, first=1, skip_last=0, tiles=4,
        ),
        TileTransform(
            side=TILE, grids=((1, 2), (2, 1), (2, 2)), mean=square(1).mean, std=square(1).std, apart=True
        ),
        CHAT,
    ),
    "fuyu": Family(
        FuyuConfig(text=TEXT, patch=PATCH, newline_id=IMAGE),
        LineTransform(patch_size=PATCH, most=(TILE, TILE)),
        PromptStyle(kind="plain", image_tokens=1, **SEEN),
    ),
}  # fmt: skip
