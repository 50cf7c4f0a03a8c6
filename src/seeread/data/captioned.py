"""Pictures with captions, held in memory: what a dual encoder learns from."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from seeread.errors import DataError
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
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise DataError(f"{path}: parquet files need pyarrow. Install it with: pip install 'seeread[train]'") from error
    if not path.is_file():
        raise DataError(f"{path}: there is no such file. Give the path of a parquet file.")
    try:
        table = parquet.read_table(path)
    except (OSError, ValueError) as error:  # pyarrow's own errors derive from these
        raise DataError(f"{path}: this is not a parquet file, or it is cut. Fetch or write it again.") from error
    missing = {"image", *([label] if label else [])} - set(table.column_names)
    if missing:
        raise DataError(f"{path}: no column {', '.join(sorted(missing))}. It has: {', '.join(table.column_names)}.")
    rows = table.drop_columns(["image"]).to_pylist()
    images = decode([cell.as_py() for cell in table["image"]], side)
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
