"""Explanations to be drawn, made by hand."""

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from seeread.explanation.faith.verdict import Faithfulness
from seeread.explanation.heatmap import Area, Explanation, Heatmap, Kind

BELIEVED = Faithfulness(0.5, {"random": 0.2, "centre": 0.1, "edges": -0.3}, True, 1.0)
DOUBTED = Faithfulness(0.1, {"random": 0.2, "centre": 0.1, "edges": -0.3}, False, 1.0)


def picture(width: int = 320, height: int = 240) -> Image.Image:
    """Grey, with a blue disc."""
    drawn = Image.new("RGB", (width, height), (128, 128, 128))
    ImageDraw.Draw(drawn).ellipse((40, 40, 120, 120), (30, 60, 220))
    return drawn


def spot(row: int, column: int, side: int = 4) -> Tensor:
    """Hot in one cell."""
    return torch.zeros(side, side).index_put((torch.tensor(row), torch.tensor(column)), torch.tensor(3.0))


def heatmap(
    about: str = "dog", kind: Kind = "word", values: Tensor | None = None, area: Area | None = None,
    faithfulness: Faithfulness | None = BELIEVED,
) -> Heatmap:  # fmt: skip
    """Hot in the second row, third column of four, if nothing else is said."""
    values = spot(1, 2) if values is None else values
    return Heatmap(about, kind, values, area or Area(), -0.5, faithfulness, probability=0.61)


def explanation(*maps: Heatmap, answer: str | None = "a dog", method: str = "relevance") -> Explanation:
    """Of a question."""
    return Explanation("tests/model", method, "What is it?", answer, maps, ("A note.",), "How it works.", "arXiv:1")
