"""Patching between two pictures as a chart: what of the answer each part of the model carries."""

import re

from seeread.charts.chart import Matrix, Section, Words
from seeread.explanation.causal.groups import ANSWER, BEGINNING, DIFFERENT, GATHERED, QUESTION, REST
from seeread.explanation.causal.patching import Patched

_PARTS = {
    "stream": "all that a layer gives", "attention": "what attention gives", "mlp": "what the MLP gives",
    "heads": "what a head of attention gives",
}  # fmt: skip
_SHORT = {DIFFERENT: "where they differ", REST: "rest of picture", GATHERED: "what gathers it", QUESTION: "question",
          BEGINNING: "answer begins", ANSWER: "answer so far"}  # fmt: skip


def matrix(found: Patched) -> Matrix:
    """Layers from top to bottom, groups of tokens or heads side by side."""
    return Matrix(
        title=f"Share of \u201c{found.about}\u201d that comes back",
        rows=[called(layer) for layer in found.layers],
        columns=[_SHORT.get(column, column) for column in found.columns],
        values=found.restored,
        unit="percent",
        x_name="tokens" if found.part != "heads" else "",
        y_name="layer",
        note=f"Put in: {_PARTS[found.part]}. 100% is the score of the first picture again, 0% that of the other.",
        middle=0.0,
    )


def section(found: Patched) -> Section:
    """With what it means."""
    first, second = found.scores
    words = Words(
        "How to read this",
        [
            f"The model scores \u201c{found.about}\u201d with {first:.2f} for the picture and with {second:.2f} for "
            "the other, which differs in what matters alone. The model looks at the other picture, and in one layer, "
            "for one group of tokens, it is given what it had there when it looked at the first. Where that brings the "
            "score back, the answer passes through there.",
            "Logits are shown as they are, and of answers the natural logarithm of their probability.",
        ],
    )
    return Section("What passes the answer on", [words, matrix(found)])


def called(layer: str) -> str:
    """A module's path in short, its layers counted from 1: text 3, vision 1."""
    path, comma, turn = layer.partition(",")
    short = re.sub(r"\.(?:transformer|blocks)(?=\.)|\.attend$", "", path).replace(".", " ")
    return re.sub(r"(?<= )\d+", lambda number: str(int(number[0]) + 1), short) + comma + turn
