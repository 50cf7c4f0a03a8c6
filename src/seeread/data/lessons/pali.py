"""The mixture that PaLI was pre-trained on (arXiv:2209.06794, section 3.2 and table 9), of one's own examples.

PaLI-3 (arXiv:2310.09199, section 3.2) was taught the same, from other pictures. Nobody outside has WebLI; here the
proportions are PaLI's, and the examples yours.
"""

from collections.abc import Sequence
from typing import Literal

from seeread.data.example import Example, Task
from seeread.data.lessons.captions import Captioning, SplitCaption, Transcription
from seeread.data.lessons.gaps import SpanCorruption
from seeread.data.lessons.lesson import Exercise, with_gap
from seeread.data.lessons.objects import Choosing, Detection, Listing, Presence, labels_of
from seeread.data.lessons.questions import Answering, Questioning
from seeread.data.mixture import Part
from seeread.preprocessing.pointing.locations import BINS

MILLIONS = {
    "texts": 100, "split captions": 1000, "captions": 100, "transcriptions": 100, "answers": 100, "questions": 100,
    "objects": 50, "detections": 16,
}  # fmt: skip
"""Of 1,566 million examples."""


def pali(examples: Sequence[Example], sentinels: bool = False) -> list[Part]:
    """Each exercise of the paper that some of the examples fit, with its share; the others are left out.

    `sentinels` says that the model's vocabulary has T5's: then prompts end with the first of them, as in the paper, and
    texts (captions, where there are none) are learned by span corruption.
    """
    labels = labels_of(example for example in examples if example.task == "objects")
    texts = [example for example in examples if example.task == "text"] or examples
    parts = []
    for task, exercise, share in exercises(labels, sentinels):
        fitting = texts if task == "text" else examples
        if any(map(exercise.takes, fitting)):
            parts.append(Part(fitting, exercise, share))
    return parts


def exercises(
    labels: Sequence[str] = (), sentinels: bool = False, written: Literal["tokens", "numbers"] = "tokens"
) -> list[tuple[Task, Exercise, float]]:
    """All exercises of the paper: the task of the examples that each is made of, the exercise, and its share of the
    mixture, in millions. That of the questions about objects is divided among the three ways to ask them. Without
    `sentinels` there is no span corruption. Where boxes are `written` in numbers, these are the paper's 1000."""
    objects, bins = MILLIONS["objects"] / 3, BINS if written == "tokens" else 1000
    worded: list[tuple[Task, Exercise, float]] = [
        ("caption", SplitCaption(), MILLIONS["split captions"]),
        ("caption", Captioning(), MILLIONS["captions"]),
        ("read", Transcription(), MILLIONS["transcriptions"]),
        ("answer", Answering(), MILLIONS["answers"]),
        ("answer", Questioning(), MILLIONS["questions"]),
        ("objects", Listing(), objects),
        ("objects", Presence(labels), objects),
        ("objects", Choosing(labels), objects),
        ("detect", Detection(labels, written=written, bins=bins), MILLIONS["detections"]),
    ]
    if not sentinels:
        return worded
    gapped = [(task, with_gap(exercise), share) for task, exercise, share in worded]
    return [*gapped, ("text", SpanCorruption(), MILLIONS["texts"])]
