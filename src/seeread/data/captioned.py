"""Pictures with captions, held in memory: what a dual encoder learns from."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from seeread.data.files import read_table
from seeread.preprocessing.image import open_image

Captions = Callable[[dict[str, object]], tuple[str, ...]]


@dataclass(frozen=True)
class CaptionedImages:
    """`images` is (count, 3, side, side), uint8. Pictures with the same label have captions that fit each other,
    and so must not stand as each other's negatives; without labels every picture is its own."""

    images: Tensor
    captions: tuple[tuple[str, ...], ...]
    labels: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images)


def read_parquet(path: Path, side: int, captions: Captions, label: str | None = None) -> CaptionedImages:
    """A parquet file with a column `image` of encoded pictures, each squeezed to `side` pixels square.

    `captions` turns a row (all columns but the image) into its captions; `label` names the column whose values
    are classes. Raises DataError where the file or a column is missing, ImageError for a picture that is broken.
    """
    table = read_table(path, ["image", *([label] if label else [])])
    images = decode(table.pop("image"), side)
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    classes = sorted({row[label] for row in rows}) if label else []
    index = {name: place for place, name in enumerate(classes)}
    labels = torch.tensor([index[row[label]] for row in rows]) if label else None
    return CaptionedImages(images, tuple(captions(row) for row in rows), labels)


def decode(pictures: Sequence[bytes], side: int) -> Tensor:
    """Encoded pictures to (count, 3, side, side), uint8, by Pillow's bicubic filter."""

    def one(picture: bytes) -> Tensor:
        image = open_image(picture)
        if image.size != (side, side):
            image = image.resize((side, side), Image.Resampling.BICUBIC)
        return torch.from_numpy(np.array(image)).permute(2, 0, 1)

    with ThreadPoolExecutor() as pool:
        return torch.stack(list(pool.map(one, pictures)))
