"""One of several processes of a run in which rank 1 meets with an accident.

They do nothing but add up numbers, without end. Nothing of a model is imported, so that they start quickly.
"""

import os
import signal
import time

import torch

from seeread.errors import SeereadError
from seeread.training.ranks.company import company
from seeread.training.ranks.gathering import mean
from seeread.training.ranks.start import start, stop

PATIENCE = 8.0  # seconds; eighteen processes start at once, perhaps on two busy cores


class Agreed(Exception):  # noqa: N818
    """All stop together."""


def main(accident: str) -> int:
    torch.set_num_threads(1)
    world = start(patience=PATIENCE, longest=60)
    try:
        with company(world, agreed=Agreed):
            for step in range(1000):
                mean(torch.tensor([1.0]))
                if step < 20:
                    time.sleep(PATIENCE / 100)  # all have said that they are alive before anything happens
                elif step > 30 and accident == "busy":
                    break
                elif world.rank == 1 and accident == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                elif world.rank == 1 and accident == "silent":
                    os.kill(os.getpid(), signal.SIGSTOP)
                elif world.rank == 1 and accident == "failed":
                    raise ValueError("no such shard")
                elif world.rank == 0 and accident == "first":
                    raise ValueError("the disk is full")
                elif world.rank == 1 and accident == "busy" and step == 20:
                    time.sleep(PATIENCE + 2)
                elif accident == "agreed":
                    time.sleep(world.rank)
                    raise Agreed
    except SeereadError as error:
        print(error)
        return 3
    except ValueError as error:
        print(error)
        return 4
    except Agreed:
        return 75
    finally:
        stop(world)
    return 0
