"""Charts of every kind, small and large, and labels that want to be more than labels."""

from io import BytesIO
from random import Random

from PIL import Image

from seeread.charts.chart import (
    Bars,
    Curve,
    Curves,
    Details,
    Gallery,
    Matrix,
    Section,
    Series,
    Shown,
    Table,
    Tiles,
    Words,
)

HOSTILE = '</script><img src=x onerror="document.title=1">{a}{b|x}&lt;$x^2$ \'"'
NUMBERS = Random(1)


def picture(colour: str = "teal", kind: str = "JPEG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (160, 120), colour).save(file, kind)
    return file.getvalue()


PAIR = Bars(
    "Measured and published",
    ["ViT-B/32", "ViT-B/16", "ViT-L/14"],
    [
        Series(
            "measured", [0.631, 0.684, None], [0.627, 0.68, None], [0.635, 0.688, None], ["50,000 pictures", "", ""]
        ),
        Series("published", [0.633, 0.683, 0.755], notes=["open_clip"] * 3, hollow=True),
    ],
    lines=[("chance", 0.001)],
    note="Whiskers are intervals.",
)
ONE = Bars("One bar", ["mini-clip"], [Series("accuracy", [0.42], [0.38], [0.46])])
MANY = Bars(
    "Thirty bars",
    [f"somebody/a-rather-long-name-of-a-model-{number}-{'x' * number}" for number in range(30)],
    [Series("accuracy", [NUMBERS.random() for _ in range(30)])],
)
EFFECT = Series("effect", [1.34, -0.4, 0.0], [1.1, -0.8, -0.1], [1.5, 0.0, 0.1])
SIGNED = Bars("Both ways", ["up", "down", "none"], [EFFECT], "number")
RELIABILITY = Curves(
    "Reliability", "confidence", "right",
    [
        Curve(
            "as it comes", [(0.1, 0.05), (0.5, 0.3), (0.9, 0.7)], [0.0, 0.2, 0.6], [0.1, 0.4, 0.8], ["12 answers"] * 3
        ),
        Curve("calibrated", [(0.1, 0.1), (0.9, 0.88)], dashed=True),
    ],
    x_unit="percent", diagonal=True,
)  # fmt: skip
RISK = Curves("Risk", "answered", "wrong", [Curve("model", [(n / 99, (n / 99) ** 2) for n in range(100)])], "percent")
SHOTS = Curves("Shots", "shots", "accuracy", [Curve("probe", [(0, 0.4), (1, 0.5), (16, 0.7)])], logarithmic=True)
POWERS = Curves("Powers", "shots", "accuracy", [Curve("probe", [(1, 0.4), (2, 0.5), (16, 0.7)])], logarithmic=True)
MATRIX = Matrix("Confusion", ["cat", "dog"], ["cat", "dog"], [[0.75, 0.25], [0.0, None]], "percent", "said", "is")
LARGE = Matrix(
    "Twenty classes", [f"class {n}" for n in range(20)], [f"class {n}" for n in range(20)],
    [[20.0 if row == column else 1.0 * (row == column + 1) for column in range(20)] for row in range(20)],
)  # fmt: skip
CHARTS = [PAIR, ONE, MANY, SIGNED, RELIABILITY, RISK, SHOTS, POWERS, MATRIX, LARGE]

SCORES = Table(
    "Scores",
    ["model", "top-1", "pictures"],
    [["b 10", ("63.3% (63 to 64%)", 0.633), 50], ["b 9", ("7.1%", 0.071), 1200], ["a", None, 3]],
)

EVIL = [
    Bars(HOSTILE, [HOSTILE, HOSTILE],
         [Series(HOSTILE, [0.5, 0.2], [0.4, 0.1], [0.6, 0.3], [HOSTILE] * 2), Series(HOSTILE, [0.4, 0.3], hollow=True)],
         lines=[(HOSTILE, 0.1)], note=HOSTILE),
    Curves(HOSTILE, HOSTILE, HOSTILE,
           [Curve(HOSTILE, [(0.1, 0.2), (0.5, 0.6)], [0.1, 0.5], [0.3, 0.7], [HOSTILE] * 2)]),
    Curves(HOSTILE, HOSTILE, HOSTILE, [Curve(HOSTILE, RISK.curves[0].points)]),
    Matrix(HOSTILE, [HOSTILE] * 2, [HOSTILE] * 2, [[1, 2], [3, 4]], "number", HOSTILE, HOSTILE, HOSTILE),
]  # fmt: skip
REST = [
    SCORES,
    Gallery("The worst", [Shown(picture(), ["cat.jpg", "said: dog"]), Shown(b"<svg onload=1>", ["no picture"])]),
    Words("How to read it", ["A paragraph."], [("the paper", "https://arxiv.org/abs/1")], "seeread report results"),
    Gallery("Over time", [Shown(picture(), ["a cat"], [("step 1", "a dog"), ("step 2", "a cat")])], roomy=True),
    Tiles("In short", [("loss", "1.14", "from 5.27"), ("steps", "3,000", "")]),
    Details("The record", [("model", "mini-clip"), ("command", "seeread evaluate\n--on folder")]),
]
HARD = [
    *EVIL,
    Table(HOSTILE, [HOSTILE], [[HOSTILE], [(HOSTILE, 1.0)]], HOSTILE),
    Gallery(HOSTILE, [Shown(picture("red", "PNG"), [HOSTILE], [(HOSTILE, HOSTILE)])], HOSTILE),
    Tiles(HOSTILE, [(HOSTILE, HOSTILE, HOSTILE)]),
    Words(HOSTILE, [HOSTILE], [(HOSTILE, HOSTILE), ("click", "javascript:document.title=1")], HOSTILE),
    Details(HOSTILE, [(HOSTILE, HOSTILE)]),
]
SECTIONS = [
    Section("Charts", CHARTS, "All kinds."),
    Section("The rest", REST),
    Section(HOSTILE, HARD, HOSTILE),
]
