"""Can this set teach this model anything? If not, why, and what would; if so, what is worth knowing first."""

import re
from collections import Counter
from collections.abc import Iterator

from seeread.data.sets.dataset import DataSet, Knowledge
from seeread.errors import DataError, UsageError
from seeread.finetuning.planning.survey import Survey
from seeread.interface import Compares, Generates
from seeread.preprocessing.image import printable
from seeread.pretrained import Pretrained
from seeread.training.recipe import Mode

LEAST = 8
"""Pictures; of fewer, some of which are held out, there is nothing to be learned or measured."""

TEACHES_COMPARING: tuple[Knowledge, ...] = ("labels", "captions")
TEACHES_WRITING: tuple[Knowledge, ...] = ("captions", "questions", "boxes", "labels")

_TEACHING = (
    "Put pictures into a folder for each class, or a .txt with a caption beside each, or name a table (CSV, JSON lines,"
    " parquet) with the columns image and label or caption, or COCO or VQA annotations"
)
_NUMBERED = re.compile(r"(n\d{8}|(class|label|category)?[ _-]?\d+)", re.IGNORECASE)
_TOLD = 3  # broken pictures that are named


def check_set(survey: Survey) -> None:
    """Raises DataError where the set teaches nothing, to whichever model."""
    data = survey.data
    name = printable(data.name)
    if not len(data):
        where, why = next(iter(survey.broken.items()))
        raise DataError(
            f"None of the {survey.opened} pictures of {name} can be opened. {printable(where)}: {printable(why)}"
        )
    if not data.knows & {*TEACHES_COMPARING, *TEACHES_WRITING}:
        masks = " but masks" if "masks" in data.knows else ""
        raise DataError(
            f"{name} holds {len(data):,} pictures, and nothing{masks} that tells what they show. {_TEACHING}."
        )
    if len(data) < LEAST:
        broken = f", besides {len(survey.broken)} that cannot be used" if survey.broken else ""
        raise DataError(
            f"{name} holds {_many(len(data), 'picture')}{broken}: too few to learn from and to see afterwards whether "
            f"it helped. {LEAST} is the least, and some 20 of each class or 100 with captions are a good beginning."
        )
    if any(item.label is not None and not item.label.strip() for item in data.items):
        raise DataError(f"{name} has a class without a name. Say what its pictures show, or take them out.")
    if data.knows & {*TEACHES_COMPARING, *TEACHES_WRITING} == {"labels"}:
        _check_classes(data)


def check_fit(model: Pretrained, data: DataSet, mode: Mode | None) -> None:
    """Raises UsageError where this model cannot learn what the set teaches, or not in this way."""
    model.module  # noqa: B018  # of a model on a server it says so
    name, about = model.origin.name, printable(data.name)
    known = ", ".join(sorted(data.knows))
    if isinstance(model.model, Compares):
        if not data.knows & {*TEACHES_COMPARING}:
            other = "seeread/mini-paligemma" if "boxes" in data.knows else "seeread/mini-llava"
            raise UsageError(
                f"{name} compares pictures with texts, and {about} knows of its pictures only {known}. "
                f"Train a model that writes: --from {other}."
            )
        if mode == "probe" and "labels" not in data.knows:
            raise UsageError(
                f"A probe learns to tell classes apart, and {about} has none. Take another --mode."
            )
    elif isinstance(model.model, Generates):
        if model.processor.image_transform is None:
            raise UsageError(f"{name} sees no pictures. Train one that does: --from seeread/mini-llava.")
        if mode in ("probe", "lit"):
            raise UsageError(
                f"--mode {mode} is for models that compare. For {name} take full, connector or lora."
            )
        if (
            "boxes" in data.knows
            and not data.knows & {"captions", "questions", "labels"}
            and model.style.detect is None
        ):
            raise UsageError(
                f"{name} has no words for places, and {about} teaches boxes alone. Take --from seeread/mini-paligemma."
            )
    elif mode != "probe":
        raise UsageError(
            f"{name} neither compares pictures with texts nor writes about them: there is no way here to train it "
            "further. Take a dual encoder or one that writes (seeread models lists them)."
        )


def worth_knowing(model: Pretrained, survey: Survey) -> Iterator[str]:
    """What is no error, and may be why it does not become what was hoped for."""
    data = survey.data
    if survey.broken:
        some = "; ".join(
            f"{printable(where)}: {printable(why)}" for where, why in [*survey.broken.items()][:_TOLD]
        )
        more = f"; and {len(survey.broken) - _TOLD} more" if len(survey.broken) > _TOLD else ""
        yield f"{_many(len(survey.broken), 'picture')} cannot be used and will be left out ({some}{more})"
    if survey.copies:
        verb = "is a near copy" if survey.repeated == 1 else "are near copies"
        yield f"{_many(survey.repeated, 'picture')} {verb} of another one; copies stay on one side of what is held out"
        labels = {item.id: item.label for item in data.items}
        at_odds = sum(labels.get(one) != labels.get(other) for one, other in survey.copies)
        if at_odds:
            yield f"{_many(at_odds, 'pair')} of near copies are of two classes: a model cannot learn both"
    if "labels" in data.knows:
        yield from _of_classes(data)
    if isinstance(model.model, Compares) and "captions" in data.knows:
        captions = [caption for item in data.items for caption in item.captions][:20_000]
        cut = len(model.processor.tokenizer.truncated(captions))
        if cut:
            length = model.processor.tokenizer.rules.context_length
            yield (
                f"{cut / len(captions):.0%} of the captions have more than the {length} tokens that the model reads: "
                "what stands behind them is not learned. Put what matters first, or take a model that reads more"
            )
    if survey.opened < len(data):
        yield f"{survey.opened:,} pictures were looked at; others that are broken are passed over as they come"


def _check_classes(data: DataSet) -> None:
    counts = Counter(item.label for item in data.items if item.label is not None)
    if len(counts) == 1:
        (only,) = counts
        raise DataError(
            f"All pictures of {printable(data.name)} are of one class, {printable(str(only))!r}: there is nothing to "
            "tell it from. Add a folder with other pictures, or give captions."
        )


def _of_classes(data: DataSet) -> Iterator[str]:
    counts = Counter(item.label for item in data.items if item.label is not None)
    single = [label for label, count in counts.items() if count == 1]
    if single:
        yield f"{_many(len(single), 'class', 'classes')} with a single picture, such as {printable(str(single[0]))!r}"
    most, fewest = max(counts.values()), min(counts.values())
    if most >= 10 * fewest and not single:
        yield f"classes are uneven: from {fewest} to {most:,} pictures"
    if sum(bool(_NUMBERED.fullmatch(name)) for name in data.called) > len(data.called) / 2:
        yield (
            f"classes are called {printable(data.called[0])!r}, {printable(data.called[-1])!r}: a model that reads "
            "learns more from names that say what they are"
        )


def _many(count: int, one: str, more: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"
