"""Asking a model where things are, and reading what it writes: what `detect` and `segment` have in common."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from seeread.errors import ImageError
from seeread.generation.complete import Completion, complete
from seeread.generation.sampling import Sampling
from seeread.preprocessing.dialogue import Picture, Turn
from seeread.preprocessing.image import Source, upright_size
from seeread.preprocessing.locations import Located, read_objects
from seeread.pretrained import Pretrained, Progress
from seeread.tasks.pointing.confidence import WATCHED, Confidence
from seeread.tasks.pointing.detections import Detection, Detections, merge
from seeread.tasks.pointing.labels import label_list
from seeread.tasks.writing.sight import Sight
from seeread.tasks.writing.write import BATCH, check_batch_size

Decoder = Callable[[Tensor], Tensor]
"""Mask codes (masks, 16) to masks (masks, 64, 64), above 0 inside."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of each picture: `prompts` one after the other, and what is found is put together.

    `names` are all that is looked for. `labels` are the label of each prompt, which a thing without one gets, or None
    where a prompt names several.
    """

    names: tuple[str, ...]
    prompts: tuple[str, ...]
    labels: tuple[str | None, ...]
    max_tokens: int
    decoder: Decoder | None = None


def request(
    wording: Callable[[Sequence[str]], str],
    labels: str | Sequence[str],
    together: bool,
    max_tokens: int,
    decoder: Decoder | None = None,
) -> Request:
    """The request for things named `labels`, by `PromptStyle.detecting` or `.segmenting`. UsageError if none is."""
    names = label_list(labels)
    groups = [names] if together else [[name] for name in names]
    return Request(
        names=tuple(names),
        prompts=tuple(wording(group) for group in groups),
        labels=tuple(group[0] if len(group) == 1 else None for group in groups),
        max_tokens=max_tokens,
        decoder=decoder,
    )


def whole(results: Iterable[Detections | ImageError]) -> list[Detections]:
    """The results, where nothing may be missing: the first error is raised."""
    found = []
    for result in results:
        if isinstance(result, ImageError):
            raise result
        found.append(result)
    return found


def point(
    model: Pretrained,
    images: Sequence[Source],
    asked: Request,
    batch_size: int = BATCH,
    progress: Progress | None = None,
) -> Iterator[Detections | ImageError]:
    """What is found in each picture, in their order; for a picture that cannot be opened, the error that says why.

    Boxes are taken to be of the whole picture, as PaliGemma's are: its transform squashes, and cuts nothing off.
    `batch_size` is how many prompts are answered at a time, but those of one picture are never taken apart.
    """
    check_batch_size(batch_size)
    together = max(1, batch_size // len(asked.prompts))
    batches = [images[start : start + together] for start in range(0, len(images), together)]
    for batch in progress(batches) if progress else batches:
        yield from _attempt(model, batch, asked)


def _attempt(model: Pretrained, images: Sequence[Source], asked: Request) -> list[Detections | ImageError]:
    """Pictures at once, or one by one if one of them is broken."""
    try:
        return list(_point(model, images, asked))
    except ImageError as error:
        if len(images) == 1:
            return [error]
        return [result for image in images for result in _attempt(model, [image], asked)]


@torch.inference_mode()
def _point(model: Pretrained, images: Sequence[Source], asked: Request) -> list[Detections]:
    sizes = [upright_size(image) for image in images]
    processor = model.processor
    pictures = [Picture(image) for image in images]  # each is seen once, however many prompts it has
    dialogues = [[Turn("user", (picture, prompt))] for picture in pictures for prompt in asked.prompts]
    answers = complete(
        model.generating,
        Sight(model).batch(dialogues),
        Sampling(max_tokens=asked.max_tokens, logprobs=WATCHED),
        processor.end_ids,
        processor.write,
    )
    each = len(asked.prompts)
    return [
        _read(model, image, size, answers[place * each : (place + 1) * each], asked)
        for place, (image, size) in enumerate(zip(images, sizes, strict=True))
    ]


def _read(
    model: Pretrained, image: Source, size: tuple[int, int], answers: Sequence[Completion], asked: Request
) -> Detections:
    """The answers about one picture, put together."""
    bins = model.style.bins
    sureness = Confidence(model.processor.write, bins)
    found: list[Detection] = []
    dropped = 0
    for answer, label in zip(answers, asked.labels, strict=True):
        parsed = read_objects(answer.text, bins)
        dropped += parsed.dropped
        for each, sure in zip(parsed.objects, sureness(parsed.objects, answer.logprobs or ()), strict=True):
            found.append(_detection(each, sure, label, size, asked.decoder))
    text = "\n".join(answer.text for answer in answers)
    cut = any(answer.reason == "length" for answer in answers)
    return Detections(image, size, tuple(merge(found)), text, dropped, cut)


def _detection(
    found: Located, sure: float, label: str | None, size: tuple[int, int], decoder: Decoder | None
) -> Detection:
    grid = None
    if decoder is not None and found.codes is not None:
        grid = decoder(torch.tensor([found.codes]))[0]
    return Detection(found.label or label or "", sure, found.box, size, found.codes, grid)
