"""Tiny ImageNet (Stanford CS231n, from ImageNet): small photographs of 200 classes, read as names."""

from pathlib import Path
from typing import Literal

from seeread.data.example import Example, plain
from seeread.data.files import read_table


def read_tiny_imagenet(folder: Path, split: Literal["train", "val"]) -> list[Example]:
    """Every photograph with the first name of its class ("egyptian cat"). `folder` holds `{split}.parquet` with the
    columns image and name."""
    table = read_table(folder / f"{split}.parquet", ["image", "name"])
    return [
        Example(image, "name", "", plain(name.split(",")[0]))
        for image, name in zip(table["image"], table["name"], strict=True)
    ]
