"""Calibration: how sure a model says it is, and how often it is right."""

import random
from pathlib import Path

from PIL import Image

import seeread as sr
from examples.demo import collect_photographs
from recipes.figures.contrastive import TEXTS
from recipes.figures.figure import Figure, of_chart
from seeread.charts.chart import Curves
from seeread.evaluation.certainty.page import sections

CROPS = 100  # of each photograph


def reliability(scratch: Path) -> Figure:
    """mini-clip names small pieces of six photographs: before and after its percentages are mended."""
    chance = random.Random(0)
    for path in sorted(collect_photographs(scratch / "photos").iterdir()):
        folder = scratch / "pieces" / path.stem
        folder.mkdir(parents=True, exist_ok=True)
        photograph = Image.open(path).convert("RGB")
        for number in range(CROPS):
            side = int(chance.uniform(0.15, 0.7) * min(photograph.size))
            left, top = (chance.randrange(length - side) for length in photograph.size)
            photograph.crop((left, top, left + side, top + side)).save(folder / f"{number:03}.png")
    model = sr.load("seeread/mini-clip")
    labels = [TEXTS[name] for name in sorted(TEXTS)]
    calibrated = sr.calibrate(model, scratch / "pieces", labels=labels)
    chart = next(piece for piece in sections(calibrated)[0].pieces if isinstance(piece, Curves))
    return of_chart(
        chart,
        f"{CROPS} pieces of each of six photographs, named by mini-clip: half of them to fit one number, the "
        "temperature, and half to measure. Points on the diagonal keep their word: of what is said with 70 %, 70 % is "
        "right.",
    )
