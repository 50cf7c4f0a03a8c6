"""Small copies of pictures, made once and kept in the user's cache; and sheets of them, which a page loads at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from seeread.data.sets.item import Kept, opened
from seeread.errors import DataError, ImageError
from seeread.features.cache import cache_folder
from seeread.features.content import digests
from seeread.features.store import Store, Unavailable
from seeread.preprocessing.image import Source, open_image
from seeread.pretrained import Progress

SIDE = 160
"""Pixels of the longer side of a thumbnail."""
_QUALITY = 82  # of JPEG
_AT_ONCE = 64
_WORKERS = 4
_PER_ROW = 16  # of a sheet
PER_SHEET = _PER_ROW * _PER_ROW


@dataclass(frozen=True)
class Sheet:
    """Thumbnails in cells of one size, row by row, as a JPEG; `sizes` are the pixels (width, height) that each fills of
    its cell, from its corner at the top left."""

    jpeg: bytes
    cell: int
    columns: int
    sizes: tuple[tuple[int, int], ...]


def thumbnails(pictures: "Sequence[Source | Kept]", progress: Progress | None = None) -> list[bytes | ImageError]:
    """A JPEG of each picture with a longer side of `SIDE` pixels at most; of one that cannot be opened, why."""
    store = Store(cache_folder() / "features" / f"thumbnails-{SIDE}.sqlite")
    keys = [bytes.fromhex(digest) for digest in digests(pictures)]
    kept: dict[bytes, bytes] = {}
    with suppress(Unavailable):
        kept = store.get([key for key in keys if key])
    found: list[bytes | ImageError | None] = [kept.get(key) for key in keys]
    missing = [place for place, jpeg in enumerate(found) if jpeg is None]
    batches = [missing[start : start + _AT_ONCE] for start in range(0, len(missing), _AT_ONCE)]
    with ThreadPoolExecutor(_WORKERS) as pool:  # decoding and resizing release Python's lock
        for batch in progress(batches) if progress and batches else batches:
            made = dict(zip(batch, pool.map(_thumbnail, [pictures[place] for place in batch]), strict=True))
            for place, jpeg in made.items():
                found[place] = jpeg
            new = {keys[place]: jpeg for place, jpeg in made.items() if isinstance(jpeg, bytes) and keys[place]}
            with suppress(Unavailable):
                store.put(new)
    return [jpeg for jpeg in found if jpeg is not None]


def sheets(jpegs: Sequence[bytes], cell: int) -> list[Sheet]:
    """Thumbnails on sheets of 16 x 16, in their order, each made smaller to fit a cell of `cell` pixels."""
    return [_sheet(jpegs[start : start + PER_SHEET], cell) for start in range(0, len(jpegs), PER_SHEET)]


def _sheet(jpegs: Sequence[bytes], cell: int) -> Sheet:
    rows = -(-len(jpegs) // _PER_ROW)
    page = Image.new("RGB", (cell * min(len(jpegs), _PER_ROW), cell * rows))
    sizes = []
    for place, jpeg in enumerate(jpegs):
        small = Image.open(BytesIO(jpeg))
        small.thumbnail((cell, cell), Image.Resampling.LANCZOS)
        page.paste(small, (place % _PER_ROW * cell, place // _PER_ROW * cell))
        sizes.append(small.size)
    return Sheet(_jpeg(page), cell, _PER_ROW, tuple(sizes))


def _thumbnail(picture: "Source | Kept") -> bytes | ImageError:
    try:
        image = open_image(opened(picture))
    except ImageError as error:
        return error
    except DataError as error:
        return ImageError("image_missing", str(error))
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _jpeg(image)


def _jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
