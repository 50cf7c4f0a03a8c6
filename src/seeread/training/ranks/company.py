"""The ranks of a run keep company: whichever is lost, the others hear of it, say which it was, and end."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import torch.distributed as dist
from torch._C._distributed_c10d import PrefixStore, TCPStore

from seeread.errors import SeereadError
from seeread.training.ranks.gathering import barrier
from seeread.training.ranks.world import World

AGAIN = "Start the run again: it goes on from its last checkpoint."

BEATS = 30
"""How often in its patience a rank says that it is alive."""


class RankLostError(SeereadError):
    """Another rank is gone, and the run cannot go on without it."""


@contextmanager
def company(world: World, agreed: type[Exception] | tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Within, each rank listens for the next. One that fails tells the others why; one that is killed, or is silent
    for the world's patience, since it hangs or its machine is lost, is found missing. All others leave with
    RankLostError, which names it, and where they wait for it in a call that never ends, their process ends.

    A rank is alive while its process runs Python at all, whatever it does: to measure for an hour is no reason to be
    missed. An `agreed` error is one that all ranks raise together, and no failure.
    """
    if (
        world.size == 1 or "MASTER_ADDR" not in os.environ
    ):  # whoever made them meet elsewhere looks after them
        yield
        return
    pulse = _Pulse(world)
    try:
        try:
            yield
        except agreed:
            barrier()
            raise
        barrier()
    except Exception as error:
        if pulse.missed(error):
            raise RankLostError(pulse.verdict()) from None
        if not isinstance(error, agreed):
            pulse.tell(world.rank, f"stopped with {type(error).__name__}: {error}")
        raise
    finally:
        pulse.leave()


class _Pulse:
    """A thread with a line of its own to the place where the processes met."""

    def __init__(self, world: World):
        self.world, self.beat = world, world.patience / BEATS
        address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        line = TCPStore(address, port, is_master=False, timeout=timedelta(seconds=world.patience))
        # An attempt that torchrun began anew knows nothing of the ranks that the one before has lost.
        self.line = PrefixStore(f"company/{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", line)
        self.lost: str | None = None
        self.leaving = threading.Event()
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def tell(self, rank: int, why: str) -> None:
        """Let all know that a rank is lost. What is told first, counts: the others' ends follow from it."""
        with suppress(dist.DistError):
            self.line.compare_set("lost", "", f"Rank {rank} of {self.world.size} {why}")
            self._look()

    def missed(self, error: Exception) -> bool:
        """Whether an error is that of a call that needed the others, and not this rank's own."""
        of_torch = isinstance(error, RuntimeError) and any(n in str(error).lower() for n in ("gloo", "nccl"))
        return isinstance(error, dist.DistError) or of_torch

    def verdict(self) -> str:
        """Which rank was lost, and why, as soon as somebody knows; not later than all have had time to be missed."""
        until = time.monotonic() + 6 * self.beat + 1
        try:
            self.line.add("alarm", 1)
            while self.lost is None and time.monotonic() < until:
                time.sleep(self.beat / 4)
                self._look()
        except dist.DistError:
            self.lost = self.lost or self._nowhere()
        return f"{self.lost or 'One of the ranks is gone, and nobody knows which'}. {AGAIN}"

    def leave(self) -> None:
        """Listen no longer. What happens to the others from now on is no concern of this rank."""
        if self.lost is not None and self.world.first:
            time.sleep(2 * self.beat)  # they may meet at this process, and have not heard yet whom they miss
        self.leaving.set()
        self.thread.join(2 * self.beat)

    def _listen(self) -> None:
        follower = (self.world.rank + 1) % self.world.size
        count, heard = 0, time.monotonic()
        while not self.leaving.wait(self.beat):
            try:
                self.line.add(f"pulse/{self.world.rank}", 1)
                now = self.line.add(f"pulse/{follower}", 0)
                alarmed = self.line.add("alarm", 0) > 0
                if now != count or not (now or alarmed):  # who has not begun yet is not missed
                    count, heard = now, time.monotonic()
                silent = time.monotonic() - heard
                if alarmed and silent > 4 * self.beat:
                    self.tell(follower, "is gone: its process was killed, or its machine is lost")
                elif silent > self.world.patience:
                    self.tell(follower, f"was not heard for {silent:.0f} s: it hangs, or its machine is lost")
                self._look()
            except dist.DistError:
                self.lost = self.lost or self._nowhere()
            if self.lost is not None and not self.leaving.wait(max(5.0, 3 * self.beat)):
                print(f"{self.lost}. Rank {self.world.rank} ends. {AGAIN}", file=sys.stderr, flush=True)
                os._exit(1)

    def _look(self) -> None:
        if self.lost is None and self.line.check(["lost"]):
            self.lost = self.line.get("lost").decode()

    def _nowhere(self) -> str:
        return f"Rank 0 of {self.world.size}, or the machine where all meet, is gone"
