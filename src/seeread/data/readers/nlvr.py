"""NLVR (Suhr et al., ACL 2017; CC BY 4.0): drawings of three boxes with shapes, and a sentence that holds or not."""

from pathlib import Path
from typing import Literal

from seeread.data.example import Example, plain
from seeread.data.files import read_json_lines, read_zip
from seeread.errors import DataError

QUESTION = "true or false: {}"


def read_nlvr(folder: Path, split: Literal["dev", "test"]) -> list[Example]:
    """Every sentence with each of its drawings (the same boxes in another order), answered "true" or "false".
    `folder` holds `{split}.jsonl` and `{split}_images.zip`."""
    path = folder / f"{split}.jsonl"
    drawings = read_zip(folder / f"{split}_images.zip")
    rows = read_json_lines(path, ["sentence", "label", "images"])
    try:
        return [
            Example(drawings[name], "answer", QUESTION.format(plain(row["sentence"])), plain(row["label"]))
            for row in rows
            for name in row["images"]
        ]
    except KeyError as missing:
        raise DataError(f"{path}: its picture {missing} is not in {split}_images.zip. Fetch both again.") from None
