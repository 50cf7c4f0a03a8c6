"""Processes that train together, for the tests: each with its rank in its environment, as torchrun would start it."""

import importlib
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.training.ranks.members", "tests.training.ranks.accidents"])
"""Every process is a fork of one that has imported torch already, which takes far longer than what they do."""


@dataclass(frozen=True)
class Left:
    """How a process ended: a negative code is the number of a signal. `after` is in seconds."""

    code: int
    said: str
    after: float


class Company:
    """`size` processes that run the `main` of a module, which gives their exit status."""

    def __init__(self, size: int, module: str, arguments: Sequence[str], folder: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        self.began = time.monotonic()
        self.said = [folder / f"said-{port}-{rank}.txt" for rank in range(size)]
        self.members: list[BaseProcess] = []
        for rank, said in enumerate(self.said):
            where = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
            where |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
            member = CONTEXT.Process(target=_run, args=(module, list(arguments), where, said), daemon=True)
            member.start()
            self.members.append(member)

    def wait(self, limit: float = 300.0, unless: int | None = None) -> list[Left]:
        """Until all are gone, but for the one that never ends by itself: that one is killed then."""
        left: dict[int, Left] = {}
        try:
            for rank in sorted(range(len(self.members)), key=lambda rank: rank == unless):
                member = self.members[rank]
                if rank == unless:
                    member.kill()
                member.join(limit)
                assert member.exitcode is not None, f"rank {rank} hangs: {self.said[rank].read_text()}"
                left[rank] = Left(member.exitcode, self.said[rank].read_text(), time.monotonic() - self.began)
        finally:
            for member in self.members:
                member.kill()
        return [left[rank] for rank in sorted(left)]


def _run(module: str, arguments: list[str], where: dict[str, str], said: Path) -> None:
    os.environ |= where
    with said.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.exit(importlib.import_module(module).main(*arguments))
