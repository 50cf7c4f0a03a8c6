"""An explanation as JSON: what the command prints, the server answers, and pages draw from."""

import math
from typing import Any

from seeread.explanation.heatmap import Explanation, Heatmap


def as_json(explanation: Explanation) -> dict[str, Any]:
    """All of it. Maps are lists of `rows` * `columns` numbers in reading order, over `area` of the picture, in shares
    of its width and height; `faithfulness` and `record` are null where they were not measured."""
    return {
        "model": explanation.model,
        "method": {"name": explanation.method, "summary": explanation.summary, "source": explanation.source},
        "text": explanation.text,
        "answer": explanation.answer,
        "maps": [map_json(one) for one in explanation.maps],
        "notes": list(explanation.notes),
        "record": None if explanation.record is None else {
            "sentence": explanation.record, "proven": explanation.proven,
        },
    }  # fmt: skip


def map_json(heatmap: Heatmap) -> dict[str, Any]:
    """One map."""
    rows, columns = heatmap.values.shape
    area, box, faith = heatmap.area, heatmap.box, heatmap.faithfulness
    return {
        "about": heatmap.about,
        "kind": heatmap.kind,
        "score": heatmap.score,
        "probability": heatmap.probability,
        "rows": rows,
        "columns": columns,
        "values": [_short(value) for value in heatmap.values.flatten().tolist()],
        "area": {"left": area.left, "top": area.top, "right": area.right, "bottom": area.bottom},
        "box": None if box is None else box._asdict(),
        "faithfulness": None if faith is None else {
            "score": faith.score,
            "controls": dict(faith.controls),
            "believed": faith.believed,
            "moved": faith.moved if math.isfinite(faith.moved) else None,
            "verdict": faith.verdict,
        },
    }  # fmt: skip


def _short(value: float) -> float:
    """Six digits: a map has no more to say."""
    return float(f"{value:.6g}")
