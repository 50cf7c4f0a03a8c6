"""`seeread train`: from pictures of one's own to a better model."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from seeread.cli.input import options
from seeread.cli.measuring.running import Bars, bars
from seeread.cli.output.console import console, note, print_json, show
from seeread.errors import UsageError
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from seeread.finetuning.planning.plan import Plan
    from seeread.finetuning.result import Result
    from seeread.finetuning.run import Watch

SAVED = 75
"""The exit status of a run that was asked to stop, and saved its state (EX_TEMPFAIL: try again later)."""


def train(
    path: Annotated[
        Path, Parameter(help="A folder or file of pictures and what is known of them, or a recipe.py.")
    ],
    /,
    *,
    from_: Annotated[
        str | None,
        Parameter(
            name="--from",
            help="The model to begin with: a name, folder or file. By default a small bundled one that fits; "
            '"scratch" is that with weights drawn anew.',
        ),
    ] = None,
    steps: Annotated[
        int | None,
        Parameter(help="How many steps; by default enough for the pictures.", validator=Number(gte=1)),
    ] = None,
    out: Annotated[
        Path | None, Parameter(help="A folder for all that comes of it: runs/NAME-1 and so on.")
    ] = None,
    mode: Annotated[
        Literal["full", "connector", "lora", "probe", "lit"] | None,
        Parameter(
            help="Which weights learn: all; what joins sight to language; small additions to the matrices; one "
            "layer on what the model sees; all but what sees. By default all, or lora where all would be slow."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", help="Settings, as --set rate=1e-4 --set batch=128.", negative=""),
    ] = None,
    full: Annotated[
        bool, Parameter(help="The full size of a recipe.", negative="", show_default=False)
    ] = False,
    check: Annotated[
        Path | None, Parameter(help="A set on which nothing is to be lost, instead of drawn scenes.")
    ] = None,
    dry_run: Annotated[
        bool, Parameter(help="Say what would be done, and do nothing.", negative="", show_default=False)
    ] = False,
    quiet: Annotated[bool, Parameter(help="Show the end alone.", negative="", show_default=False)] = False,
    json: options.Json = False,
    device: options.Device = "auto",
) -> int:
    """From your pictures to a better model.

    Folders of classes, pictures with a .txt beside each, tables, COCO, VQA, shards and others are recognised. Before
    anything starts it is said what is there, what is broken or there twice, what will be learned and how long it takes.
    Some pictures are held out: on these the model is measured before and after, and on drawn scenes, or a set that you
    name with --check, whether it has forgotten something. If so, a mixture of the old and the new weights is offered.

    All is kept in --out: the model, which loads as any other, report.html, which opens offline, and the state of the
    run. Ctrl-C and SIGTERM save the state and end with exit status 75; the same command goes on from there. A finished
    run is never written over. For several processes: torchrun --nproc-per-node 2 -m seeread train PATH.
    """
    from seeread.finetuning.request import Request
    from seeread.finetuning.result import Result
    from seeread.finetuning.run import finetune
    from seeread.training.keeping.stopping import StoppedError

    request = Request(
        path=path, start=from_, steps=steps, out=out, mode=mode, changes=_changes(set_ or []), device=device, full=full,
        check=check,
    )  # fmt: skip
    try:
        with bars() as shown, redirect_stdout(sys.stderr):  # what a recipe prints is no result
            found = finetune(request, _watch(shown, quiet=quiet or json, json=json), dry=dry_run)
    except StoppedError as error:
        note(str(error))
        return SAVED
    except KeyboardInterrupt:
        note("interrupted. What is done is kept, and the same command goes on from there.")
        raise
    if found is None:  # a rank that does not speak
        return 0
    if isinstance(found, Result):
        _tell(found, as_json=json)
    elif json:
        print_json(found.as_json() | {"out": str(found.out)})
    elif quiet:
        _describe(found, None)
    return 0


def _watch(shown: Bars, *, quiet: bool, json: bool) -> "Watch":
    from seeread.finetuning.run import Watch

    def planned(plan: "Plan", seconds: float | None) -> None:
        if not quiet:
            _describe(plan, seconds)

    return Watch(planned=planned, looking=lambda what: shown.bar(printable(what)), quiet=quiet, json=json)


def _describe(plan: "Plan", seconds: float | None) -> None:
    """The plan, on the standard error: it is no result."""
    from seeread.finetuning.planning.plan import tell

    for name, words in tell(plan, seconds):
        print(f"{name:>9}  {words}", file=sys.stderr)


def _tell(result: "Result", *, as_json: bool) -> None:
    if as_json:
        print_json(result.as_json())
        return
    from rich import box
    from rich.table import Table

    from seeread.finetuning.result import advice, row, said, verdict

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("score")
    for column in ("before", "after", "difference", ""):
        table.add_column(column, justify="right" if column else "left")
    for score in result.scores:
        table.add_row(*row(score), verdict(score), style=None if score.about == "new" else "dim")
    show(table)
    out = console()
    if (told := advice(result.scores)) is not None:
        out.print(told, style="bold", soft_wrap=True)
    if result.agreement is not None:
        out.print(said(result.agreement), style="dim", soft_wrap=True)
    if result.blend is not None:
        out.print(
            f"Something was forgotten. {printable(str(result.blend.path))} is {result.blend.share:.0%} of the way from "
            "the old model to the new one:",
            soft_wrap=True,
        )
        for score in result.blend.scores:
            out.print("  " + "  ".join((*row(score), verdict(score))), soft_wrap=True)
    note(
        f"the model is in {printable(str(result.path))}, and all about it in {printable(str(result.report))}"
    )
    note(f"try it: {result.command}")


def _changes(given: list[str]) -> dict[str, str]:
    """rate=1e-4 as a name and its value. Raises UsageError for what is no such pair."""
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise UsageError(f"--set takes a setting and its value, such as rate=1e-4, and not {each!r}.")
        found[name.strip()] = value.strip()
    return found
