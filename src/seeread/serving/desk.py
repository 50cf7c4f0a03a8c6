"""What every route works with."""

from dataclasses import dataclass, field
from pathlib import Path

from seeread.serving.pictures import Pictures
from seeread.serving.shelf import Shelf
from seeread.tasks.pointing.request import Decoder


@dataclass(frozen=True)
class Desk:
    """The models, the pictures that people have brought, the folder where the program was started, and what turns the
    codes of masks into pixels, where that was given."""

    shelf: Shelf
    pictures: Pictures = field(default_factory=Pictures)
    folder: Path = field(default_factory=Path.cwd)
    mask_decoder: Decoder | None = None
