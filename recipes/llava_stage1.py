"""LLaVA, first stage (arXiv:2304.08485, arXiv:2310.03744): a connector alone learns to turn what a tower sees into
words of a language model. Both stay as they are. `llava_stage2.py` goes on from what this leaves behind.

    seeread train recipes/llava_stage1.py --out runs/llava-stage1
    torchrun --nproc-per-node 8 -m seeread train recipes/llava_stage1.py --full --out runs/llava-stage1-full

The laptop size takes tower and language model of mini-llava, forgets the connector between them, and learns it anew
from 2,000 drawn scenes. The loss fell from 2.2 to 1.05 (over the mini-llava that was bundled then).
"""

from dataclasses import replace
from pathlib import Path

from torch import nn

import seeread
from seeread.data.scene_set import scene_set
from seeread.data.sets.dataset import DataSet
from seeread.pretrained import Origin, Pretrained
from seeread.training.recipe import Portion, Recipe
from seeread.training.settings import Settings


def unconnected(name: str) -> Pretrained:
    """A LLaVA whose connector knows nothing."""
    model = seeread.load(name, precision="fp32")
    for layer in model.module.get_submodule("connector").modules():
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    return replace(model, origin=Origin(f"{name} without a connector", Path("scratch"), "native"))


def small() -> Pretrained:
    """From the bundled model."""
    return unconnected("seeread/mini-llava")


def published() -> Pretrained:
    """LLaVA 1.5's parts: CLIP's ViT-L/14 at 336 pixels, and Vicuna, as its second stage left it."""
    return unconnected("llava-hf/llava-1.5-7b-hf")


def scenes() -> DataSet:
    """Captions such as "a red circle and a blue star"."""
    return scene_set(2000, 128, first=2_000_000, most=2, questions=0)


recipe = Recipe(
    name="LLaVA, stage 1",
    start=small,
    data=(Portion(data=scenes, task="caption"),),
    goal="write",
    mode="connector",
    settings=Settings(
        steps=300, rate=2e-3, batch=16, warmup=15, weight_decay=0.0, average=0.98, precision="fp32"
    ),
)

# scripts/v1_5/pretrain.sh of the authors, and the table of hyperparameters in arXiv:2310.03744: one epoch of 558,000
# captions in batches of 256, a rate of 1e-3, a cosine after 3 % of warm-up, no weight decay.
full = Recipe(
    name="LLaVA 1.5, stage 1",
    start=published,
    data=(Portion(data="data/blip_laion_cc_sbu_558k.json"),),
    goal="write",
    mode="connector",
    settings=Settings(
        steps=2180, rate=1e-3, batch=256, accumulate=4, warmup=65, weight_decay=0.0, betas=(0.9, 0.999),
        average=None, recompute=True, sharding="fsdp",
    ),
)  # fmt: skip
