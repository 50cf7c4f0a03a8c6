"""PaLI (arXiv:2209.06794): one encoder-decoder learns a mixture of tasks, all of them worded as text, about what a
frozen tower sees.

    seeread train recipes/pali.py --out runs/pali
    torchrun --nproc-per-node 8 -m seeread train recipes/pali.py --full --out runs/pali-full

The laptop size learns from scratch, but for the tower of mini-paligemma, from 4,000 drawn scenes: captions, answers
and lists of what is there. What it learns was not measured.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import seeread
from seeread.data.scene_set import scene_set
from seeread.data.sets.dataset import DataSet
from seeread.models.pali import PaLI, PaLIConfig
from seeread.models.paligemma import PaliGemmaConfig
from seeread.nn.initialise import initialise
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.dialogue import PromptStyle
from seeread.pretrained import Origin, Pretrained
from seeread.text.encoder_decoder import EncoderDecoderConfig
from seeread.training.recipe import Portion, Recipe, pali
from seeread.training.settings import Settings

BLOCKS = TransformerConfig(
    width=192, layers=3, heads=6, hidden=512, activation="gelu_tanh", norm="rms", norm_eps=1e-6, gated=True, bias=False,
    scale=1.0,
)  # fmt: skip
"""As T5 1.1 and so mT5 are made."""


def small() -> Pretrained:
    """An encoder-decoder that knows nothing behind the tower of mini-paligemma."""
    seeing = seeread.load("seeread/mini-paligemma", precision="fp32")
    c, words, style = seeing.module.config, seeing.processor.tokenizer, seeing.processor.style
    assert isinstance(c, PaliGemmaConfig) and style is not None
    text = EncoderDecoderConfig(
        encoder=BLOCKS,
        decoder=replace(BLOCKS, context_width=BLOCKS.width),
        vocabulary=words.size,
        tied=True,
        feature_scale=BLOCKS.width**-0.5,
        start_id=words.rules.pad_id,
    )
    model = PaLI(PaLIConfig(vision=c.vision, text=text))
    initialise(model)
    model.vision.load_state_dict(seeing.module.get_submodule("vision").state_dict())
    plain = PromptStyle(
        kind="plain", end_ids=style.end_ids, image_text="<image>", image_id=style.image_id,
        image_tokens=c.image_tokens, caption="Generate the alt_text in EN:", answer="Answer in EN: {question}",
    )  # fmt: skip
    processor = replace(seeing.processor, style=plain)
    return Pretrained(model.eval(), processor, Origin("a small PaLI from scratch", Path("scratch"), "native"))


@cache
def scenes() -> DataSet:
    """Captions, questions, and what is there."""
    return scene_set(4000, 128, first=2_400_000, most=2)


recipe = Recipe(
    name="a small PaLI",
    start=small,
    data=(
        Portion(data=scenes, task="caption", weight=1),
        Portion(data=scenes, task="answer", weight=2),
        Portion(data=scenes, task="objects", weight=1),
    ),
    goal="write",
    settings=Settings(
        steps=1200, rate=2e-3, batch=32, warmup=120, average=0.99, frozen=("vision",), precision="fp32"
    ),
)

# Section 3.2 and table 9 of the paper: all tasks with their shares, of 1.6 billion examples, which are seen once
# at 224 pixels while the tower keeps its weights. The paper uses Adafactor, whose rates mean
# something else: this one is for AdamW, and ours. The paper has mT5, whose tokenizer does not name its sentinels.
full = Recipe(
    name="PaLI",
    start="runs/pali-start",  # seeread build pali --vision ... --text google/t5-v1_1-large --out runs/pali-start
    data=pali(
        captions="data/captions", transcriptions="data/ocr", questions="data/questions", objects="data/objects",
        texts="data/texts", sentinels=True,
    ),
    goal="write",
    settings=Settings(
        steps=1_566_000_000 // 4096, rate=1e-4, batch=4096, accumulate=4, warmup=1000, weight_decay=0.0,
        betas=(0.9, 0.999), average=None, frozen=("vision",), recompute=True, sharding="fsdp",
    ),
)  # fmt: skip
