"""One picture of a set, and all that people have said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from seeread.preprocessing.image import Source
from seeread.preprocessing.pointing.locations import Box


@runtime_checkable
class Kept(Protocol):
    """A picture inside a larger file (a shard, a table), which is read when it is wanted."""

    def read(self) -> bytes:
        """The encoded picture. Raises DataError where the file has gone or changed."""
        ...


@dataclass(frozen=True)
class Question:
    """What is asked about a picture, and what people answered: one answer, or the ten of VQA.

    `id` is unique in the set; `kind` is what sort of question it is, where the set says so ("yes/no", "number").
    `before` is what was asked and answered before it in the same conversation.
    """

    text: str
    answers: tuple[str, ...]
    id: str
    kind: str = ""
    before: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Thing:
    """Something in a picture and its box, which of a `crowd` holds many. `area` is that of its outline, as a share of
    the picture, where it is known; of the box otherwise."""

    label: str
    box: Box
    crowd: bool = False
    area: float | None = None


@dataclass(frozen=True)
class Phrase:
    """What people say to mean one thing in a picture and no other ("the man on the left"), and its box (RefCOCO)."""

    text: str
    box: Box
    id: str


@dataclass(frozen=True, slots=True)  # there may be a million of them
class Item:
    """A picture and what is known of it. Of what nobody said anything, there is nothing: `label` None, no `captions`.

    `id` is unique in its set and the same wherever the set lies: a path below its folder with "/" between its parts, or
    the name of a file and a row in it ("val.parquet:12"). `things` is None where nobody looked for things, and () where
    there are none. `mask` is a picture of class numbers, one a pixel, for `DataSet.labels`; 255 is no class at all.
    `columns` is whatever else a table says, by the names of its columns.
    """

    id: str
    picture: "Source | Kept"
    label: str | None = None
    captions: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    things: tuple[Thing, ...] | None = None
    phrases: tuple[Phrase, ...] = ()
    mask: "Source | Kept | None" = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        """The picture as `open_image` takes it: a path, or bytes that are read now."""
        return opened(self.picture)


def opened(picture: "Source | Kept") -> Source:
    """The same picture, with bytes in place of a place to read them from."""
    return picture.read() if isinstance(picture, Kept) else picture
