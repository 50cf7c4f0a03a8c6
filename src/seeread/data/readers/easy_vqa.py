"""easy-VQA (github.com/vzhou842/easy-VQA, MIT): pictures of one shape, and questions about it."""

from pathlib import Path
from typing import Literal

from seeread.data.example import Example, plain
from seeread.data.files import read_json


def read_easy_vqa(folder: Path, split: Literal["train", "test"]) -> list[Example]:
    """All questions of a split, with one of 13 answers. `folder` holds `{split}/questions.json` and
    `{split}/images/N.png`."""
    images = folder / split / "images"
    questions = read_json(folder / split / "questions.json")
    return [
        Example(images / f"{image}.png", "answer", plain(question), plain(answer))
        for question, answer, image in questions
    ]


def kind_of_question(question: str) -> str:
    """ "shape", "color" or "yes/no": what is asked for."""
    if question.startswith("what color"):
        return "color"
    return "shape" if question.startswith("what") else "yes/no"
