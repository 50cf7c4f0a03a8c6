"""`seeread explain`: where in the picture does an answer come from?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from seeread.cli.input import options
from seeread.cli.input.aiming import AimFlags
from seeread.cli.input.pictures import Failure, Picture, expand, tell
from seeread.cli.measuring.running import bars
from seeread.cli.output.console import print_json
from seeread.cli.output.explaining.drawn import destination, draw, draw_patched, page_at
from seeread.cli.output.explaining.explained import show_explanation
from seeread.cli.output.explaining.patched import show_patched
from seeread.errors import UsageError
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from seeread.explanation.causal.lens import Lens
    from seeread.explanation.causal.patching import Part
    from seeread.explanation.target import AnyTarget

EXAMPLE = 'seeread explain seeread/mini-llava photo.jpg "How many dogs are there?" --out why.html'
LENS = "lens"
"""The method that also tells what each spot would say."""


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
        Parameter(
            help="Random maps that each map is held against; 0: test nothing: fast.",
            validator=Number(gte=0, lte=1000),
        ),
    ] = 12,
    benchmark: Annotated[
        bool,
        Parameter(
            help="Measure how far each method can be believed, in drawn scenes of which the truth is known; arguments "
            "are models, by default all that are bundled.",
            negative="", show_default=False,
        ),
    ] = False,
    pair: Annotated[
        str | None,
        Parameter(
            help="Another picture of the same size that differs in what is asked about, so that the answer is another: "
            "shows which layers and tokens carry the answer (patching)."
        ),
    ] = None,
    part: Annotated[
        Literal["stream", "attention", "mlp", "heads"],
        Parameter(help="With --pair: what is put from the run over the one picture into that over the other."),
    ] = "stream",
    scenes: Annotated[int, Parameter(help="Of the benchmark, for each model.", validator=Number(gte=2))] = 24,
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
    "record": {"sentence", "proven"}, "drawn"}: "values" are in reading order over "area", which counts from 0 to 1 on
    the picture, and "record" is how often the method was right with this model where the truth is known. With --method
    lens also "lens": what each spot of the picture would say at each layer; with --pair one object, {"about", "part",
    "scores", "layers", "columns", "restored"}; with --benchmark one with all that was measured.
    """
    if method is not None and all_methods:
        raise UsageError("Give either --method or --all-methods.")
    if benchmark:
        return _measured(model_image_text, scenes, out, json, device)
    model, picture, text = _arguments(model_image_text, allow_url)
    target = destination(out, picture)
    other = None if pair is None else _single(pair, allow_url)
    if isinstance(picture, Failure) or isinstance(other, Failure):
        tell([one for one in (picture, other) if isinstance(one, Failure)])
        return 1
    from seeread.checkpoints.load import load
    from seeread.explanation.explain import explain_target
    from seeread.explanation.methods.table import default, find, fitting

    loaded = load(model, tokenizer=tokenizer, architecture=architecture, device=device, precision="fp32")
    aim = (aimed or AimFlags()).aim(loaded, picture.source, text)
    if other is not None:
        return _patched(aim, other, part, target, json)
    methods = fitting(aim) if all_methods else [default(aim) if method is None else find(method, aim)]
    words = _words(aim) if method == LENS else None
    with bars() as shown:
        found = explain_target(aim, methods, text or "", checks=checks, progress=shown.bar("Testing the maps"))
    if target is not None:
        draw(target, aim.picture, found, words)
    if json:
        from seeread.explanation.told import as_json

        more: dict[str, object] = {"drawn": None if target is None else str(target)}
        more |= {} if words is None else {"lens": words.as_json()}
        print_json([{"image": picture.name} | as_json(one) | more for one in found])
    else:
        for place, one in enumerate(found):
            show_explanation(one, first=place == 0)
    return 0


def _patched(aim: "AnyTarget", other: Picture, part: "Part", target: Path | None, json: bool) -> int:
    from seeread.explanation.causal.patching import patch
    from seeread.preprocessing.image import open_image

    found = patch(aim, open_image(other.source), part)
    if target is not None:
        draw_patched(target, found)
    if json:
        print_json(found.as_json())
    else:
        show_patched(found)
    return 0


def _words(aim: "AnyTarget") -> "Lens":
    """What each spot of the picture would say."""
    from seeread.explanation.causal.lens import lens
    from seeread.explanation.target import Written

    assert isinstance(aim, Written)  # the method fits no other
    return lens(aim)


def _measured(models: Sequence[str], scenes: int, out: Path | None, json: bool, device: str) -> int:
    page = None if out is None else page_at(out)
    from seeread.cli.measuring.explaining import measure

    return measure(models, scenes, page, json, device)


def _arguments(arguments: Sequence[str], allow_url: bool) -> tuple[str, Picture | Failure, str | None]:
    """The model, the picture, and the text if there is one."""
    if not 2 <= len(arguments) <= 3:
        raise UsageError(f"Name a model, a picture, and what to ask: {EXAMPLE}")
    return arguments[0], _single(arguments[1], allow_url), arguments[2] if len(arguments) > 2 else None


def _single(argument: str, allow_url: bool) -> Picture | Failure:
    pictures = expand([argument], allow_url)
    if len(pictures) != 1:
        raise UsageError(f"{printable(argument)} holds {len(pictures)} pictures. One can be explained: name it.")
    return pictures[0]
