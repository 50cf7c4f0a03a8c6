"""The shared space: drawn scenes and the sentences about them, and the gap between the two."""

from io import BytesIO
from pathlib import Path

from PIL import Image

import seeread as sr
from recipes.figures.figure import Figure, thumbnail
from seeread.spaces.example import scenes
from seeread.spaces.space import space

SCENES = 120


def points(scratch: Path) -> Figure:
    """Both on one map, as they are, and with each kind moved to have its mean in the middle."""
    found = space(sr.load("seeread/mini-clip"), scenes(SCENES))
    count = len(found)
    shown = []
    for place, (spot, moved) in enumerate(zip(found.open.places.tolist(), found.closed.places.tolist(), strict=True)):
        point: dict[str, object] = {"at": [round(x, 3) for x in spot], "closed": [round(x, 3) for x in moved]}
        if place < count:
            point["picture"] = thumbnail(Image.open(BytesIO(found.thumbnails[place])), 48)
            point["name"] = found.texts[int(found.best[place, 0])].text
        else:
            point["name"] = found.texts[place - count].text
        shown.append(point)
    gap = found.gap
    assert gap is not None
    return Figure(
        "points",
        "A hundred drawn scenes and a hundred sentences",
        "Squares are pictures, dots are sentences, placed by the two directions in which they differ most. Their means "
        f"lie {gap.distance:.2f} apart on a sphere where 2 is opposite. Close the gap, and both spread over the same "
        "ground. Hover a point for what it is; of a picture, for the sentence that is most like it.",
        {"points": shown},
    )
