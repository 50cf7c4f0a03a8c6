"""LLaVA, second stage (arXiv:2304.08485, arXiv:2310.03744): connector and language model learn to answer; the tower
stays as it is. It goes on from what `llava_stage1.py` left behind:

    seeread train recipes/llava_stage1.py --out runs/llava-stage1
    seeread train recipes/llava_stage2.py --out runs/llava-stage2

Where that lies elsewhere, say so: --from FOLDER. The laptop size learns from questions about 2,000 drawn scenes, and
their captions. The loss fell to 0.76 (over the mini-llava that was bundled then).
"""

from functools import cache

from seeread.data.scene_set import scene_set
from seeread.data.sets.dataset import DataSet
from seeread.training.recipe import Portion, Recipe
from seeread.training.settings import Settings


@cache
def scenes() -> DataSet:
    """Three questions a scene, and its caption."""
    return scene_set(2000, 128, first=2_100_000, most=2)


recipe = Recipe(
    name="LLaVA, stage 2",
    start="runs/llava-stage1/model",
    data=(
        Portion(data=scenes, task="answer", weight=3),
        Portion(data=scenes, task="caption", weight=1),
    ),
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

# scripts/v1_5/finetune.sh of the authors, and the table of hyperparameters in arXiv:2310.03744: one epoch of 665,000
# conversations in batches of 128, a rate of 2e-5, a cosine after 3 % of warm-up, no weight decay.
full = Recipe(
    name="LLaVA 1.5, stage 2",
    start="runs/llava-stage1-full/model",
    data=(Portion(data="data/llava_v1_5_mix665k.json"),),
    goal="write",
    settings=Settings(
        steps=5198, rate=2e-5, batch=128, warmup=156, weight_decay=0.0, betas=(0.9, 0.999), average=None,
        frozen=("vision",), recompute=True, sharding="fsdp",
    ),
)  # fmt: skip
