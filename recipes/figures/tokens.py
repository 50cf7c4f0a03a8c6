"""Tokens: what becomes of one photograph and one question before any of it is understood."""

from math import isqrt
from pathlib import Path

import torch
from PIL import Image

import seeread as sr
from examples.demo import collect_photographs
from recipes.figures.figure import Figure, thumbnail
from seeread.interface import Images, Patches, Role
from seeread.preprocessing.dialogue.turn import Picture
from seeread.pretrained import Pretrained
from seeread.tasks.answer import asking

WRITERS = ("mini-llava", "mini-paligemma", "mini-flamingo", "mini-pali", "mini-hybrid", "mini-fuyu")
QUESTION = "What colour is the coffee cup?"


def sequence(scratch: Path) -> Figure:
    """A photograph and a question as each bundled writer reads them."""
    photograph = Image.open(collect_photographs(scratch / "photos") / "coffee.png").convert("RGB")
    side = min(photograph.size)  # a square, which all of them see whole
    left, top = ((length - side) // 2 for length in photograph.size)
    square = photograph.crop((left, top, left + side, top + side)).resize((192, 192))
    return Figure(
        "tokens",
        "One photograph and one question, as six models read them",
        "Choose a model. The grid is what becomes a token of its own; the line is the sequence that is read, the "
        "picture's places and the pieces of words among each other in their order.",
        {
            "picture": thumbnail(square, 384),
            "models": [_read(name, sr.load(f"seeread/{name}", precision="fp32"), square) for name in WRITERS],
        },
    )


def _read(name: str, model: Pretrained, picture: Image.Image) -> dict[str, object]:
    batch = model.processor.prompts([asking(model, [Picture(picture)], QUESTION)])
    assert batch.images is not None
    with torch.inference_mode():
        sight = model.generating.see(batch.images)
    rows, columns = _grid(batch.images, len(sight))
    pieces: list[dict[str, object]] = []
    for token, role in zip(batch.tokens[0].tolist(), batch.roles[0].tolist(), strict=True):
        if role != Role.IMAGE:
            pieces.append({"text": _plain(model.processor.tokenizer.name(token) or "")})
        elif pieces and "places" in pieces[-1]:
            pieces[-1] = {"places": int(str(pieces[-1]["places"])) + 1}
        else:
            pieces.append({"places": 1})
    besides = sight.shape[1] - (len(sight) > 1) if sight.ndim == 3 else 0  # a hybrid's first takes the place itself
    return {
        "name": name,
        "rows": rows,
        "columns": columns,
        "besides": besides * len(sight),
        "width": sight.shape[-1],
        "pieces": pieces,
    }


def _grid(images: Images, tokens: int) -> tuple[int, int]:
    """Rows and columns of what becomes a token each; where none of the picture is one, a single cell."""
    if isinstance(images, Patches):
        rows, columns = images.grid[0].tolist()
        return rows, columns
    side = isqrt(tokens)
    return (side, side) if side * side == tokens else (1, 1)


def _plain(piece: str) -> str:
    """A piece as people would write it: vocabularies mark a space by a letter of their own."""
    return piece.replace("\u0120", " ").replace("\u2581", " ").replace("\u010a", "↵").replace("\n", "↵")
