"""The table: models side by side, aspect by aspect."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seeread.studio.aspects import inputs, learning, meeting, parts
from seeread.studio.aspects.cell import Cell
from seeread.studio.aspects.subject import Subject


@dataclass(frozen=True)
class Aspect:
    """One row: what it is called, what that means to someone who meets it for the first time, and how it is found."""

    id: str
    name: str
    about: str
    of: Callable[[Subject], Cell | None]


@dataclass(frozen=True)
class Group:
    """Rows that belong together."""

    name: str
    aspects: tuple[Aspect, ...]


@dataclass(frozen=True)
class Row:
    """An aspect of several models, and whether they differ in it. What a paper does not say differs from nothing."""

    aspect: Aspect
    cells: tuple[Cell | None, ...]
    differs: bool


GROUPS = (
    Group("Modalities", (
        Aspect("reads", "Reads", "What may be put in: pictures, and in what size; words.", inputs.reads),
        Aspect("gives", "Gives", "What comes out.", inputs.gives),
    )),
    Group("Architecture", (
        Aspect("sees", "Sees with", "The part that looks at pictures. Blocks are its layers, one after the other.",
               parts.sees),
        Aspect("connector", "Connector", "What turns the tower's features into something that the rest can read.",
               parts.connector),
        Aspect("words", "Reads words with", "The part that reads words, and writes them where it can.", parts.words),
    )),
    Group("Fusion", (
        Aspect("meets", "Sight enters", "The place where what was seen and what was read come together.",
               meeting.meets),
        Aspect("first", "First layer that knows both", "Found by following every number of a run to where it came "
               "from.", meeting.first),
        Aspect("tokens", "Visual tokens", "By so many vectors words can look at one picture. More of them show finer "
               "things, and cost more.", meeting.tokens),
        Aspect("prompt", "Reads a prompt", "Both ways: a picture's tokens see the question, too. From left to right: "
               "they do not.", meeting.prompt),
        Aspect("share", "Work done on both", "How much of all work is done after sight and words have met. Nearly "
               "none is what people call late fusion; nearly all, early fusion.", meeting.share),
    )),
    Group("Size and work", (
        Aspect("parameters", "Parameters", "The numbers that were learned, by what they work on.", meeting.parameters),
        Aspect("work", "Work for a picture and 32 words", "Operations of one pass, multiplications and additions, by "
               "what they are done on: before sight and words meet, and after.", meeting.work),
        Aspect("kept", "Can be kept", "What need not be computed again for the next question, with exactly the same "
               "result.", meeting.kept),
    )),
    Group("Training", (
        Aspect("learns", "Learns by", "The question that training asked, again and again.", learning.learns),
        Aspect("data", "Taught on", "The pictures and texts, as its publishers name them.", learning.data),
        Aspect("imagenet", "ImageNet, without examples", "Share of 50,000 photographs that are given the right one of "
               "1,000 names; published, not measured here.", learning.imagenet),
        Aspect("licence", "Licence", "The terms of its weights.", learning.licence),
    )),
    Group("Task complexity", (
        Aspect("tasks", "May be asked for", "From one score up to free text about places in a picture.", inputs.tasks),
        Aspect("steps", "An answer takes", "How often the model has to run.", inputs.steps),
    )),
)  # fmt: skip
"""All rows, in order."""


def rows(group: Group, subjects: Sequence[Subject]) -> list[Row]:
    """The rows of a group of which anything is known of any of these models."""
    found = []
    for aspect in group.aspects:
        cells = tuple(cell_of(aspect, subject) for subject in subjects)
        said = {
            cell and (cell.text, cell.more)
            for cell, subject in zip(cells, subjects, strict=True)
            if cell is not None or not subject.reported
        }
        if any(cells):
            found.append(Row(aspect, cells, len(said) > 1))
    return found


def cell_of(aspect: Aspect, subject: Subject) -> Cell | None:
    """What a paper says of it, or what was found."""
    return subject.reported.get(aspect.id) if subject.reported else aspect.of(subject)
