"""From a picture and a text to what there is to explain: labels that a model compares, or words that it writes."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from seeread.errors import UsageError
from seeread.explanation.target import AnyTarget, Labels, Span, Written
from seeread.generation.complete import complete
from seeread.generation.sampling import Sampling
from seeread.interface import Classifies, Compares, Generates, Role
from seeread.preprocessing.dialogue import Dialogue, Picture, Turn
from seeread.preprocessing.image import Source, Video, open_image
from seeread.preprocessing.pointing.locations import read_objects
from seeread.pretrained import Pretrained
from seeread.tasks.answer import asking
from seeread.tasks.caption import captioning
from seeread.tasks.classes import Classes
from seeread.tasks.classify import classify
from seeread.tasks.labels import embed_labels
from seeread.tasks.pointing.labels import label_list
from seeread.tasks.prompts import check_labels
from seeread.tasks.writing.likelihood import QUESTION
from seeread.tasks.writing.sight import Sight

Task = Literal["classify", "caption", "answer", "detect", "segment"]
TASKS: tuple[Task, ...] = ("classify", "caption", "answer", "detect", "segment")

MAX_TOKENS = {"detect": 256, "segment": 256}
LONGEST = 24
"""Tokens of an answer, of a task for which `MAX_TOKENS` says nothing else: each word of it is explained."""

FEW = 3
"""Classes that are explained, of a model that has its own, where nobody names any."""

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
"""How the names of letters begin that are written without spaces between words."""


def aim(
    model: Pretrained,
    image: Source,
    text: str | None = None,
    *,
    task: Task | None = None,
    answer: str | None = None,
    labels: Sequence[str] | None = None,
    max_tokens: int | None = None,
) -> AnyTarget:
    """What is to be explained of a picture.

    For a model that compares, `text` is a label or several, "a cat ; a dog", or `labels` are; one with classes of its
    own needs none. For a model that writes, `text` is a question, and without one the picture is captioned; with the
    task "detect" or "segment" it is what to look for, and with "classify" or with `labels` the question to which the
    likeliest label is the answer. It answers now, greedily, with at most `max_tokens`, unless `answer` is what it shall
    be held to have said. The parts of an answer are its words, and first the whole where there are several; or each
    box with its label.

    Raises UsageError for what the model cannot do, for an answer with nothing in it, and where nothing was found;
    ImageError for a broken picture.
    """
    if task is not None and task not in TASKS:
        raise UsageError(f"There is no task {task!r}. Take one of {', '.join(TASKS)}.")
    if isinstance(image, Video):
        raise UsageError("A single picture can be explained, and this is a video. Take one of its frames.")
    picture = open_image(image)
    if _compares(model, text, task, labels):
        if answer is not None:
            raise UsageError(f"{model.origin.name} compares and gives no answers. Name labels instead.")
        return _labels(model, picture, label_list(text) if labels is None and text is not None else labels)
    if labels is not None and task not in ("detect", "segment"):
        return _chosen(model, picture, text, labels)
    wanted = task or ("caption" if text is None else "answer")
    dialogue = _dialogue(model, picture, text, wanted, labels)
    if answer is None:
        ids = _answered(model, dialogue, max_tokens or MAX_TOKENS.get(wanted, LONGEST))
    else:
        ids = _tokens(model, picture, dialogue, answer)
    pointing = wanted in ("detect", "segment")
    spans = objects_of(model, ids) if pointing else words_of(model, _something(model, ids))
    return Written(model, picture, dialogue, ids, spans)


def words_of(model: Pretrained, ids: Sequence[int]) -> tuple[Span, ...]:
    """The words of an answer by the tokens that write them, and where there are several, first all of it. Punctuation
    that is tokens of its own before or behind a word is not part of it."""
    groups: list[list[_Piece]] = []
    for piece in _pieces(model.processor.write, ids):
        if groups and groups[-1] and not _parted(groups[-1][-1].text, piece.text):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    words = [word for group in groups if (word := _trimmed(group))]
    if not words:
        return (_whole(model, ids),)
    return tuple(words if len(words) == 1 else [_whole(model, ids), *words])


def objects_of(model: Pretrained, ids: Sequence[int]) -> tuple[Span, ...]:
    """Each box that an answer holds, with its mask and label. Raises UsageError where there is none."""
    found = read_objects(model.processor.write(ids), model.style.bins).objects
    if not found:
        raise UsageError(f"{model.origin.name} found nothing of that in the picture: there is nothing to explain.")
    pieces = list(_pieces(model.processor.write, ids))
    starts, stops = [piece.begins for piece in pieces], [piece.ends for piece in pieces]
    spans = []
    for each in found:
        first, last = bisect_right(starts, each.span[0]) - 1, bisect_left(stops, each.span[1])
        spans.append(Span(each.label or "something", "box", pieces[first].start, pieces[last].stop))
    return tuple(spans)


@dataclass(frozen=True)
class _Piece:
    """The least tokens that together write whole characters: from which to before which, and from where to where in
    the text."""

    text: str
    start: int
    stop: int
    begins: int
    ends: int


def _pieces(write: Callable[[Sequence[int]], str], ids: Sequence[int]) -> Iterator[_Piece]:
    """Of letters that are spread over several tokens the text ends in U+FFFD until the last of them."""
    start, settled = 0, ""
    for stop in range(1, len(ids) + 1):
        text = write(ids[:stop])
        whole = text if stop == len(ids) else text.rstrip("\ufffd")
        if len(whole) == len(text) and len(whole) > len(settled):
            yield _Piece(whole[len(settled) :], start, stop, len(settled), len(whole))
            start, settled = stop, whole


def _parted(before: str, after: str) -> bool:
    """Whether a new word begins between two pieces."""
    if before[-1].isspace() or after[0].isspace():
        return True
    return any(unicodedata.name(letter, "").startswith(_UNSPACED) for letter in (before[-1], after[0]))


def _trimmed(group: Sequence[_Piece]) -> Span | None:
    """A word without the pieces at its ends in which there is no letter or number; None if nothing is left."""
    said = [place for place, piece in enumerate(group) if re.search(r"\w", piece.text)]
    if not said:
        return None
    kept = group[said[0] : said[-1] + 1]
    return Span("".join(piece.text for piece in kept).strip(), "word", kept[0].start, kept[-1].stop)


def _whole(model: Pretrained, ids: Sequence[int]) -> Span:
    return Span(model.processor.write(ids).strip(), "answer", 0, len(ids))


def _compares(model: Pretrained, text: str | None, task: Task | None, labels: Sequence[str] | None) -> bool:
    """Whether labels are compared. A model that does both (CoCa) captions where it is given no label."""
    if isinstance(model.model, Generates):
        if not isinstance(model.model, Compares) or task not in (None, "classify"):
            return False
        return text is not None or labels is not None
    if isinstance(model.model, Compares | Classifies):
        if task not in (None, "classify"):
            raise UsageError(
                f"{model.origin.name} compares pictures with labels, and does not {task}. Leave the task out, or take "
                "a model that writes, such as seeread/mini-llava."
            )
        return True
    model.generating  # noqa: B018  # it says what is wrong
    return False


def _labels(model: Pretrained, picture: Image.Image, labels: Sequence[str] | None) -> Labels:
    if not isinstance(model.model, Compares):
        if labels is None:
            labels = [label for label, _ in classify(model, picture, top=FEW).scores]
        classes = Classes(model, labels)
        columns = tuple(map(tuple, classes.columns))
        return Labels(model, picture, tuple(classes.labels), None, columns)
    if labels is None:
        raise UsageError("There is nothing to look for. Name a label, such as a cat, or several: a cat ; a dog.")
    names = check_labels(labels)
    return Labels(model, picture, tuple(names), embed_labels(model, names))


def _chosen(model: Pretrained, picture: Image.Image, question: str | None, labels: Sequence[str]) -> Written:
    """The label that a model finds the likeliest answer."""
    best = classify(model, picture, labels, question=question).label
    dialogue = [Turn("user", (Picture(picture), QUESTION if question is None else question))]
    ids = _tokens(model, picture, dialogue, best)
    return Written(model, picture, dialogue, ids, (Span(best, "label", 0, len(ids)),))


def _dialogue(
    model: Pretrained, picture: Image.Image, text: str | None, task: Task, labels: Sequence[str] | None
) -> Dialogue:
    shown = Picture(picture)
    if task == "caption":
        return captioning(model, picture, text)
    if task == "answer":
        return asking(model, [shown], text or "")
    if task == "classify":
        raise UsageError("Name the labels to choose from: labels=['a cat', 'a dog'].")
    words = model.style.detecting if task == "detect" else model.style.segmenting
    return [Turn("user", (shown, words(label_list(text or "" if labels is None else labels))))]


def _answered(model: Pretrained, dialogue: Dialogue, max_tokens: int) -> tuple[int, ...]:
    """The tokens of what a model answers, without the one that ends it."""
    batch, processor = Sight(model).batch([dialogue]), model.processor
    room = max_tokens if model.style.apart else min(max_tokens, processor.room(batch))
    said = complete(model.generating, batch, Sampling(max_tokens=room), processor.end_ids, processor.write)[0]
    return tuple(said.ids[:-1] if said.reason == "end" else said.ids)


def _tokens(model: Pretrained, picture: Image.Image, dialogue: Dialogue, answer: str) -> tuple[int, ...]:
    """The tokens of an answer that is given."""
    counts = model.processor.image_tokens(model.processor.images([picture]))
    batch = model.processor.words([dialogue], counts, [answer])
    return _something(model, batch.tokens[batch.where(Role.ANSWER)].tolist()[:-1])


def _something(model: Pretrained, ids: Sequence[int]) -> tuple[int, ...]:
    if not model.processor.write(ids).strip():
        raise UsageError(f"{model.origin.name} answers nothing: there is nothing to explain. Ask something else.")
    return tuple(ids)
