"""`seeread explain`: where in the picture does an answer come from?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from seeread.cli.input import options
from seeread.cli.input.aiming import AimFlags
from seeread.cli.input.pictures import Failure, Picture, expand, tell
from seeread.cli.measuring.running import bars
from seeread.cli.output.console import print_json
from seeread.cli.output.drawings import FORMATS, plan, save
from seeread.cli.output.explained import show_explanation
from seeread.errors import UsageError
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from PIL.Image import Image

    from seeread.explanation.heatmap import Explanation

PAGES = (".html", ".htm")
EXAMPLE = 'seeread explain seeread/mini-llava photo.jpg "How many dogs are there?" --out why.html'


def explain(
    *model_image_text: Annotated[
        str,
        Parameter(
            help='A model, a picture, and a question; of a model that compares labels, "a cat ; a dog". Without a text '
            "a model that writes captions the picture."
        ),
    ],
    out: Annotated[
        Path | None,
        Parameter(help="Draw the maps into this .png, .jpg or .webp, or make this .html page, which opens offline."),
    ] = None,
    method: Annotated[
        str | None, Parameter(help="How to find out: relevance, legrad, ablation... By default the best that fits.")
    ] = None,
    all_methods: Annotated[
        bool,
        Parameter(help="By every method that fits the model, one after the other.", negative="", show_default=False),
    ] = False,
    checks: Annotated[
        int,
        Parameter(help="Random maps that each map is held against; 0: test nothing: fast.", validator=Number(gte=0)),
    ] = 16,
    aimed: AimFlags | None = None,
    tokenizer: options.TokenizerFile = None,
    architecture: options.Architecture = None,
    json: options.Json = False,
    device: options.Device = "auto",
    allow_url: options.AllowUrl = False,
) -> int:
    """Where in the picture does an answer come from?

    For each label, each word that the model writes, or each box, a map of the picture: hot where it came from. Every
    map is put to the test on this very picture: parts are taken away, and put back, in its order. One that does no
    better than blind maps, which know nothing of the model (random blobs, the middle, edges), is drawn grey and is not
    to be believed. With --json: one list, with an object for each method, {"image", "model", "method": {"name",
    "summary", "source"}, "text", "answer", "maps": [{"about", "kind", "score", "probability", "rows", "columns",
    "values", "area", "box", "faithfulness": {"score", "controls", "believed", "moved", "verdict"}}, ...], "notes",
    "drawn"}: "values" are in reading order over "area", which counts from 0 to 1 on the picture.
    """
    if method is not None and all_methods:
        raise UsageError("Give either --method or --all-methods.")
    model, picture, text = _arguments(model_image_text, allow_url)
    target = _destination(out, picture)
    if isinstance(picture, Failure):
        tell([picture])
        return 1
    from seeread.checkpoints.load import load
    from seeread.explanation.explain import explain_target
    from seeread.explanation.methods.table import default, find, fitting

    loaded = load(model, tokenizer=tokenizer, architecture=architecture, device=device, precision="fp32")
    aim = (aimed or AimFlags()).aim(loaded, picture.source, text)
    methods = fitting(aim) if all_methods else [find(method, aim) if method else default(aim)]
    with bars() as shown:
        found = explain_target(aim, methods, text or "", checks=checks, progress=shown.bar("Testing the maps"))
    if target is not None:
        _draw(target, aim.picture, found)
    if json:
        from seeread.explanation.told import as_json

        drawn = None if target is None else str(target)
        print_json([{"image": picture.name} | as_json(one) | {"drawn": drawn} for one in found])
    else:
        for place, one in enumerate(found):
            show_explanation(one, first=place == 0)
    return 0


def _arguments(arguments: Sequence[str], allow_url: bool) -> tuple[str, Picture | Failure, str | None]:
    """The model, the picture, and the text if there is one."""
    if not 2 <= len(arguments) <= 3:
        raise UsageError(f"Name a model, a picture, and what to ask: {EXAMPLE}")
    pictures = expand(arguments[1:2], allow_url)
    if len(pictures) != 1:
        raise UsageError(f"{printable(arguments[1])} holds {len(pictures)} pictures. One can be explained: name it.")
    return arguments[0], pictures[0], arguments[2] if len(arguments) > 2 else None


def _destination(out: Path | None, picture: Picture | Failure) -> Path | None:
    """Where to draw. Mistakes are told now, before the seconds that a model takes."""
    if out is None:
        return None
    if out.suffix.lower() in PAGES:
        if not out.absolute().parent.is_dir():
            raise UsageError(f"{printable(str(out))} cannot be written: its folder does not exist.")
        return out
    if out.suffix.lower() not in FORMATS:
        raise UsageError(f"{printable(str(out))} ends in none of {', '.join((*FORMATS, *PAGES))}. Name another --out.")
    return plan(out, [picture.name], [picture])[picture.name]


def _draw(path: Path, picture: "Image", found: Sequence["Explanation"]) -> None:
    """Writes the page or the sheet. Raises SeereadError if it cannot."""
    if path.suffix.lower() not in PAGES:
        from seeread.explanation.drawing.sheet import sheet

        save(path, sheet(picture, found))
        return
    from seeread.explanation.drawing.page import page
    from seeread.whole import write_whole

    html = page(picture, found).encode("utf-8", "replace")
    write_whole(path, lambda file: file.write(html))
