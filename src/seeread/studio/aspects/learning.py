"""What a model was taught, and by whom it may be used: of this no configuration tells."""

from seeread.models.families import family_of
from seeread.studio.aspects.cell import Cell
from seeread.studio.aspects.subject import Subject

LEARNS = {
    "language_model": "next token",
    "llava": "next token, instructions",
    "paligemma": "next token, task prefixes, location tokens",
    "t5": "span corruption",
    "pali": "task mixture: captions, VQA, detection, span corruption",
    "flamingo": "next token, interleaved",
    "coca": "InfoNCE and captions",
    "hybrid": "next token",
    "fuyu": "next token",
    "chameleon": "next token",
    "perceiver_classifier": "classes",
    "perceiver_language_model": "masked bytes",
    "perceiver_flow": "optical flow",
    "tower_probe": "classes",
}
"""What models of each family learn by; dual encoders say it in their config."""

_MEANING = {
    "InfoNCE": "of all texts in a batch, which belongs to this picture?",
    "sigmoid loss": "does this text belong to this picture, yes or no?",
    "next token": "what is the next word of this text?",
    "span corruption": "which words were taken out here?",
    "task mixture": "what is the answer to this task?",
    "masked bytes": "which letters were taken out here?",
    "classes": "which of these classes does the picture show?",
}


def learns(subject: Subject) -> Cell | None:
    """The question that training asked again and again."""
    if (c := subject.config) is None:
        return None
    contrast = "sigmoid loss" if getattr(c, "loss", "softmax") == "sigmoid" else "InfoNCE"
    said = LEARNS.get(family_of(c).name, contrast)
    more = next((meaning for start, meaning in _MEANING.items() if said.startswith(start)), "")
    return Cell(said, more, known="stated")


def data(subject: Subject) -> Cell | None:
    """What it was trained on, as its publishers say."""
    entry = subject.entry
    return None if entry is None or entry.data is None else Cell(entry.data, known="stated", source=subject.source)


def licence(subject: Subject) -> Cell | None:
    """Under which terms it may be used."""
    entry = subject.entry
    if entry is None or entry.licence is None:
        return None
    more = "to be accepted on its page before it is fetched" if entry.gated else ""
    return Cell(entry.licence, more, known="stated", source=subject.source)


def imagenet(subject: Subject) -> Cell | None:
    """The one score that is published of nearly all models that compare."""
    entry = subject.entry
    if entry is None or entry.accuracy is None:
        return None
    percent = entry.accuracy.percent
    return Cell(f"{percent:.1f} %", entry.accuracy.source, percent / 100, known="stated")
