"""Explanations: what a model said, where that came from, and whether the map is worth looking at."""

from pathlib import Path

from PIL import Image

import seeread as sr
from examples.demo import collect_photographs
from recipes.figures.figure import Figure, thumbnail
from seeread.data.scenes import invent, render
from seeread.explanation.heatmap import Explanation

TWO, ONE = 3_000_005, 3_000_003  # nothing was learned from these; chosen because what is said of them is right


def words(scratch: Path) -> Figure:
    """Three models, three pictures, and a map for each thing that was said."""
    photograph = Image.open(collect_photographs(scratch / "photos") / "coffee.png").convert("RGB")
    asked = [
        ("mini-clip", photograph, "a cup of coffee"),
        ("mini-paligemma", render(invent(TWO, most=2), 224), None),
        ("mini-hybrid", render(invent(ONE, most=1), 224), "what color is the shape?"),
    ]
    pictures = []
    for name, picture, text in asked:
        model = sr.load(f"seeread/{name}", precision="fp32")
        pictures.append(_told(sr.explain(model, picture, text), picture))
    return Figure(
        "maps",
        "Where did that come from?",
        "Hover or tap a word. Orange is where it came from, as gradient-weighted attention has it; grey is a map that "
        "did no better on this very picture than maps that know nothing of the model. The pictures were chosen for what "
        "is said of them to be right, and not for their maps.",
        {"pictures": pictures},
    )


def _told(found: Explanation, picture: Image.Image) -> dict[str, object]:
    answer = "" if found.answer is None else f" It wrote: {found.answer}."
    return {
        "picture": thumbnail(picture, 320),
        "asked": f"{found.model} was asked: {found.text or 'what does it show?'}{answer}",
        "maps": [
            {
                "about": one.about,
                "values": [[round(value, 3) for value in row] for row in one.shares.tolist()],
                "area": vars(one.area),
                "believed": bool(one.believed),
                "verdict": "" if one.faithfulness is None else one.faithfulness.verdict,
            }
            for one in found.maps
        ],
    }
