"""PaliGemma's transfer (arXiv:2407.07726): a model that was trained on a bit of everything learns one task well.

    seeread train recipes/paligemma.py --out runs/paligemma
    torchrun --nproc-per-node 8 -m seeread train recipes/paligemma.py --full --out runs/paligemma-full

The laptop size teaches mini-paligemma questions that it was never asked: which shape of a drawn scene is the largest,
the smallest, the highest, the lowest. It answers 28 % of them rightly on
unseen scenes, and none before.
"""

from dataclasses import replace
from random import Random

from seeread.data.scene_set import scene_set
from seeread.data.scenes import Thing, invent
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Question
from seeread.training.recipe import Portion, Recipe
from seeread.training.settings import Settings

FIRST = 2_200_000


def size(thing: Thing) -> float:
    """The area of its box."""
    return (thing.box.x_max - thing.box.x_min) * (thing.box.y_max - thing.box.y_min)


def height(thing: Thing) -> float:
    """How far up its middle is."""
    return -thing.middle[1]


def superlatives(seed: int) -> tuple[Question, ...]:
    """Two questions about the scene of a seed."""
    scene = invent(seed, most=3)
    ways = {
        "largest": size,
        "smallest": lambda t: -size(t),
        "highest": height,
        "lowest": lambda t: -height(t),
    }
    asked = Random(seed).sample(sorted(ways), 2)
    return tuple(
        Question(f"which is the {way} shape?", (max(scene.things, key=ways[way]).name,), f"{seed}:{way}")
        for way in asked
    )


def asking(count: int, first: int = FIRST) -> DataSet:
    """Scenes with such questions."""
    drawn = scene_set(count, 128, first, most=3, questions=0)
    items = [
        replace(item, captions=(), things=None, questions=superlatives(first + place))
        for place, item in enumerate(drawn.items)
    ]
    return replace(drawn, name=f"superlatives/{first}-{first + count}", items=tuple(items))


def scenes() -> DataSet:
    """To learn from."""
    return asking(2500)


recipe = Recipe(
    name="mini-paligemma and superlatives",
    start="seeread/mini-paligemma",
    data=(Portion(data=scenes, task="answer"),),
    goal="write",
    settings=Settings(
        steps=400,
        rate=5e-4,
        batch=16,
        warmup=20,
        weight_decay=0.0,
        average=0.98,
        frozen=("vision",),
        precision="fp32",
    ),
)

# The authors' transfer to VQAv2 at 224 pixels (big_vision, configs/proj/paligemma/transfers/vqav2.py): all weights,
# 10 epochs of the 658,111 questions of training and validation in batches of 256, a rate of 1e-5, a weight decay of
# 1e-6, a cosine after 5 % of warm-up.
full = Recipe(
    name="PaliGemma 3B on VQAv2",
    start="google/paligemma-3b-pt-224",
    data=(Portion(data="data/vqav2", task="answer"),),
    goal="write",
    settings=Settings(
        steps=10 * 658_111 // 256, rate=1e-5, batch=256, accumulate=4, warmup=1285, weight_decay=1e-6,
        betas=(0.9, 0.999), average=None, recompute=True, sharding="fsdp",
    ),
)  # fmt: skip
