"""One of several processes that share the losses of a step (`Company`).

The first rank writes down the loss and the gradients of each case, which the tests compare with those of one process.
"""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from seeread.data.collate import batches, batches_and_texts
from seeread.data.example import Example
from seeread.training.engine.learner import Learner
from seeread.training.engine.step import backward
from seeread.training.objectives.captions import contrast_and_captions
from seeread.training.objectives.contrast import compared, contrastive, info_nce, pairwise_sigmoid
from seeread.training.objectives.objective import Objective
from seeread.training.objectives.writing import writing
from seeread.training.ranks.gathering import gather, mean
from seeread.training.ranks.start import start, stop
from seeread.training.ranks.world import World
from seeread.training.ranks.wrap import wrapped
from seeread.training.settings import Settings
from tests.tiny import tiny_model
from tests.training.learners import LEARNERS, PICTURES, mixture

EXACT = Settings(steps=1, rate=1.0, precision="fp32")
ROWS = 8
OBJECTIVES: dict[str, Objective] = {
    "softmax": contrastive(),
    "sigmoid": contrastive(),
    "softmax, plain": contrastive(info_nce),
    "sigmoid, plain": contrastive(pairwise_sigmoid),
    "coca": contrast_and_captions(),
    "llava": writing,
}
VECTORS = ("softmax", "sigmoid", "softmax, plain", "sigmoid, plain")


def model_of(case: str) -> nn.Module:
    """Always the same."""
    if case in ("coca", "llava"):
        return LEARNERS[case].model().train()
    return tiny_model(case.removesuffix(", plain")).module.train()


def rows_of(case: str, first: int, count: int) -> Any:
    """Some of the 8 pairs of a step; captions have one letter to four."""
    if case not in ("coca", "llava"):
        chance = torch.Generator().manual_seed(0)
        images = torch.randn(ROWS, 3, 16, 16, generator=chance)
        tokens = torch.randint(3, 12, (ROWS, 5), generator=chance)
        return images[first : first + count], tokens[first : first + count]
    examples = [Example(picture, "caption", "", "abcd"[: 1 + row]) for row, picture in enumerate(PICTURES)]
    lessons = mixture(examples, "")(0) + mixture(examples, "")(1)
    collate = batches_and_texts if case == "coca" else batches
    return collate(lambda step: lessons[first : first + count], LEARNERS[case].processor)(0)


def step(case: str, world: World, count: int) -> dict[str, Tensor]:
    """The loss and the gradients of a step in `count` parts."""
    model, objective = model_of(case), OBJECTIVES[case]
    learner = wrapped(Learner(model, objective, EXACT), EXACT, world)
    share = ROWS // (count * world.size)
    firsts = [share * (world.size * part + world.rank) for part in range(count)]
    loss = backward(learner, objective, [rows_of(case, first, share) for first in firsts])
    found = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    return found | {"loss": mean(loss)}


def pulled(case: str, world: World) -> dict[str, Tensor]:
    """The loss of 28 vectors at a scale of 100, of which each rank has some, and its gradients, averaged over the ranks
    as those of weights are."""
    chance = torch.Generator().manual_seed(0)
    images, texts = F.normalize(torch.randn(2, 28, 4, generator=chance, dtype=torch.float64), dim=-1)
    share = 28 // world.size
    own = slice(share * world.rank, share * (world.rank + 1))
    scale, bias = torch.tensor([100.0]).double(), torch.tensor([-10.0]).double()
    given = [images[own], texts[own], scale] + [bias] * ("sigmoid" in case)
    given = [each.clone().requires_grad_() for each in given]
    plain = {"softmax, plain": info_nce, "sigmoid, plain": pairwise_sigmoid}.get(case)
    loss = compared(plain, *given)
    of_images, of_texts, *of_scales = torch.autograd.grad(loss, given)
    found = {"images": gather(of_images) / world.size, "texts": gather(of_texts) / world.size}
    found |= {f"scale {number}": mean(each) for number, each in enumerate(of_scales)}
    return found | {"loss": mean(loss)}


def all_of(world: World) -> dict[str, Tensor]:
    """Every case, by name."""
    cases = {f"{case} in {parts}": step(case, world, parts) for case in OBJECTIVES for parts in (1, 2)}
    cases |= {f"vectors, {case}": pulled(case, world) for case in VECTORS}
    return {f"{case}: {name}": tensor for case, found in cases.items() for name, tensor in found.items()}


def main(folder: str) -> None:
    torch.set_num_threads(1)
    world = start(patience=60)
    found = all_of(world)
    if world.first:
        save_file(
            {name: tensor.contiguous() for name, tensor in found.items()}, Path(folder) / "found.safetensors"
        )
    stop(world)
