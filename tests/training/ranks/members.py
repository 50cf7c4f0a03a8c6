"""One of several processes that train together in a test. The first one writes down what came of it."""

import json
import time
import warnings
from dataclasses import replace
from pathlib import Path

import torch
import torch._dynamo  # with what follows, imported once for all processes instead of where each needs it
import torch.distributed.fsdp
import torch.distributed.tensor
from safetensors.torch import save_file

from seeread.errors import DataError, SeereadError
from seeread.training.ranks.gathering import agree, barrier, gather, gather_objects, mean
from seeread.training.ranks.start import start, stop
from seeread.training.ranks.world import World
from seeread.training.settings import Settings
from tests.training.learners import LEARNERS
from tests.training.ranks.lessons import SETTINGS, Run, differences

FSDP = replace(SETTINGS, sharding="fsdp")


def setting(words: str) -> Settings:
    """What a case is called, as settings: "ddp", "fsdp in parts"."""
    settings = FSDP if "fsdp" in words else SETTINGS
    settings = replace(settings, accumulate=2) if "parts" in words else settings
    settings = replace(settings, frozen=("vision",)) if "frozen" in words else settings
    settings = replace(settings, optimizer="muon") if "muon" in words else settings
    return replace(settings, precision="bf16") if "bf16" in words else settings


def main(folder: str, *cases: str) -> None:
    """Every case is a run of five steps, or one of the checks below by its name."""
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    began = time.monotonic()
    world = start(longest=30)
    for case in cases:
        print(f"{time.monotonic() - began:.1f}", case)
        name, _, words = case.partition(", ")
        if name in CHECKS:
            found = CHECKS[name](world)
            if world.first:
                (Path(folder) / f"{name}.json").write_text(json.dumps(found))
            continue
        run = Run(name, setting(words), world)
        figures = run.steps(SETTINGS.steps)
        state = run.state()
        if world.first:
            save_file(
                state, Path(folder) / f"{case} {world.size}.safetensors", {"figures": json.dumps(figures)}
            )
        else:
            assert not state
    stop(world)


def messages(world: World) -> object:
    """What the ranks tell each other."""
    rows = torch.arange(4.0).view(2, 2) + 10 * world.rank
    rows.requires_grad_()
    gathered = gather(rows)
    ((world.rank + 1) * torch.arange(len(gathered))[:, None] * gathered).sum().backward()
    uneven = ""
    try:
        gather(torch.zeros(1 + world.rank, 2))
    except DataError as error:
        uneven = str(error)
    barrier()
    return {
        "rows": gathered.tolist(),
        "gradients": gather_objects(rows.grad.tolist() if rows.grad is not None else None),
        "mean": mean(torch.tensor(float(world.rank))).item(),
        "agreed": [agree(world.rank == 1), agree(False), agree(True)],
        "objects": gather_objects({"é": [world.rank] * (world.rank + 1)}),
        "uneven": gather_objects(uneven),
        "bytes": gather(torch.ones(3, dtype=torch.uint8)).tolist(),
    }


def families(world: World) -> object:
    """Every family, spread over the ranks."""
    return {family: differences(family, world) for family in LEARNERS}


def resumed(world: World) -> object:
    """Runs that stop after three steps and go on in another, which began with other weights: whether a state is
    the same, bit for bit, where it was taken over, and how far the end is from that of what never stopped."""
    found = {}
    for before, after in (
        ("ddp", "ddp"),
        ("fsdp", "fsdp"),
        ("ddp", "fsdp"),
        ("fsdp", "ddp"),
        ("muon", "muon"),
    ):
        run = Run("coca", setting(before), world)
        run.steps(3)
        half = run.state()
        run.steps(2)
        whole = run.state()
        other = Run("coca", setting(after), world)
        other.steps(1)
        other.restore(half, 3)
        same = same_state(half, other.state())
        other.steps(2)
        ended = other.state()
        found[f"{before} {after}"] = [
            same,
            max([0.0] + [(whole[n] - ended[n]).abs().max().item() for n in whole]),
        ]
    return found


def same_state(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def refused(world: World) -> object:
    """What all ranks say to the state of another model, which only the first one sees; and whether any weight moved."""
    run = Run("softmax", FSDP, world)
    state = run.state()
    said = []
    for wrong in (
        {name: tensor for name, tensor in state.items() if "log_scale" not in name},
        state | {"model.other": torch.ones(1)},
        {name: torch.ones(7) for name in state},
        state | {"model.elsewhere/exp_avg": torch.ones(1)},
    ):
        try:
            run.restore(wrong if world.first else {}, 0)
        except SeereadError as error:
            said.append(str(error))
    return {"said": gather_objects(said), "same": same_state(state, run.state())}


def blind(world: World) -> object:
    """With weights that are spread out, one rank must not have pictures where another has none."""
    try:
        Run("llava blind", FSDP, world).step()
    except DataError as error:
        return gather_objects(str(error))
    return gather_objects(None)


CHECKS = {check.__name__: check for check in (messages, families, resumed, refused, blind)}
