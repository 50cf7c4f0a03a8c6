"""LiT (arXiv:2111.07991): an image tower that can see already is locked, and a text tower learns to say what it sees.

    seeread train recipes/lit.py --out runs/lit
    seeread train recipes/lit.py --full --out runs/lit-full

The laptop size locks the tower of mini-clip, which was trained on photographs, and teaches a new text tower on 2,000
drawn scenes. Its loss was seen to fall in its first 156 steps; all of it was not measured.
"""

from dataclasses import replace
from pathlib import Path

import seeread
from seeread.data.scene_set import scene_set
from seeread.data.sets.dataset import DataSet
from seeread.nn.initialise import initialise
from seeread.pretrained import Origin, Pretrained
from seeread.training.recipe import Portion, Recipe
from seeread.training.settings import Settings


def without_words(name: str) -> Pretrained:
    """A dual encoder whose text tower knows nothing, and whose image tower all that it knew."""
    model = seeread.load(name, precision="fp32")
    initialise(model.module.get_submodule("text"))
    return replace(model, origin=Origin(f"{name} without words", Path("scratch"), "native"))


def small() -> Pretrained:
    """From the bundled model."""
    return without_words("seeread/mini-clip")


def published() -> Pretrained:
    """From CLIP's ViT-B/16. (The paper's tower was trained on ImageNet-21k or JFT; any that sees well will do.)"""
    return without_words("ViT-B/16")


def scenes() -> DataSet:
    """Captions such as "a red circle and a blue star"."""
    return scene_set(2000, 96, first=2_000_000, most=2)


recipe = Recipe(
    name="a small LiT",
    start=small,
    data=(Portion(data=scenes),),
    goal="contrast",
    mode="lit",
    settings=Settings(steps=300, rate=1e-3, batch=64, warmup=30, average=0.98, crop=1.0, precision="fp32"),
)

# The authors' example, of which the paper's runs are longer ones (big_vision, configs/proj/image_text/lit_coco.py):
# batches of 4,096, a rate of 1e-3 with 3 % of warm-up and a cosine, a weight decay of 0.01.
full = Recipe(
    name="LiT B/16",
    start=published,
    data=(Portion(data="data/coco"),),
    goal="contrast",
    mode="lit",
    settings=Settings(
        steps=5000, rate=1e-3, batch=4096, warmup=150, weight_decay=0.01, average=None, save_every=500
    ),
)
