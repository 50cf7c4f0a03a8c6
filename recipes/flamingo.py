"""Flamingo (arXiv:2204.14198) as OpenFlamingo trains it (arXiv:2308.01390): between the blocks of a language model
stand gates, closed at first, through which it learns to look. Tower and language model stay as they are.

    seeread train recipes/flamingo.py --out runs/flamingo
    torchrun --nproc-per-node 8 -m seeread train recipes/flamingo.py --full --out runs/flamingo-full

The laptop size puts gates and a resampler between tower and language model of mini-paligemma, which have never met
that way, and learns from 2,000 drawn scenes. Its loss was seen to fall in its first 125 steps; all
of it was not measured.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import seeread
from seeread.data.scene_set import scene_set
from seeread.data.sets.dataset import DataSet
from seeread.fusion.resampler import ResamplerConfig
from seeread.models.flamingo import Flamingo, FlamingoConfig
from seeread.models.paligemma import PaliGemmaConfig
from seeread.nn.initialise import initialise
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.dialogue import PromptStyle
from seeread.pretrained import Origin, Pretrained
from seeread.training.recipe import Portion, Recipe
from seeread.training.settings import Settings


def small() -> Pretrained:
    """A Flamingo of two halves of mini-paligemma."""
    halves = seeread.load("seeread/mini-paligemma", precision="fp32")
    c = halves.module.config
    assert isinstance(c, PaliGemmaConfig) and halves.processor.style is not None
    seen, width, heads = c.vision.width, c.text.width, c.text.transformer.heads
    model = Flamingo(
        FlamingoConfig(
            vision=c.vision,
            text=c.text,
            gates=TransformerConfig(width=width, layers=3, heads=heads, hidden=2 * width, context_width=seen),
            resampler=ResamplerConfig(
                transformer=TransformerConfig(width=seen, layers=1, heads=8, hidden=seen), queries=16
            ),
            every=2,
        )
    )
    initialise(model)
    for half in ("vision", "text"):
        model.get_submodule(half).load_state_dict(halves.module.get_submodule(half).state_dict())
    style = PromptStyle(
        kind="interleaved", end_ids=halves.processor.style.end_ids, image_text="<image>",
        image_id=halves.processor.style.image_id, image_tokens=1, start_text="<start>", turn_end="<end>",
        caption="caption en", answer="answer en {question}",
    )  # fmt: skip
    return Pretrained(
        model.eval(),
        replace(halves.processor, style=style),
        Origin("two halves of mini-paligemma", Path("scratch"), "native"),
    )


def published() -> Pretrained:
    """OpenFlamingo's parts, with gates and resampler drawn anew."""
    model = seeread.load("openflamingo/OpenFlamingo-3B-vitl-mpt1b", precision="fp32")
    initialise(model.module.get_submodule("gates"))
    initialise(model.module.get_submodule("resampler"))
    return replace(model, origin=Origin("OpenFlamingo-3B without gates", Path("scratch"), "native"))


@cache
def scenes() -> DataSet:
    """Captions such as "a red circle and a blue star", and questions."""
    return scene_set(2000, 128, first=2_300_000, most=2)


recipe = Recipe(
    name="a small Flamingo",
    start=small,
    data=(
        Portion(data=scenes, task="caption", weight=1),
        Portion(data=scenes, task="answer", weight=1),
    ),
    goal="write",
    mode="connector",
    settings=Settings(steps=600, rate=2e-3, batch=16, warmup=30, average=0.98, precision="fp32"),
)

# OpenFlamingo's report and its training script: AdamW with a rate of 1e-4 that stays constant after 1,875 steps of
# warm-up; 120 million captioned pictures, 64 for each of 32 GPUs here. (Beside them it learns from 60 million web
# pages whose pictures stand among the text, a kind of data that `seeread train` does not read.)
full = Recipe(
    name="OpenFlamingo 3B",
    start=published,
    data=(Portion(data="data/laion2b", task="caption"),),
    goal="write",
    mode="connector",
    settings=Settings(
        steps=120_000_000 // 2048, rate=1e-4, batch=2048, warmup=1875, schedule="constant", weight_decay=0.1,
        betas=(0.9, 0.999), average=None, recompute=True, sharding="fsdp",
    ),
)  # fmt: skip
