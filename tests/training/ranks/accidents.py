"""One of several processes of a real run, to one of which something happens: `... ACCIDENT FOLDER`, also by torchrun.

The run has twelve steps and saves its state after every fourth.
"""

import os
import signal
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from seeread.errors import SeereadError
from seeread.training.engine.trainer import train
from seeread.training.keeping.stopping import SAVED_AND_STOPPED, StoppedError
from seeread.training.ranks.start import start, stop
from seeread.training.streams.stream import Steps
from tests.training.ranks.lessons import SETTINGS, Goal

RUN = replace(SETTINGS, steps=12, save_every=4, warmup=2)
LOST = 3


def main(accident: str, folder: str) -> int:
    """The exit status."""
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    world = start(patience=9)
    settings = replace(RUN, sharding="fsdp") if "sharded" in accident else RUN
    settings = replace(settings, recompute="thrifty" in accident)
    goal = Goal("softmax")

    def batch(step: int) -> Any:
        if world.rank == 1 and step == 9:
            if "killed" in accident:
                os.kill(os.getpid(), signal.SIGKILL)
            if "failed" in accident:
                raise SeereadError("no such shard")
        if world.rank == 1 and step == 5 and "asked" in accident:
            os.kill(os.getpid(), signal.SIGTERM)
        if world.first and step == 9:
            time.sleep(0.2)
        return goal.parts(step, settings, world)[0]

    try:
        trained = train(goal.model, goal.objective, Steps(batch), settings, Path(folder) / "run", world=world)
        if world.first:
            save_file(trained.state_dict(), Path(folder) / "trained.safetensors")
        return 0
    except StoppedError as error:
        print(error)
        return SAVED_AND_STOPPED
    except SeereadError as error:
        print(error)
        return LOST
    finally:
        stop(world)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
