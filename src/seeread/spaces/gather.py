"""What goes into a space: the pictures of a folder, and the texts that lie beside them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item
from seeread.data.sets.place import pictures_below
from seeread.data.sets.read import read_set

Kind = Literal["caption", "label", "name", "typed"]
"""Where a text comes from: it lies beside a picture, is the class of some, is the word of ours that fits some best, or
was typed."""


@dataclass(frozen=True)
class Text:
    """A text of a space. `owner` is the place of the picture that it is the caption of."""

    text: str
    kind: Kind
    owner: int | None = None


@dataclass(frozen=True)
class Gathered:
    """Pictures, with what is known of them, in order; the names of their classes; and what was left out, and why."""

    items: tuple[Item, ...]
    labels: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    total: int = 0  # pictures that are there, of which `items` may be some
    split: str | None = None  # which part of a divided set they are


def gather(
    folder: str | os.PathLike[str], *, split: str | None = None, limit: int | None = None, seed: int = 0
) -> Gathered:
    """The pictures at `folder` in any layout that `read_set` understands: captions in .txt files or tables beside them
    are theirs, folders are their classes. Pictures that a table does not speak of come along. At most `limit` are
    taken, drawn by `seed`. Raises DataError if there are none.
    """
    data = read_set(Path(folder), split=split)
    items = (*data.items, *_unspoken(data))
    drawn = DataSet(data.name, data.path, data.layout, items).some(limit, seed).items
    used = {item.label for item in drawn}
    labels = dict.fromkeys(name for label, name in zip(data.labels, data.called, strict=True) if label in used)
    return Gathered(drawn, tuple(labels), dict(data.broken), len(items), data.split)


def texts_of(items: Sequence[Item], labels: Sequence[str]) -> list[Text]:
    """The texts of pictures that have some: the first caption of each, with its picture; without any, their classes."""
    captions = [
        Text(item.captions[0], "caption", place)
        for place, item in enumerate(items)
        if item.captions and item.captions[0].strip()
    ]
    return captions or [Text(label, "label") for label in labels]


def _unspoken(data: DataSet) -> list[Item]:
    """The pictures of a folder that its table says nothing of. Of a set that is divided they may be those of another
    part, and are left alone."""
    if data.layout != "table" or data.split is not None or not data.path.is_dir():
        return []
    known = {os.path.realpath(item.picture) for item in data.items if isinstance(item.picture, str)}
    here = ((below, os.path.join(data.path, below)) for below in pictures_below(str(data.path)))
    return [Item(below, path) for below, path in here if os.path.realpath(path) not in known]
