"""A model that tells the classes of a set apart, made of one that sees."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

import torch

from seeread.data.sets.item import Item
from seeread.errors import DataError, ImageError, UsageError
from seeread.interface import Classifies, Images
from seeread.models.tower_probe import probing
from seeread.preprocessing.processor import Processor
from seeread.pretrained import Pretrained

SHOWN = 512
"""Pictures of which a probe learns what is common to all."""


@torch.no_grad()
def with_classes(
    start: Pretrained, labels: Sequence[str], items: Sequence[Item], batch: int = 32
) -> Pretrained:
    """`start` itself if it knows these classes; else a linear probe of its tower, which it gives its weights to,
    standardised on the first 512 pictures of `items` that can be opened. Raises UsageError where there is nothing to
    tell apart, and where the model has no tower that can be probed."""
    if isinstance(start.model, Classifies) and set(labels) <= set(start.processor.labels):
        return start
    if len(labels) < 2:
        raise UsageError(
            f"A probe tells classes apart, and its data has {len(labels)}. Give it pictures of at least two classes, "
            "such as a folder with a folder for each."
        )
    processor = Processor(start.processor.image_transform, None, labels=tuple(labels))
    try:
        probe = probing(start.module, len(labels)).to(start.device).eval()
    except ValueError as error:
        raise UsageError(
            f"{start.origin.name} cannot be probed: {error}. Take a dual encoder, such as seeread/mini-clip."
        ) from None
    seen = [
        probe.see(images.to(start.device))
        for images in islice(_readable(processor, items, batch), SHOWN // batch)
    ]
    if sum(map(len, seen)) < 2:
        raise DataError("None of the pictures can be opened. Look for what broke them.")
    probe.standard.settle(torch.cat(seen))
    return replace(start, model=probe, processor=processor)


def _readable(processor: Processor, items: Sequence[Item], batch: int) -> Iterator[Images]:
    """The pictures that can be opened, in batches."""
    for place in range(0, len(items), batch):
        several = items[place : place + batch]
        try:
            yield processor.images([item.source for item in several])
        except (ImageError, DataError):
            for item in several:
                with suppress(ImageError, DataError):
                    yield processor.images([item.source])
