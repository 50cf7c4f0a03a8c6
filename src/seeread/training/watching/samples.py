"""What a model says of a few fixed pictures while it learns: the same ones every time, none of which it learns from."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from torch import nn

from seeread.errors import DataError, ImageError, UsageError
from seeread.interface import Classifies, Compares, Generates
from seeread.preprocessing.image import Source, open_image
from seeread.pretrained import Pretrained
from seeread.tasks.answer import answer
from seeread.tasks.caption import caption
from seeread.tasks.classify import classify
from seeread.training.watching.ledger import Ledger, read_ledger
from seeread.training.watching.undisturbed import undisturbed
from seeread.training.watching.watcher import Beginning, Moment
from seeread.whole import write_whole

FOLDER, PICTURES, SAID = "samples", "pictures.json", "said.jsonl"
SIDE, MOST, TOP, TOKENS = 320, 16, 3, 48
"""Pixels of a thumbnail, pictures, labels that are kept of each, and tokens that are written of each at most."""


@dataclass(frozen=True)
class Asked:
    """A picture, what is true of it (a caption, a label, an answer), and what is asked about it, nothing in particular
    if it is empty."""

    image: Source
    truth: str = ""
    question: str = ""


@dataclass(frozen=True)
class Sample:
    """A picture that was kept: its file in the folder of samples, what is true of it, and what was asked. `said` is
    what the model said after each step: texts, the best first, each with its score if it was chosen among others."""

    file: str
    truth: str
    question: str
    said: tuple[tuple[int, tuple[tuple[str, float | None], ...]], ...] = ()


Said = Sequence[tuple[str, float | None]]
Listener = Callable[[int, Sequence[Asked], Sequence[Said]], None]
"""Is told the step, the pictures, and what the model says of each."""


class Samples:
    """Asks the model before the first step, every `measure_every` steps and after the last, and keeps what it says in
    the folder `samples` of the run.

    A model that compares, or knows classes, chooses among the `candidates` (labels, or captions of all the pictures);
    one that writes answers the question, or describes the picture. `listeners` are told each time. The pictures are
    opened at once; broken ones are left out. It draws from no source of chance and leaves the model as it was. A model
    whose weights are spread over ranks is not asked.

    Raises UsageError for a model that can do neither, or has nothing to choose from.
    """

    def __init__(
        self,
        out: Path,
        pretrained: Pretrained,
        asked: Sequence[Asked],
        candidates: Sequence[str] = (),
        template: str | None = None,
        listeners: Sequence[Listener] = (),
    ):
        self.folder, self.pretrained = out / FOLDER, pretrained
        self.asked = list(_opened(asked))
        self.candidates, self.template = list(dict.fromkeys(candidates)), template
        self.listeners = list(listeners)
        self.ledger = Ledger(self.folder / SAID)
        self._every = self._last = 0
        model = pretrained.model
        if not isinstance(model, Generates) and not (
            isinstance(model, Compares | Classifies) and self._choices
        ):
            raise UsageError(
                f"{pretrained.origin.name} cannot be asked about sample pictures: it does not write, and there is "
                "nothing to choose from. Give candidates: labels, or captions."
            )

    @property
    def _choices(self) -> list[str]:
        return self.candidates or (list(self.pretrained.processor.labels or ()))

    def began(self, beginning: Beginning) -> None:
        """Keeps the pictures; of a run that begins it asks the model as it is."""
        self._every, self._last = beginning.settings.measure_every, beginning.settings.steps
        same = self._keep_pictures()
        self.ledger.open(beginning.step if same else -1)
        if beginning.step == 0:
            self._ask(0, self.pretrained.module)

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        """Asks the model, if it is time."""
        if moment.step % self._every == 0 or moment.step == self._last:
            self._ask(moment.step, model)

    def ended(self, reason: str | None) -> None:
        """Nothing more is kept."""
        self.ledger.close()

    def _ask(self, step: int, model: nn.Module) -> None:
        if not self.asked or is_spread(model):
            return
        with undisturbed(model):
            said = self.say(model)
        self.ledger.add({"step": step, "said": said})
        for listener in self.listeners:
            listener(step, self.asked, said)

    def say(self, model: nn.Module) -> list[Said]:
        """What it says of each picture now."""
        device = next(model.parameters()).device
        now = replace(self.pretrained, model=model, device=device)  # type: ignore[arg-type]  # as that of `pretrained`
        images = [one.image for one in self.asked]
        if self._choices and isinstance(model, Compares | Classifies):
            template = self.template if isinstance(model, Compares) else None
            chosen = classify(now, images, self._choices, template=template, top=min(TOP, len(self._choices)))
            return [[(score.label, round(score.score, 4)) for score in one.scores] for one in chosen]
        return [[(self._written(now, one), None)] for one in self.asked]

    def _written(self, now: Pretrained, one: Asked) -> str:
        if one.question:
            return answer(now, one.image, one.question, max_tokens=TOKENS).text
        return caption(now, one.image, max_tokens=TOKENS).text

    def _keep_pictures(self) -> bool:
        """Whether they are those that were there already."""
        names = [f"{number:02d}.jpg" for number in range(1, len(self.asked) + 1)]
        listed = [
            {"file": name, "truth": one.truth, "question": one.question}
            for name, one in zip(names, self.asked, strict=True)
        ]
        path = self.folder / PICTURES
        content = json.dumps(listed, indent=1, ensure_ascii=False).encode("utf-8", "replace")
        if path.is_file() and path.read_bytes() == content:
            return True
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, one in zip(names, self.asked, strict=True):
            _write(self.folder / name, _small(one.image))
        _write(path, content)
        return False


def is_spread(model: nn.Module) -> bool:
    """Whether each rank has a part of the weights alone: then one rank cannot ask it anything without the others."""
    return any(hasattr(weight, "full_tensor") for weight in model.parameters())


def read_samples(out: Path) -> list[Sample]:
    """The pictures of a run and what was said of them; none where none were kept. Raises DataError where they are
    damaged."""
    path = out / FOLDER / PICTURES
    if not path.is_file():
        return []
    try:
        samples = [Sample(**one) for one in json.loads(path.read_text("utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} cannot be read ({type(error).__name__}). Take the folder away.") from None
    said = list(read_ledger(out / FOLDER / SAID)) if (out / FOLDER / SAID).is_file() else []
    return [
        replace(sample, said=tuple((line["step"], _pairs(line["said"][place])) for line in said))
        for place, sample in enumerate(samples)
    ]


def _pairs(said: list[Any]) -> tuple[tuple[str, float | None], ...]:
    return tuple((str(text), score) for text, score in said)


def _opened(asked: Sequence[Asked]) -> Iterator[Asked]:
    for one in asked[:MOST]:
        try:
            yield replace(one, image=open_image(one.image))
        except (ImageError, DataError):
            continue


def _write(path: Path, content: bytes) -> None:
    write_whole(path, lambda file: file.write(content))


def _small(image: Source) -> bytes:
    picture = open_image(image).copy()
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    written = BytesIO()
    picture.save(written, "JPEG", quality=85)
    return written.getvalue()
