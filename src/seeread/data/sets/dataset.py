"""A set of pictures: its items, its classes, and what it can be used for."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Literal

from seeread.data.sets.item import Item, Question

Knowledge = Literal["labels", "captions", "questions", "boxes", "phrases", "masks"]
"""What may be known of the pictures of a set."""


@dataclass(frozen=True)
class DataSet:
    """Pictures that lie together. `name` is what tables call it ("tiny_imagenet/val"); `layout` is how it lies on disk
    ("class folders", "parquet"); `labels` are all its classes, in the order of their numbers, also those that no
    picture has. `names` is what they are called, where two are called the same (ImageNet has two kinds of sunglasses,
    whose labels are told apart by their ids). `broken` says, by id, what of the set could not be understood and is not
    among the items."""

    name: str
    path: Path
    layout: str
    items: tuple[Item, ...]
    labels: tuple[str, ...] = ()
    split: str | None = None
    broken: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    @property
    def knows(self) -> frozenset[Knowledge]:
        """What is known of at least one picture."""
        known: dict[Knowledge, bool] = {
            "labels": any(item.label is not None for item in self.items),
            "captions": any(item.captions for item in self.items),
            "questions": any(item.questions for item in self.items),
            "boxes": any(item.things is not None for item in self.items),
            "phrases": any(item.phrases for item in self.items),
            "masks": any(item.mask is not None for item in self.items),
        }
        return frozenset(what for what, there in known.items() if there)

    @property
    def called(self) -> tuple[str, ...]:
        """What each class is called, one name a label: for prompts. No label is there twice, but a name may be."""
        return self.names or self.labels

    def some(self, limit: int | None, seed: int = 0) -> "DataSet":
        """At most `limit` of its items, drawn by `seed`, in their order."""
        if limit is None or limit >= len(self.items):
            return self
        places = sorted(Random(seed).sample(range(len(self.items)), limit))
        return replace(self, items=tuple(self.items[place] for place in places))

    def digest(self, pictures: Iterable[str]) -> str:
        """SHA-256 of all that is known and of the pictures, given the SHA-256 of each item's picture in order, as
        `features.content` makes them: two sets with the same digest ask for the same."""
        summary = hashlib.sha256(json.dumps([self.labels, self.called]).encode())
        for item, picture in zip(self.items, pictures, strict=True):
            told = {
                "id": item.id, "picture": picture, "label": item.label, "captions": item.captions,
                "questions": [_told(question) for question in item.questions],
                "things": None if item.things is None else [asdict(thing) for thing in item.things],
                "phrases": [asdict(phrase) for phrase in item.phrases], "columns": dict(sorted(item.columns.items())),
            }  # fmt: skip
            summary.update(json.dumps(told).encode())
        return summary.hexdigest()


def _told(question: Question) -> dict[str, object]:
    """A question as digests know it: without what was said before it, where nothing was."""
    told = asdict(question)
    return told if question.before else {name: value for name, value in told.items() if name != "before"}
