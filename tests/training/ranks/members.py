"""One of several processes that train together in a test: `python -m ... FOLDER`, as many as RANK and WORLD_SIZE say.

The first rank writes down what came of it, and the tests compare that with what comes of one process alone.
"""

import json
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from seeread.training.ranks.start import start, stop
from seeread.training.ranks.states import full_state
from tests.training.ranks.lessons import SETTINGS, Run

CASES = {
    "softmax ddp": ("softmax", SETTINGS),
    "softmax fsdp": ("softmax", replace(SETTINGS, sharding="fsdp")),
    "sigmoid ddp": ("sigmoid", SETTINGS),
    "coca ddp": ("coca", SETTINGS),
    "coca fsdp": ("coca", replace(SETTINGS, sharding="fsdp")),
    "llava ddp": ("llava", SETTINGS),
    "llava fsdp": ("llava", replace(SETTINGS, sharding="fsdp")),
    "llava ddp 2": ("llava", replace(SETTINGS, accumulate=2)),
}


def main(folder: Path, names: list[str]) -> None:
    torch.set_num_threads(1)
    world = start(patience=20)
    for name in names:
        run = Run(*CASES[name], world)
        figures = [run.step() for _ in range(run.settings.steps)]
        tensors, moments = full_state(run.module, run.optimizers)
        if world.first:
            save_file(tensors | moments, folder / f"{name} {world.size}.safetensors")
            (folder / f"{name} {world.size}.json").write_text(json.dumps(figures))
        else:
            assert not tensors and not moments
    stop(world)


if __name__ == "__main__":
    warnings.simplefilter("error")
    main(Path(sys.argv[1]), sys.argv[2:])
