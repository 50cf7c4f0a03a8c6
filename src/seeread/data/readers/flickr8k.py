"""Flickr8k (Hodosh, Young, Hockenmaier, JAIR 47, 2013): photographs, each described by five people."""

from pathlib import Path
from typing import Literal

from seeread.data.example import Example, plain
from seeread.data.files import read_table


def read_flickr8k(folder: Path, split: Literal["train", "dev"]) -> list[Example]:
    """Every caption of every photograph; those of one photograph follow each other. `folder` holds
    `{split}.parquet` with the columns image and captions."""
    table = read_table(folder / f"{split}.parquet", ["image", "captions"])
    return [
        Example(image, "caption", "", plain(caption))
        for image, captions in zip(table["image"], table["captions"], strict=True)
        for caption in captions
    ]
