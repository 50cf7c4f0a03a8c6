"""What goes in, what comes out, and what it takes: modalities and the complexity of tasks."""

from seeread.interface import Patched, Square, Tiled
from seeread.studio.aspects.cell import Cell
from seeread.studio.aspects.subject import Subject


def reads(subject: Subject) -> Cell | None:
    """What pictures, and whether words."""
    if (c := subject.config) is None:
        return None
    match c.pictures:
        case None:
            return Cell("words alone")
        case Square(side=side):
            kind, more = f"pictures of {side} × {side} pixels", "others are scaled to that"
        case Tiled(side=side):
            kind, more = "pictures of any shape", f"whole, and in tiles of {side} × {side} pixels"
        case Patched(patch=patch):
            kind, more = "pictures of any shape", f"in patches of {patch} × {patch} pixels"
    if getattr(c, "resampler", None) is not None:  # which reads all frames of a video together
        return Cell(f"{kind}, and videos, anywhere between words", more)
    return Cell(kind if set(subject.does) == {"classify"} else f"{kind}, and words", more)


def gives(subject: Subject) -> Cell | None:
    """What an answer is."""
    if (c := subject.config) is None:
        return None
    said = {
        "compare": "how well a picture and a text fit",
        "write": "text",
        "point": "places, as words",
        "classify": f"one of {getattr(c, 'classes', 0):,} classes",
        "fill": "what stood in a gap",
    }
    return Cell("; ".join(said[ability] for ability in subject.does))


def tasks(subject: Subject) -> Cell | None:
    """How much a task may ask for, and which those are here."""
    if not (does := subject.does):
        return None
    if "point" in does:
        kind = "free text and places"
    elif "write" in does:
        kind = "free text, and scores" if "compare" in does else "free text"
    else:
        kind = "one score a pair" if "compare" in does else "one choice"
    return Cell(kind, ", ".join(dict.fromkeys(task for ability in does for task in TASKS[ability])))


TASKS = {
    "compare": ("classify", "search", "find duplicates"),
    "write": ("caption", "answer questions", "chat"),
    "point": ("detect", "segment"),
    "classify": ("classify",),
    "fill": ("fill gaps",),
}
"""What people do with each ability."""


def steps(subject: Subject) -> Cell | None:
    """How often the model runs for an answer."""
    if subject.config is None:
        return None
    if "write" in subject.does:
        return Cell("a pass for the prompt, and one for every word written", "so a longer answer takes longer")
    if "compare" in subject.does:
        return Cell("a pass for each picture and each text", "then a product: a million pictures cost one each, once")
    return Cell("one pass", "all gaps of a text at once" if "fill" in subject.does else "")
