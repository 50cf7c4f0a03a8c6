"""A run as JSON for those who look at it: all of it in outline, and maps and steps one at a time, when they are asked
for."""

import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict
from io import BytesIO
from typing import Any

import numpy
import torch
from PIL import Image
from torch import Tensor

from seeread.explanation.inside.inside import Inside
from seeread.explanation.inside.places import Place, places
from seeread.explanation.inside.record import Look
from seeread.explanation.inside.tokens import likeliest, strength
from seeread.explanation.target import Labels
from seeread.interface import Compares, Role

LARGEST = 512  # pixels of the longer side of what is seen, as it is shown
FIRST = 24  # numbers of a vector that are shown
CELLS = 1024  # of a map that are sent with the outline
ROWS = 2**16  # numbers of a map of attention that are sent at once; of larger ones the row that is asked for


JOINTS = ("places", "connector", "resampler", "image_projection", "image_pool")
"""What may be last between the tower and the words, the latest first."""


def outline(inside: Inside) -> dict[str, Any]:
    """What was seen and read, what became of it part by part, which attentions there were, and what came out."""
    return {
        "views": [_view(view) for view in inside.views],
        "stages": _stages(inside),
        "texts": _texts(inside),
        "joined": _joined(inside),
        "looks": [_look(inside, number, look) for number, look in enumerate(inside.looks)],
        "result": _result(inside),
        "family": type(inside.model).__name__,
    }


def ends(inside: Inside, number: int, item: int) -> dict[str, Any]:
    """What the queries and keys of an attention are."""
    queries, keys = inside.ends(inside.looks[number], item)
    return {"queries": [_place(place) for place in queries], "keys": [_place(place) for place in keys]}


def attention(inside: Inside, number: int, item: int, head: int | None, query: int | None) -> dict[str, Any]:
    """The map of one head of an attention, or of the mean of all: {"first", "rows"}, from which query on; all rows
    where they are few enough, and else the one that is asked for."""
    look = inside.looks[number]
    whole = look.q.shape[2] * look.k.shape[2] <= ROWS
    rows = slice(None) if whole or query is None else slice(query, query + 1)
    heads = range(look.heads) if head is None else [head]
    weights = torch.stack([look.weights(item, each, rows) for each in heads]).mean(dim=0)
    return {"first": 0 if whole else query or 0, "rows": _rounded(weights, 5)}


def steps(inside: Inside, number: int, item: int, head: int, query: int) -> dict[str, Any]:
    """One query of one head with all its numbers; keys in their order, hidden ones with a similarity of null."""
    found = inside.steps(inside.looks[number], item, head, query)
    return {
        "query": _rounded(found.query), "keys": _rounded(found.keys), "values": _rounded(found.values),
        "products": _rounded(found.products), "scale": found.scale, "softcap": found.softcap,
        "similarities": [None if math.isinf(one) else round(one, 4) for one in found.similarities.tolist()],
        "exponentials": _exact(found.exponentials), "shares": _exact(found.shares),
        "taken": _rounded(found.taken), "added": None if found.added is None else _rounded(found.added),
    }  # fmt: skip


def _view(view: Any) -> dict[str, Any]:
    told = {"name": view.name, "rows": view.rows, "columns": view.columns, "area": asdict(view.area)}
    return told | {"width": view.picture.width, "height": view.picture.height, "picture": _data(view.picture)}


def _data(picture: Image.Image) -> str:
    """As an address that holds the picture itself."""
    if max(picture.size) > LARGEST:
        picture = picture.copy()
        picture.thumbnail((LARGEST, LARGEST))
    file = BytesIO()
    picture.save(file, "PNG")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


def _stages(inside: Inside) -> list[dict[str, Any]]:
    """What the tower made of the picture after each of its parts: how strong the features of every cell are."""
    told = []
    for path, given in inside.kept.gave.items():
        if not path.startswith(("vision.", "pixels.")):
            continue
        for view in range(min(given.shape[0], 1)):
            features = given[view].float()
            if features.ndim == 3:
                rows, columns = features.shape[1:]
                vectors = features.flatten(1).T
            else:
                vectors, (rows, columns) = _cells_of(inside, features)
            if rows * columns > CELLS:
                shown = Image.fromarray(torch.linalg.vector_norm(vectors, dim=-1).view(rows, columns).cpu().numpy())
                side = int(CELLS**0.5)
                small = shown.resize((min(columns, side), min(rows, side)), Image.Resampling.BOX)
                values = torch.from_numpy(numpy.array(small)).flatten()
                rows, columns = small.height, small.width
            else:
                values = torch.linalg.vector_norm(vectors, dim=-1)
            told.append(
                {
                    "path": path, "shape": list(given.shape), "rows": rows, "columns": columns,
                    "strength": _rounded(values),
                }
            )  # fmt: skip
    return told


def _cells_of(inside: Inside, features: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """Features of a tower's tokens without the class token and padding, and how they lie."""
    view = inside.views[0]
    cells = view.rows * view.columns
    extra = 1 if getattr(getattr(inside.scene.config, "vision", None), "class_token", False) else 0
    return features[extra : extra + cells], (view.rows, view.columns)


def _texts(inside: Inside) -> list[dict[str, Any]]:
    """The tokens of every text: what each writes, its number in the vocabulary, why it is there, its embedding."""
    told = []
    table = inside.kept.gave.get("text.embedding")
    for number, text in enumerate(inside.scene.texts):
        roles = None if inside.scene.batch is None else inside.scene.batch.roles[0].tolist()
        embedded = None if table is None or table.shape[1] != len(text.pieces) else table[min(number, len(table) - 1)]
        lengths = [None] * len(text.pieces) if embedded is None else [round(one, 3) for one in strength(embedded)]
        numbers = None if embedded is None else _rounded(embedded[:, :FIRST], 3)
        tokens = [
            {
                "text": piece, "id": one, "role": "prompt" if roles is None else Role(roles[place]).name.lower(),
                "length": lengths[place], "numbers": None if numbers is None else numbers[place],
            }
            for place, (piece, one) in enumerate(zip(text.pieces, text.ids.tolist(), strict=True))
        ]  # fmt: skip
        width = None if embedded is None else embedded.shape[-1]
        told.append({"tokens": tokens, "width": width})
    return told


def _joined(inside: Inside) -> dict[str, Any]:
    """What came behind the tower: the tokens of the picture as they leave the connector (or whatever there is), with
    the words that point most alike; and how the sequence is made of them."""
    gave = inside.kept.gave
    path = next((one for one in JOINTS if one in gave), "")
    told: dict[str, Any] = {"path": path, "shape": None, "tokens": [], "places": []}
    if path and gave[path].ndim == 3:
        vectors = gave[path][0].float()
        told["shape"] = list(gave[path].shape)
        fits = inside.vocabulary is not None and path != "resampler"
        nearest = inside.vocabulary.nearest(vectors) if fits and inside.vocabulary is not None else [[]] * len(vectors)
        numbers, lengths = _rounded(vectors[:, :FIRST], 3), strength(vectors)
        told["tokens"] = [
            {"length": round(length, 3), "numbers": row, "nearest": _words(words)}
            for length, row, words in zip(lengths, numbers, nearest, strict=True)
        ]
    elif path:
        told["shape"], told["vector"] = list(gave[path].shape), _rounded(gave[path][0, :FIRST], 3)
    if inside.scene.batch is not None:
        count = inside.scene.batch.tokens.shape[1]
        told["places"] = [_place(place) for place in places(inside.scene, "words", 0, count)]
    return told


def _look(inside: Inside, number: int, look: Look) -> dict[str, Any]:
    """An attention in outline. `crosses` says whether words look at the picture in it."""
    queries, keys = inside.ends(look)
    sees = any(_pictorial(place) for place in keys)
    crosses = sees and any(place.kind == "word" for place in queries)
    crosses = crosses or ("gates." in look.module or look.module.startswith("cross."))
    return {
        "number": number, "path": look.module, "heads": look.heads, "items": look.items,
        "queries": look.q.shape[2], "keys": look.k.shape[2], "width": look.q.shape[3], "crosses": crosses,
    }  # fmt: skip


def _pictorial(place: Place) -> bool:
    return place.kind == "cell"


def _result(inside: Inside) -> dict[str, Any]:
    """What came out: for labels their cosines, scores and shares; for an answer, token by token, what was likeliest."""
    target, logits = inside.target, inside.logits.float()
    if isinstance(target, Labels):
        compares = isinstance(target.model.model, Compares)
        softmax = not compares or target.model.comparing.loss == "softmax"
        shares = logits.softmax(dim=-1) if softmax else logits.sigmoid()
        if not compares:
            shares = logits.exp()
        told: dict[str, Any] = {"kind": "labels", "loss": "softmax" if softmax else "sigmoid"}
        told |= {"labels": list(target.labels), "scores": _rounded(logits), "shares": _exact(shares)}
        return told | (_compared(inside) if compares else {})
    tokenizer = target.model.processor.tokenizer
    likely = likeliest(logits, tokenizer)
    written = inside.scene.texts[0].pieces[-len(target.ids) :]
    ends = [*written, None]
    chances = logits.softmax(dim=-1)
    said = _exact(torch.stack([chances[place, one] for place, one in enumerate(target.ids)]))
    return {
        "kind": "answer", "answer": target.answer,
        "tokens": [
            {"text": text, "share": None if place >= len(said) else said[place], "likeliest": _words(words)}
            for place, (text, words) in enumerate(zip(ends, likely, strict=True))
        ],
    }  # fmt: skip


def _compared(inside: Inside) -> dict[str, Any]:
    """How the score of a picture and each text comes to be: cosine, scale, and what is added."""
    similarity = inside.model.get_submodule("similarity")
    scale = float(similarity.get_parameter("log_scale").detach().exp())
    bias = getattr(similarity, "bias", None)
    moved = 0.0 if bias is None else float(bias.detach())
    cosines = (inside.logits.float() - moved) / scale
    return {"scale": scale, "bias": None if bias is None else moved, "cosines": _rounded(cosines, 5)}


def _words(words: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"text": text, "value": float(f"{value:.6g}")} for text, value in words]


def _place(place: Place) -> dict[str, Any]:
    return asdict(place)


def _exact(numbers: Tensor) -> list[float]:
    """Shares, of which small ones matter, too: with so many digits in all."""
    return [float(f"{one:.6g}") for one in numbers.detach().float().cpu().tolist()]


def _rounded(numbers: Tensor, digits: int = 4) -> Any:
    """Nested lists of numbers with so many digits behind the point."""
    values = numbers.detach().float().cpu()
    if values.ndim > 1:
        return [_rounded(row, digits) for row in values]
    return [round(one, digits) for one in values.tolist()]
