"""A model that tells the classes of a set apart, made of one that sees."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from seeread.errors import UsageError
from seeread.interface import Classifies
from seeread.models.tower_probe import probing
from seeread.preprocessing.image import Source
from seeread.preprocessing.processor import Processor
from seeread.pretrained import Pretrained

SHOWN = 512
"""Pictures of which a probe learns what is common to all."""


@torch.no_grad()
def with_classes(
    start: Pretrained, labels: Sequence[str], pictures: Sequence[Source], batch: int = 32
) -> Pretrained:
    """`start` itself if these are the very classes that it knows; else a linear probe of its tower, which it gives its
    weights to, standardised on the first 512 of `pictures`. Raises UsageError where there is nothing to tell apart, and
    where the model has no tower that can be probed."""
    if isinstance(start.model, Classifies) and start.processor.labels == tuple(labels):
        return start
    if len(labels) < 2:
        raise UsageError(
            f"A probe tells classes apart, and its data has {len(labels)}. Give it pictures of at least two classes, "
            "such as a folder with a folder for each."
        )
    processor = Processor(start.processor.image_transform, None, labels=tuple(labels))
    try:
        probe = probing(start.module, len(labels)).to(start.device).eval()
        shown = pictures[:SHOWN]
        seen = [processor.images(shown[place : place + batch]) for place in range(0, len(shown), batch)]
        probe.settle(torch.cat([probe.see(images.to(start.device)) for images in seen]))
    except (ValueError, AttributeError) as error:
        raise UsageError(
            f"{start.origin.name} cannot be probed: {error}. Take a dual encoder, such as seeread/mini-clip."
        ) from None
    return replace(start, model=probe, processor=processor)
