"""Moments to die at: the calls to the file system that a run makes while it keeps its state."""

import os
import re
import signal
import sys
from typing import Any

POINTS = {
    "before the folder": ("os.mkdir", r"checkpoints/[^/]+$"),
    "before the tensors": ("open", r"/\.state\.safetensors"),
    "before the tensors are on the disk": ("fsync", r"/\.state\.safetensors"),
    "before the tensors have their name": ("os.rename", r"/\.state\.safetensors"),
    "before the notes": ("open", r"/\.state\.json"),
    "before the manifest": ("open", r"/\.manifest"),
    "before the manifest is on the disk": ("fsync", r"/\.manifest"),
    "before the folder is on the disk": ("fsync", r"checkpoints/[^/]+$"),
    "before the folder has its name": ("os.rename", r"checkpoints/\.[^/]+\.part$"),
    "before its name is on the disk": ("fsync", r"checkpoints$"),
    "before an old one loses its name": ("os.rename", r"checkpoints/step-\d+$"),
    "when an old one is about to go": ("shutil.rmtree", r"checkpoints/[^/]+$"),
    "when a file of an old one is about to go": ("os.remove", r"checkpoints/[^/]+/(state|manifest)"),
    "when an old one is empty": ("os.rmdir", r"checkpoints/[^/]+$"),
}
"""What is about to happen, and to which path."""


def die_at(point: str, turn: int) -> None:
    """Let this process be killed (SIGKILL) when it comes to a point for the `turn`-th time."""
    kind, pattern = POINTS[point]
    left = turn

    def came(event: str, path: str) -> None:
        nonlocal left
        if event == kind and re.search(pattern, path):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == kind and isinstance(arguments[0], str | bytes | os.PathLike):
            path = os.fsdecode(arguments[0])
            folder = arguments[-1]
            if (
                not path.startswith("/") and isinstance(folder, int) and folder >= 0
            ):  # relative to an open folder
                path = f"{_place(folder)}/{path}"
            came(event, path)

    plain = os.fsync

    def fsync(descriptor: int) -> None:
        came("fsync", _place(descriptor))
        plain(descriptor)

    os.fsync = fsync
    sys.addaudithook(heard)


def _place(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")
