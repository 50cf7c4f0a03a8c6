"""Processes that train together, for the tests: started as torchrun would, each with its rank in its environment."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Left:
    """How a process ended: `signal` numbers are negative codes, as in subprocess."""

    code: int
    said: str
    after: float


class Company:
    """`size` processes of a module of the tests. Whatever is still there at the end is killed."""

    def __init__(self, size: int, module: str, arguments: Sequence[str], environment: Mapping[str, str] = {}):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.began = time.monotonic()
        shared = os.environ | {"OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        self.members = [
            subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=shared
                | {"RANK": str(r), "LOCAL_RANK": str(r), "WORLD_SIZE": str(size)}
                | dict(environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for r in range(size)
        ]

    def wait(self, limit: float = 120.0, unless: int | None = None) -> list[Left]:
        """Until all are gone, but for the one that never ends by itself: that one is killed then."""
        left: dict[int, Left] = {}
        try:
            for rank in sorted(range(len(self.members)), key=lambda rank: rank == unless):
                member = self.members[rank]
                if rank == unless:
                    member.kill()
                said, _ = member.communicate(timeout=limit)
                left[rank] = Left(member.returncode, said, time.monotonic() - self.began)
        finally:
            for member in self.members:
                if member.poll() is None:
                    member.kill()
        return [left[rank] for rank in sorted(left)]
