"""What every route works with."""

from dataclasses import dataclass, field
from pathlib import Path

from seeread.serving.pictures import Pictures
from seeread.serving.shelf import Shelf


@dataclass(frozen=True)
class Desk:
    """The models, the pictures that people have brought, and the folder where the program was started."""

    shelf: Shelf
    pictures: Pictures = field(default_factory=Pictures)
    folder: Path = field(default_factory=Path.cwd)
