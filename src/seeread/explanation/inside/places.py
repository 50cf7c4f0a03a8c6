"""What every token is: which cell of the picture, which word, or something that was learned, in every stream."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from seeread.explanation.inside.views import View
from seeread.fusion.gated import by_row
from seeread.fusion.lines import in_lines
from seeread.fusion.splice import splice
from seeread.fusion.tiles import lay_beside, lay_out
from seeread.interface import Batch, Images, Patches, Role, Tiles

Kind = Literal["cell", "word", "learned", "line", "nothing"]


@dataclass(frozen=True)
class Place:
    """One token of a stream. A "cell" lies at `row` and `column` of the `view`; a "word" is written as `text`; what was
    "learned" is the same for every picture: a class token, a query, a latent; a "line" ends a line of patches; with
    "nothing" a place is only filled up. `role` is why a token of the text is there."""

    kind: Kind
    text: str
    view: int = 0
    row: int = 0
    column: int = 0
    role: Literal["picture", "prompt", "answer", ""] = ""


@dataclass(frozen=True)
class Written:
    """A text that goes into a model: its token ids, (tokens,), with the text that each writes."""

    ids: Tensor
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """All that the places of a run follow from. `texts` are what a text tower reads, one each; `batch` is what a model
    that writes reads, with the pieces of its one row in `texts`."""

    config: Any
    views: tuple[View, ...]
    images: Images
    texts: tuple[Written, ...]
    batch: Batch | None


def places(scene: Scene, stream: str, item: int, count: int) -> tuple[Place, ...]:
    """The `count` tokens of a stream, for one picture, tile or text; numbered where nothing is known of them."""
    make = STREAMS.get(stream)
    found = tuple(make(scene, item)) if make is not None else ()
    if len(found) == count:
        return found
    name = LEARNED.get(stream, "token")
    return tuple(Place("learned", f"{name} {number}" if count > 1 else name) for number in range(1, count + 1))


LEARNED = {
    "resampled": "query", "queried": "query", "pooled": "the pooling's query", "latents": "latent",
    "asked": "the answer's query", "media": "picture token",
}  # fmt: skip
"""What tokens are called that were learned, and do not come from the picture or the words."""


def _numbers(scene: Scene) -> Tensor:
    """(sheets, cells): of all cells of what leaves the tower one number each, from 1; those of tiles come as they lie
    in the tower, and are numbered as they lie in their view."""
    first = scene.views[0]
    numbers = torch.arange(1, first.rows * first.columns + 1)[None]
    if not isinstance(scene.images, Tiles):
        return numbers
    rows, columns = scene.images.grids[0].tolist()
    large = scene.views[1]
    lying = torch.arange(large.rows * large.columns).view(rows, first.rows, columns, first.columns)
    return torch.cat((numbers, lying.transpose(1, 2).flatten(2).flatten(0, 1) + numbers.numel() + 1))


def _cell(scene: Scene, number: int) -> Place:
    """The cell of that number; 0 is none."""
    if number <= 0:
        return Place("nothing", "nothing")
    for view, seen in enumerate(scene.views):
        if number <= seen.rows * seen.columns:
            row, column = divmod(number - 1, seen.columns)
            return Place("cell", f"row {row + 1}, column {column + 1}", view, row, column)
        number -= seen.rows * seen.columns
    return Place("nothing", "nothing")


def _cells(scene: Scene, numbers: Tensor) -> list[Place]:
    return [_cell(scene, number) for number in numbers.flatten().long().tolist()]


def _patches(scene: Scene, item: int) -> list[Place]:
    numbers = _numbers(scene)
    cells = _cells(scene, numbers[min(item, len(numbers) - 1)])
    if isinstance(scene.images, Patches):  # what follows the patches of a picture is padding
        cells += [Place("nothing", "padding")] * (scene.images.pixels.shape[1] - len(cells))
    tower = getattr(scene.config, "vision", None)
    return [Place("learned", "class token")] * bool(getattr(tower, "class_token", False)) + cells


def _map(scene: Scene, item: int) -> list[Place]:
    patches = _patches(scene, item)
    spatial = getattr(scene.config, "image_pool", "") == "spatial attention"
    return [Place("learned", "the mean of all cells"), *patches] if spatial else patches


def _sight(scene: Scene) -> Tensor | None:
    """The numbers of the cells as they stand in what a model has seen: (image places,), or (image places, media
    tokens); None where learned queries took what there was."""
    config, images, numbers = scene.config, scene.images, _numbers(scene).float()
    if getattr(config, "resampler", None) is not None or hasattr(config, "queries"):
        return None
    if isinstance(images, Patches):
        return in_lines(numbers[..., None], images, numbers.new_full((1,), -1))[:, 0]
    if isinstance(images, Tiles) and images.apart:
        return lay_beside(numbers[:1, :, None], numbers[1:, :, None], images.grids, config.tiles)[..., 0]
    if isinstance(images, Tiles):
        return lay_out(numbers[..., None], images, numbers.new_full((1,), -1))[:, 0]
    tower = getattr(config, "vision", None)
    if getattr(tower, "class_token", False) and not getattr(config, "dropped", 0):
        numbers = torch.cat((numbers.new_zeros(1, 1), numbers), dim=1)
    return numbers


def _spliced(scene: Scene) -> bool:
    """Whether cells of the picture take places among the words."""
    return not hasattr(scene.config, "gates") or isinstance(scene.images, Tiles)


def _words(scene: Scene, item: int) -> list[Place]:
    """The tokens of a text; of a model that writes, with the picture at its places."""
    batch = scene.batch
    text = scene.texts[min(item, len(scene.texts) - 1)]
    if batch is None:
        return [Place("word", piece, role="prompt") for piece in text.pieces]
    roles = batch.roles[0].tolist()
    found = [
        Place("word", piece, role="answer" if role == Role.ANSWER else "prompt")
        for piece, role in zip(text.pieces, roles, strict=True)
    ]
    sight = _sight(scene) if _spliced(scene) else None
    taken = batch.where(Role.IMAGE).cpu()
    numbers = torch.zeros(taken.shape)
    if sight is not None and sight.shape[0] * (sight.shape[1] if sight.ndim == 2 else 1):
        each = sight[:, 0] if isinstance(scene.images, Tiles) and sight.ndim == 2 else sight.flatten()
        if len(each) == int(taken.sum()):
            numbers = splice(numbers[..., None], taken, each[:, None])[..., 0]
    for place, (number, image) in enumerate(zip(numbers[0].long().tolist(), taken[0].tolist(), strict=True)):
        if image and number < 0:
            found[place] = Place("line", "end of the line", role="picture")
        elif image:
            cell = _cell(scene, number) if number else Place("word", "the picture")
            found[place] = replace(cell, role="picture")
    return found


def _media(scene: Scene, item: int) -> list[Place]:
    """What words read between the blocks."""
    sight, batch = _sight(scene), scene.batch
    if sight is None or batch is None:
        return []
    beside = sight[:, 1:] if isinstance(scene.images, Tiles) else sight
    return _cells(scene, by_row(beside[..., None], batch.where(Role.IMAGE).cpu())[0, :, 0])


def _features(scene: Scene, item: int) -> list[Place]:
    return _patches(scene, item)[getattr(scene.config, "dropped", 0) :]


def _prompt(scene: Scene, item: int) -> list[Place]:
    return [place for place in _words(scene, item) if place.role != "answer"]


def _answer(scene: Scene, item: int) -> list[Place]:
    said = [place for place in _words(scene, item) if place.role == "answer"]
    return [Place("learned", "the start of the answer"), *said]


STREAMS: Mapping[str, Callable[[Scene, int], Sequence[Place]]] = {
    "patches": _patches,
    "pixels": lambda scene, item: _cells(scene, _numbers(scene)),
    "features": _features,
    "map": _map,
    "compared": _patches,
    "words": _words,
    "media": _media,
    "prompt": _prompt,
    "answer": _answer,
}
