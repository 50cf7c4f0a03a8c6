"""Explanations as one page that opens offline: hover a word and see where it came from, switch between methods."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from io import BytesIO
from typing import Any

from PIL import Image

from seeread.charts.pages.document import document
from seeread.charts.pages.markup import json_html
from seeread.explanation.causal.lens import Lens
from seeread.explanation.drawing.colours import COVERED, ramp
from seeread.explanation.drawing.words import MEANING, question, said
from seeread.explanation.heatmap import Explanation
from seeread.explanation.told import as_json

LONGEST = 1024
"""Pixels of the longer side of the picture in the page."""
LENS = """<section><h2>What each spot would say</h2>
<p class="lead">The model turns the picture into tokens, which rise through its layers as words do. This is the word
that it would say next, at each of them, if it stopped at that layer; the bluer, the likelier.</p>
<div class="lens"><div>
<label><span id="layer-name"></span> <input type="range" id="layer" min="0" aria-label="Layer"></label>
<div id="spots"><img id="lens-picture" alt="The picture"></div>
</div><div><h3 id="spot-title"></h3><ol id="spot-words"></ol></div></div></section>"""
_ALMOST_FLAT = 4096
"""Colours; a picture with fewer is a drawing, which PNG keeps sharp."""


def page(picture: Image.Image, explanations: Sequence[Explanation], lens: Lens | None = None) -> str:
    """The HTML. `explanations` are of one picture and one text, one for each method; with a `lens` also what each spot
    of the picture would say. Nothing of what the page is given is read as HTML."""
    first = explanations[0]
    title = said(first)
    scripts = [_own("page.js")] + ([_own("lens.js")] if lens else [])
    data: dict[str, Any] = {
        "explanations": [as_json(one) for one in explanations],
        "ramps": {"hot": ramp(True).tobytes().hex(), "grey": ramp(False).tobytes().hex()},
        "covered": COVERED,
    }
    if lens is not None:
        data["lens"] = lens.as_json()
    style = files("seeread.charts.pages").joinpath("page.css").read_text("utf-8") + _own("page.css") + _own("lens.css")
    body = f"""<header>
<p class="asked">{escape(question(first))}</p>
<button type="button" id="theme" aria-pressed="false">Dark</button>
<h1 id="said" role="toolbar" aria-label="What the model said; each part has its map">{escape(title)}</h1>
<p class="lead">{escape(first.model)}</p>
</header>
<main>
<div class="look">
<figure class="seen">
<canvas id="map" role="img" aria-label="The map over the picture"></canvas>
<img id="picture" src="{_source(picture)}" alt="The picture" hidden>
<figcaption>
<span class="legend"><span>least</span><b></b><span>most</span></span>
<label>Map <input type="range" id="strength" min="0" max="100" value="100" aria-label="How strong the map is"></label>
</figcaption>
</figure>
<section class="told" aria-live="polite">
<h2 id="about"></h2>
<p id="likely" class="note"></p>
<p id="verdict"></p>
<div id="controls" class="bars"></div>
<p id="meaning" class="note">{MEANING}</p>
<div id="methods" role="toolbar" aria-label="Methods"></div>
<p id="summary" class="note"></p>
<p id="record" class="note"></p>
<ul id="notes" class="note"></ul>
</section>
</div>
<section id="all"><h2>All maps</h2><ul></ul></section>
{LENS if lens else ""}
</main>
<script type="application/json" id="data">{json_html(data)}</script>"""
    return document(f"Why “{title}”?", style, body, scripts)


def _source(picture: Image.Image) -> str:
    """The picture as an address that is all of it."""
    small = picture.convert("RGB")
    small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    file, kind = BytesIO(), "PNG" if small.getcolors(_ALMOST_FLAT) else "JPEG"
    small.save(file, kind, quality=90)
    return f"data:image/{kind.lower()};base64,{b64encode(file.getvalue()).decode()}"


def _own(name: str) -> str:
    """A file that comes with the package."""
    return files("seeread.explanation.drawing").joinpath(name).read_text("utf-8")
