"""`space`: a folder of pictures as a model sees it, and the texts that are about them, on one map."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from seeread.data.sets.item import Item
from seeread.errors import DataError, ImageError, UsageError
from seeread.features.vectors import Features
from seeread.preprocessing.image import printable
from seeread.pretrained import Pretrained, Progress
from seeread.spaces.clusters import Cluster, cluster, named
from seeread.spaces.gap import Gap, closed, modality_gap
from seeread.spaces.gather import Gathered, Text, gather, texts_of
from seeread.spaces.likeness import Outlier, copies, neighbours, outliers
from seeread.spaces.names import names as usual_names
from seeread.spaces.project import By, Projection, project
from seeread.spaces.thumbnails import thumbnails
from seeread.tasks.labels import embed_labels

Telling = Callable[[str], Progress | None]
"""Given what is being done, makes what wraps its batches."""

MOST_NAMES = 60
"""Names of ours on a map: those that fit most pictures best."""
NEIGHBOURS = 8
_TEMPLATE = "photo"  # one sentence for each of more than a thousand names


@dataclass(frozen=True)
class Space:
    """Pictures and texts as one model sees them. Whatever counts pictures or texts counts in their order here.

    `open` is the map of both as they are; `closed` that without the modality gap, each kind moved to have its mean in
    the middle, and turned to lie like the first. `best` are for each picture the texts that are most like it, without
    the gap. `copies` are groups of near copies. `skipped` says, by id, which pictures cannot be opened, and why.
    """

    model: str
    folder: str
    by: By
    items: tuple[Item, ...]
    texts: tuple[Text, ...]
    vectors: Tensor  # (pictures, dimension), unit
    text_vectors: Tensor  # (texts, dimension), unit
    open: Projection
    closed: Projection
    gap: Gap | None
    clusters: tuple[Cluster, ...]
    neighbours: Tensor  # (pictures, at most 8), places of pictures
    best: Tensor  # (pictures, at most 3), places of texts
    copies: tuple[tuple[int, ...], ...]
    outliers: tuple[Outlier, ...]
    thumbnails: tuple[bytes, ...] = field(repr=False)
    skipped: Mapping[str, str] = field(default_factory=dict)
    total: int = 0
    """Pictures that are there, of which `items` may be some."""
    split: str | None = None
    """The part of a divided set that they are."""

    def __len__(self) -> int:
        return len(self.items)

    def place(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Where texts of these unit vectors (texts, dimension) lie on the map, open and closed: (texts, 2) each."""
        return self.open.place(vectors), self.closed.place(self._without_gap(vectors))

    def with_texts(self, texts: Sequence[str], vectors: Tensor) -> "Space":
        """The same space with texts that were typed, (texts, dimension), in it; the maps stay as they are."""
        maps = []
        for one, places in zip((self.open, self.closed), self.place(vectors), strict=True):
            maps.append(replace(one, places=torch.cat([one.places, places])))
        return replace(
            self,
            texts=(*self.texts, *(Text(text, "typed") for text in texts)),
            text_vectors=torch.cat([self.text_vectors, vectors]),
            open=maps[0],
            closed=maps[1],
        )

    def like(self, vector: Tensor, among: Sequence[int] | None = None, top: int = 24) -> list[tuple[int, float]]:
        """The pictures most like a unit vector (dimension,), best first, with their cosines; only of `among`, if it is
        given."""
        places = torch.arange(len(self.vectors)) if among is None else torch.tensor(list(among), dtype=torch.long)
        best = (self.vectors[places] @ vector).topk(min(top, len(places)))
        return list(zip(places[best.indices].tolist(), best.values.tolist(), strict=True))

    def _without_gap(self, texts: Tensor) -> Tensor:
        return closed(texts, self.text_vectors.mean(dim=0)) if len(self.text_vectors) > 1 else texts


def space(
    model: Pretrained,
    folder: str | os.PathLike[str] | Gathered,
    *,
    by: By = "pca",
    labels: Sequence[str] | None = None,
    texts: Sequence[str] = (),
    clusters: int | None = None,
    split: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    batch_size: int = 32,
    name: str | None = None,
    telling: Telling | None = None,
) -> Space:
    """The space of the pictures at `folder`, in any layout that `read_set` understands, or of what was gathered.

    Its texts are the captions beside the pictures, or the names of their classes; without any, those of `labels` that
    fit a picture best, or of a list of our own. `texts` are added as if they were typed. `by` is "pca", "umap" or
    "pacmap"; `clusters` is how many there shall be; `name` what the folder is called. Vectors and thumbnails are kept
    in the user's cache.

    Raises DataError if there is no picture that can be opened, and UsageError for a model that does not embed them.
    """
    tell: Telling = telling or (lambda what: None)
    features = Features(model)
    found = folder if isinstance(folder, Gathered) else gather(folder, split=split, limit=limit, seed=seed)
    found, small, vectors = _seen(features, found, batch_size, tell)
    captions = [item.captions[0] for item in found.items if item.captions]
    words = usual_names(found.labels, captions) if labels is None else list(dict.fromkeys(labels))
    word_vectors = _of_names(features, words, tell)
    told, text_vectors = _texts(features, found, labels, vectors, words, word_vectors, tell)
    both = torch.cat([vectors, text_vectors])
    moved = torch.cat([closed(vectors), closed(text_vectors) if len(told) > 1 else text_vectors])
    map_open = project(both, by, seed)
    map_closed = project(moved, by, seed).turned_like(map_open)
    owners = torch.tensor([-1 if text.owner is None else text.owner for text in told], dtype=torch.long)
    whole = Space(
        model=model.origin.name,
        folder=name or ("" if isinstance(folder, Gathered) else os.fspath(folder)),
        by=by,
        items=found.items,
        texts=tuple(told),
        vectors=vectors,
        text_vectors=text_vectors,
        open=map_open,
        closed=map_closed,
        gap=modality_gap(vectors, text_vectors, owners, seed) if len(told) else None,
        clusters=tuple(named(vectors, cluster(vectors, clusters, seed), words, word_vectors)),
        neighbours=neighbours(vectors, top=NEIGHBOURS)[0],
        best=neighbours(moved[: len(vectors)], moved[len(vectors) :], top=3)[0],
        copies=tuple(copies(small, tell("Looking for copies"), tell("Comparing what may be copies"))),
        outliers=tuple(outliers(vectors)),
        thumbnails=tuple(small),
        skipped=found.skipped,
        total=found.total,
        split=found.split,
    )
    return whole.with_texts(texts, features.of_texts(list(texts))) if texts else whole


def _seen(
    features: Features, found: Gathered, batch_size: int, tell: Telling
) -> tuple[Gathered, list[bytes], Tensor]:
    """What of it can be opened, with thumbnails and vectors (pictures, dimension)."""
    small = thumbnails([item.picture for item in found.items], tell("Opening pictures"))
    skipped = dict(found.skipped)
    skipped |= {
        item.id: _reason(one, item) for item, one in zip(found.items, small, strict=True)
        if isinstance(one, ImageError)
    }
    good = [
        (item, one) for item, one in zip(found.items, small, strict=True) if not isinstance(one, ImageError)
    ]
    seen = features.of([item.picture for item, _ in good], batch_size, tell("Embedding pictures"))
    skipped |= {good[place][0].id: _reason(error, good[place][0]) for place, error in seen.failures}
    if not seen.places:
        first = next((f" {printable(name)}: {why}" for name, why in skipped.items()), "")
        raise DataError(f"No picture here can be opened.{first}")
    kept = replace(found, items=tuple(good[place][0] for place in seen.places), skipped=skipped)
    return kept, [good[place][1] for place in seen.places], seen.vectors


def _reason(error: ImageError, item: Item) -> str:
    """Why it cannot be opened, by its name in the folder: where that lies is nobody's business who sees the page."""
    path = printable(item.picture) if isinstance(item.picture, str) else item.id
    return str(error).replace(path, printable(item.id))


def _of_names(features: Features, names: list[str], tell: Telling) -> Tensor:
    """The vectors of names, in a sentence each."""
    if not names:
        raise UsageError("There are no labels. Name at least one, such as a dog, or leave them out.")

    def embed(sentences: Sequence[str]) -> Tensor:
        return features.of_texts(sentences, progress=tell("Embedding names"))

    return embed_labels(features.model, names, _TEMPLATE, embed)


def _texts(
    features: Features,
    found: Gathered,
    labels: Sequence[str] | None,
    vectors: Tensor,
    words: list[str],
    word_vectors: Tensor,
    tell: Telling,
) -> tuple[list[Text], Tensor]:
    """The texts of the space, and their vectors (texts, dimension): captions as they are, names as `words` are."""
    texts = texts_of(found.items, found.labels)
    if texts and texts[0].kind == "caption":
        return texts, features.of_texts([text.text for text in texts], progress=tell("Embedding texts"))
    if texts and labels is None:
        numbers = {word.casefold(): number for number, word in enumerate(words)}
        return texts, word_vectors[[numbers[text.text.casefold()] for text in texts]]
    chosen = _fitting(vectors, word_vectors) if labels is None else list(range(len(words)))
    return [Text(words[number], "name") for number in chosen], word_vectors[chosen]


def _fitting(vectors: Tensor, word_vectors: Tensor) -> list[int]:
    """The names that are the best of some picture, those of most pictures first."""
    moved = closed(vectors), closed(word_vectors) if len(word_vectors) > 1 else word_vectors
    counts = torch.zeros(len(word_vectors), dtype=torch.long)
    best = neighbours(*moved, top=1)[0].flatten()
    counts.index_add_(0, best, torch.ones_like(best))
    ordered = counts.argsort(descending=True, stable=True)
    return [int(number) for number in ordered[:MOST_NAMES] if counts[number]]
