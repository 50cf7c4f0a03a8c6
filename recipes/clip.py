"""CLIP (arXiv:2103.00020): two towers learn from scratch which picture belongs to which text.

    seeread train recipes/clip.py --out runs/clip
    torchrun --nproc-per-node 8 -m seeread train recipes/clip.py --full --out runs/clip-full

The laptop size learns from 4,000 drawn scenes of one or two shapes. After its 800 steps it finds the caption of
22 % of 300 unseen scenes among 214 (guessing: 0.5 %).
"""

from dataclasses import replace
from pathlib import Path

import seeread
from seeread.data.scene_set import scene_set
from seeread.data.sets.dataset import DataSet
from seeread.models.dual_encoder import DualEncoder, DualEncoderConfig
from seeread.nn.initialise import initialise
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.transform import ImageTransform
from seeread.pretrained import Origin, Pretrained
from seeread.text.encoder import TextEncoderConfig
from seeread.training.recipe import Portion, Recipe
from seeread.training.settings import Settings
from seeread.vision.vit import ViTConfig

SIDE = 64


def small() -> Pretrained:
    """A dual encoder of 2 million parameters that knows nothing, with the tokenizer of mini-clip."""
    words = seeread.load("seeread/mini-clip", precision="fp32").processor.tokenizer
    model = DualEncoder(
        DualEncoderConfig(
            vision=ViTConfig(
                transformer=TransformerConfig(width=128, layers=4, heads=4, hidden=512),
                image_size=SIDE,
                patch_size=8,
                class_token=True,
            ),
            text=TextEncoderConfig(
                transformer=TransformerConfig(width=128, layers=2, heads=4, hidden=512),
                vocabulary=words.size,
                context_length=words.rules.context_length,
                pool="end",
                end_id=words.rules.end_id,
            ),
            embedding=128,
        )
    )
    initialise(model)
    processor = Processor(ImageTransform(size=(SIDE, SIDE), mode="squash"), words)
    return Pretrained(model, processor, Origin("a small CLIP from scratch", Path("scratch"), "native"))


def published() -> Pretrained:
    """CLIP's ViT-B/32 with weights drawn anew: of the published one its architecture and its tokenizer alone."""
    model = seeread.load("ViT-B/32", precision="fp32")
    initialise(model.module)
    return replace(model, origin=Origin("ViT-B/32 from scratch", Path("scratch"), "native"))


def scenes() -> DataSet:
    """Captions such as "a red circle and a blue star"."""
    return scene_set(4000, SIDE, first=2_000_000, most=2)


recipe = Recipe(
    name="a small CLIP",
    start=small,
    data=(Portion(data=scenes),),
    goal="contrast",
    settings=Settings(steps=800, rate=1e-3, batch=64, warmup=80, average=0.99, crop=1.0, precision="fp32"),
)

# Tables 18 and 19 of the paper: 32 epochs of 400 million pairs. Its only augmentation is a random square crop of the
# picture; `crop` is open_clip's, which mirrors besides.
full = Recipe(
    name="CLIP ViT-B/32",
    start=published,
    data=(Portion(data="data/pairs"),),  # shards of pictures and captions
    goal="contrast",
    settings=Settings(
        steps=32 * 400_000_000 // 32_768, rate=5e-4, batch=32_768, warmup=2000, weight_decay=0.2, betas=(0.9, 0.98),
        scale_limit=100.0, average=None, crop=0.9, recompute=True, save_every=1000,
    ),
)  # fmt: skip
