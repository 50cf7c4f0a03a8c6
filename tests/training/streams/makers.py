"""Sets that are made in memory or laid out on disk, and what comes of their streams."""

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image
from torch import Tensor

from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item, Question, Thing
from seeread.preprocessing.pointing.locations import Box
from seeread.training.ranks.world import World
from seeread.training.settings import Settings

CLASSES = ("cat", "dog", "red fox")


def picture(number: int, size: tuple[int, int] = (24, 20)) -> bytes:
    """A PNG of noise, another for each number."""
    pixels = numpy.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), numpy.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def item(number: int, what: Iterable[str] = ("captions", "labels", "questions", "boxes")) -> Item:
    """Of which as much is known as is wanted."""
    known = set(what)
    box = Box(0.1, 0.2, 0.6, 0.7)
    return Item(
        f"{number:03}.png",
        picture(number),
        CLASSES[number % 3] if "labels" in known else None,
        (f"a photo {number}", f"the dog {number}") if "captions" in known else (),
        (Question(f"is it {number}?", ("yes", "no"), f"q{number}"),) if "questions" in known else (),
        (Thing("cat", box), Thing("dog", box)) if "boxes" in known else None,
    )


def data(count: int, *what: str, name: str = "noise", broken: Iterable[int] = ()) -> DataSet:
    """So many items; the picture of each that is `broken` is cut."""
    cut = set(broken)
    items = [item(number, what or ("captions",)) for number in range(count)]
    items = [
        Item(each.id, picture(place)[:60], each.label, each.captions, each.questions, each.things)
        if place in cut
        else each
        for place, each in enumerate(items)
    ]
    return DataSet(name, Path(name), "made", tuple(items), CLASSES if "labels" in what else ())


def settings(**changes: Any) -> Settings:
    """For a batch of eight."""
    return Settings(**{"steps": 1, "rate": 1.0, "batch": 8, **changes})


def world(rank: int = 0, size: int = 1) -> World:
    """One of several ranks, on the CPU."""
    return World(rank, size)


def tensors(batch: Any) -> list[Tensor]:
    """All of a batch, in order."""
    if isinstance(batch, Tensor):
        return [batch]
    if isinstance(batch, tuple):
        return [tensor for part in batch for tensor in tensors(part)]
    if is_dataclass(batch):
        return [tensor for part in fields(batch) for tensor in tensors(getattr(batch, part.name))]
    return []


def equal(one: Any, other: Any) -> bool:
    """Bit for bit."""
    left, right = tensors(one), tensors(other)
    return len(left) == len(right) and all(map(torch.equal, left, right))


def json_of(state: Mapping[str, Any]) -> Any:
    """As a file gives it back."""

    return json.loads(json.dumps(state))


def tar(path: Path, numbers: Iterable[int], whole: bool = True) -> Path:
    """A shard of pictures with captions and classes."""
    with tarfile.open(path, "w") as archive:
        for number in numbers:
            parts = {
                "png": picture(number),
                "txt": f"a photo {number}".encode(),
                "cls": f"{number % 3}".encode(),
            }
            for kind, content in parts.items():
                member = tarfile.TarInfo(f"{number:05}.{kind}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    if not whole:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path
