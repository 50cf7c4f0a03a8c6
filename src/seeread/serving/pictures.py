"""The pictures that people bring: kept in memory for a while, under a name that follows from their bytes."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from threading import Lock

from PIL import Image

from seeread.data.scenes import invent, render
from seeread.errors import UsageError
from seeread.preprocessing.image import Limits, open_image

LIMITS = Limits(bytes=32 * 2**20, pixels=40_000_000)
"""Of one picture. Larger ones make a server work for nothing: no model sees so much."""

ROOM = 256 * 2**20
"""Bytes of all pictures together; the one that was not used for longest makes room for another."""

EXAMPLES = (4_000_031, 4_000_051, 4_000_096, 4_000_244, 4_000_169, 58)
"""The seeds of scenes that are there before anybody brings a picture."""

SIDE = 448  # pixels of a drawn scene


@dataclass(frozen=True)
class Kept:
    """What a picture is called here, and its size in pixels, upright."""

    name: str
    width: int
    height: int


class Pictures:
    """Pictures by name. Files are kept as they came, and decoded when they are wanted."""

    def __init__(self, room: int = ROOM, limits: Limits = LIMITS):
        self.limits = limits
        self._room = room
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._drawn: dict[str, Callable[[], Image.Image]] = {
            f"scene-{number}": _drawing(seed) for number, seed in enumerate(EXAMPLES, 1)
        }
        self._lock = Lock()

    @property
    def examples(self) -> tuple[Kept, ...]:
        """Drawn scenes, so that there is always something to look at."""
        return tuple(Kept(name, SIDE, SIDE) for name in self._drawn)

    def keep(self, data: bytes) -> Kept:
        """A picture's file. Raises ImageError for one that cannot be opened."""
        picture = open_image(data, self.limits, name="The picture")
        name = sha256(data).hexdigest()[:20]
        with self._lock:
            self._files[name] = data
            self._files.move_to_end(name)
            while sum(map(len, self._files.values())) > self._room and len(self._files) > 1:
                self._files.popitem(last=False)
        return Kept(name, *picture.size)

    def open(self, name: str) -> Image.Image:
        """The picture, RGB and upright. Raises UsageError where it is not kept (any more)."""
        if name in self._drawn:
            return self._drawn[name]()
        with self._lock:
            data = self._files.get(name)
            if data is not None:
                self._files.move_to_end(name)
        if data is None:
            raise UsageError("This picture is no longer kept here. Choose it again.")
        return open_image(data, self.limits, name="The picture")

    def encoded(self, name: str, side: int | None = None) -> tuple[bytes, str]:
        """A file of the picture that browsers show, its longer side at most `side` pixels, and the kind of the file."""
        picture = self.open(name)
        if side is not None:
            picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        file = BytesIO()
        if name in self._drawn:
            picture.save(file, "PNG")
            return file.getvalue(), "image/png"
        picture.save(file, "JPEG", quality=92)
        return file.getvalue(), "image/jpeg"


def _drawing(seed: int) -> Callable[[], Image.Image]:
    return lambda: render(invent(seed), SIDE)
