"""A space as JSON: as programs want it, and as the page draws it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from torch import Tensor

from seeread.preprocessing.image import printable
from seeread.spaces.gap import Gap
from seeread.spaces.gather import Text
from seeread.spaces.space import Space
from seeread.spaces.thumbnails import Sheet

Json = dict[str, Any]


def told(space: Space) -> Json:
    """For programs: pictures and texts with what belongs to them, by their names. Places on the maps are [x, y]."""
    names = [item.id for item in space.items]
    count = len(space)
    opened, moved = _pairs(space.open.places), _pairs(space.closed.places)
    groups = {place: number for number, one in enumerate(space.clusters) for place in one.members}
    pictures = [
        {
            "path": name,
            "cluster": groups[place],
            "open": opened[place],
            "closed": moved[place],
            "texts": [space.texts[text].text for text in space.best[place].tolist()],
            "neighbours": [names[other] for other in space.neighbours[place].tolist()],
        }
        for place, name in enumerate(names)
    ]
    texts = [
        {
            "text": text.text,
            "kind": text.kind,
            "picture": None if text.owner is None else names[text.owner],
            "open": opened[count + place],
            "closed": moved[count + place],
        }
        for place, text in enumerate(space.texts)
    ]
    return {
        **_about(space),
        "gap": _gap(space.gap),
        "clusters": [
            {"names": one.names, "fit": one.fit, "pictures": len(one.members), "middle": names[one.members[0]]}
            for one in space.clusters
        ],
        "copies": [[names[place] for place in group] for group in space.copies],
        "outliers": [{"path": names[one.picture], "likeness": one.likeness} for one in space.outliers],
        "pictures": pictures,
        "texts": texts,
        "skipped": [{"path": name, "reason": reason} for name, reason in space.skipped.items()],
    }


def drawn(space: Space, sheets: Sequence[Sheet], address: Callable[[int, Sheet], str]) -> Json:
    """For the page: the same in columns, places as numbers, and where each sheet of thumbnails is to be had."""
    count = len(space)
    groups = {place: number for number, one in enumerate(space.clusters) for place in one.members}
    captions = [item.captions[0] if item.captions else "" for item in space.items]
    labels = [item.label or "" for item in space.items]
    return {
        **_about(space),
        "gap": _gap(space.gap),
        "pictures": {
            "names": [_text(item.id) for item in space.items],
            "captions": [_text(one) for one in captions] if any(captions) else None,
            "labels": [_text(one) for one in labels] if any(labels) else None,
            "cluster": [groups[place] for place in range(count)],
            "open": _flat(space.open.places[:count]),
            "closed": _flat(space.closed.places[:count]),
            "neighbours": space.neighbours.tolist(),
            "best": space.best.tolist(),
        },
        "texts": texts_drawn(space.texts, space.open.places[count:], space.closed.places[count:]),
        "typed": [
            found(space, text.text, vector)
            for text, vector in zip(space.texts, space.text_vectors, strict=True)
            if text.kind == "typed"
        ],
        "clusters": [{"names": [_text(name) for name in one.names], "fit": one.fit, "members": one.members}
                     for one in space.clusters],
        "copies": space.copies,
        "outliers": [asdict(one) for one in space.outliers],
        "sheets": [
            {"address": address(number, one), "cell": one.cell, "columns": one.columns, "sizes": one.sizes}
            for number, one in enumerate(sheets)
        ],
        "skipped": [[_text(name), _text(reason)] for name, reason in space.skipped.items()],
    }  # fmt: skip


def found(space: Space, text: str, vector: Tensor) -> Json:
    """What a text that was typed finds, given its unit vector: how alike each picture is, and the best ones."""
    return {
        "text": _text(text),
        "scores": _rounded((space.vectors @ vector).tolist()),
        "best": [place for place, _ in space.like(vector)],
    }


def texts_drawn(texts: Sequence[Text], opened: Tensor, moved: Tensor) -> Json:
    """Texts in columns, with their places (texts, 2) on both maps."""
    return {
        "texts": [_text(one.text) for one in texts],
        "kinds": [one.kind for one in texts],
        "owners": [-1 if one.owner is None else one.owner for one in texts],
        "open": _flat(opened),
        "closed": _flat(moved),
    }


def _about(space: Space) -> Json:
    return {
        "model": space.model,
        "folder": _text(space.folder),
        "by": space.by,
        "explained": list(space.open.explained),
        "shown": len(space),
        "total": space.total,
        "split": space.split,
    }


def _gap(gap: Gap | None) -> Json | None:
    return None if gap is None else asdict(gap)


def _pairs(places: Tensor) -> list[list[float]]:
    return [[round(x, 4), round(y, 4)] for x, y in places.tolist()]


def _flat(places: Tensor) -> list[float]:
    return _rounded(places.flatten().tolist())


def _rounded(numbers: Iterable[float]) -> list[float]:
    return [round(number, 4) for number in numbers]


def _text(text: str) -> str:
    """Text that any page can show: a file's name may hold what no text can."""
    return printable(text)
