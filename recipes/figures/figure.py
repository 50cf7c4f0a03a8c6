"""A figure of the documentation: what `docs/javascripts/figures.js` draws, as JSON, and the command that makes it."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from seeread.charts.chart import Chart
from seeread.charts.colours import DARK
from seeread.charts.echarts import height, option
from seeread.whole import write_whole

Kind = Literal["chart", "contrast", "maps", "points", "tokens", "flow"]


@dataclass(frozen=True)
class Figure:
    """`data` is what the kind needs. `says` is the sentence beneath it."""

    kind: Kind
    title: str
    says: str
    data: Mapping[str, Any]


def of_chart(chart: Chart, says: str) -> Figure:
    """A chart as a figure, in the colours of day and of night."""
    drawn = {"option": option(chart), "height": height(chart), "phone": height(chart, phone=True), "dark": DARK}
    return Figure("chart", chart.title, says, drawn)


def write(name: str, figure: Figure, folder: Path) -> Path:
    """`folder/name.json`."""
    path = folder / f"{name}.json"
    told = {
        "kind": figure.kind, "title": figure.title, "says": figure.says, "command": f"python -m recipes.figures {name}",
        **figure.data,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    write_whole(path, lambda file: file.write(content))
    return path


def thumbnail(picture: Image.Image, side: int = 160) -> str:
    """A small copy of a picture as an address that holds it."""
    small = picture.convert("RGB")
    small.thumbnail((side, side))
    into = BytesIO()
    small.save(into, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{b64encode(into.getvalue()).decode()}"
