"""Explanations: what a model said, where that came from, and whether the map is worth looking at."""

from pathlib import Path

from PIL import Image

import seeread as sr
from examples.demo import collect_photographs
from recipes.figures.figure import Figure, of_chart, thumbnail
from seeread.charts.chart import Matrix
from seeread.data.scenes import invent, render
from seeread.explanation.faith.record import record_of
from seeread.explanation.heatmap import Explanation

TWO, ONE = 3_000_005, 3_000_003  # nothing was learned from these; chosen because what is said of them is right

MODELS = ("mini-clip", "mini-llava", "mini-paligemma", "mini-flamingo", "mini-pali", "mini-hybrid", "mini-fuyu")
SHIPPED = ("relevance", "layercam", "dense", "ablation", "occlusion")
BASELINES = ("gradcam", "rollout", "attention")
CONTROLS = ("random", "centre", "edges")


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
        "Hover or tap a word. Orange is where it came from, by the method that is known to work best with the model; "
        "grey is a map that did no better on this very picture than maps that know nothing of the model. The pictures "
        "were chosen for what is said of them to be right, and not for their maps.",
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


def records(scratch: Path) -> Figure:
    """Methods by models: what was measured and lies beside the weights. Read, not measured again."""
    found = {name: record_of(sr.load(f"seeread/{name}")) for name in MODELS}
    causes = {name: record.figures["cause"] for name, record in found.items() if record is not None}
    rows = [*SHIPPED, *BASELINES, *CONTROLS]
    values = [[figures[row].score if row in figures else None for figures in causes.values()] for row in rows]
    return of_chart(
        Matrix(
            "How often a map finds the one thing of three that mattered",
            [*SHIPPED, *(f"{name} (baseline)" for name in BASELINES), *(f"{name} (blind)" for name in CONTROLS)],
            list(causes),
            values,
            "percent",
        ),
        "Drawn scenes of three things, up to 24 for each model: each thing is left out in turn, and the one without "
        "which the answer suffers most is the one to be found. Large things matter more and get more of any map, so "
        "that blind maps do better than a third. Empty: the method does not fit the model. Each number may be some 20 "
        "points off, and small models look in odd places: where no method stands out from the blind maps, none is to "
        "be believed.",
    )
