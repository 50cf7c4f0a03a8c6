"""`seeread space`: a folder of pictures as a model sees it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from seeread.cli.input import options
from seeread.cli.input.texts import read_labels
from seeread.cli.measuring.running import bars
from seeread.cli.output.console import console, is_terminal, note, plural, print_json, show
from seeread.errors import UsageError
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from seeread.spaces.gap import Gap
    from seeread.spaces.space import Space

_NAMED = 5  # broken pictures and groups of copies that are named; all of them with --json


def space(
    model: Annotated[str, Parameter(help="A name, folder or file, as of --model elsewhere: one that compares.")],
    folder: Annotated[str, Parameter(help="With pictures in it, and texts beside them if there are some.")],
    /,
    *,
    out: Annotated[Path, Parameter(help="The page.")] = Path("space.html"),
    by: Annotated[
        Literal["pca", "umap", "pacmap"],
        Parameter(
            help="How the map is made. pca: fast, and distances keep their meaning; umap and pacmap keep neighbours "
            "together."
        ),
    ] = "pca",
    text: Annotated[
        list[str] | None, Parameter(help="Words that shall be on the map; may be given several times.", negative="")
    ] = None,
    labels: Annotated[
        list[str] | None,
        Parameter(
            help='Words to name groups with, "a dog,a cat" or @labels.txt. By default those of captions and classes, '
            "everyday things, and the classes of ImageNet.",
            negative="",
        ),
    ] = None,
    groups: Annotated[
        int | None, Parameter(help="How many groups; by default as many as stand out best.", validator=Number(gte=1))
    ] = None,
    split: options.Split = None,
    limit: options.Limit = None,
    seed: options.Seed = 0,
    open: Annotated[bool, Parameter(help="Show the page in a browser.", negative="", show_default=False)] = False,
    tokenizer: options.TokenizerFile = None,
    architecture: options.Architecture = None,
    json: options.Json = False,
    batch_size: options.BatchSize = 32,
    precision: options.Precision = "auto",
    device: options.Device = "auto",
) -> int:
    """A folder of pictures as a model sees it, on a map with its texts.

    Writes a page that opens offline: pictures and texts as points, thumbnails on hover, zoom, a lasso, and two maps, as
    the space is and with the gap between pictures and texts closed. Told are how wide this gap is, groups of pictures
    with words that fit them, near copies, and pictures that are like no other. Texts are the captions beside the
    pictures (.txt files, tables), or the classes that their folders name; without any, words that fit some picture.

    What was seen is kept in your cache. Pictures that cannot be opened are named and left out; the exit status is then
    1. With --json: one object, {"model", "folder", "by", "gap", "clusters", "copies", "outliers", "pictures": [{"path",
    "cluster", "open": [x, y], "closed": [x, y], "texts", "neighbours"}, ...], "texts", "skipped", "page", ...}.
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--out {printable(str(out))} is no page: its name must end in .html.")
    if os.path.isdir(out) or not os.path.isdir(out.absolute().parent):
        raise UsageError(f"{printable(str(out))} cannot be written: its folder does not exist, or it is one.")
    names = read_labels(labels) if labels is not None else None
    from seeread.spaces.gather import gather

    gathered = gather(folder, split=split, limit=limit, seed=seed)
    from seeread.checkpoints.load import load
    from seeread.spaces.space import space as see

    loaded = load(model, tokenizer=tokenizer, architecture=architecture, device=device, precision=precision)
    with bars() as shown:
        found = see(
            loaded, gathered, by=by, labels=names, texts=text or (), clusters=groups, seed=seed,
            batch_size=batch_size, name=folder, telling=shown.bar,
        )  # fmt: skip
    _write(found, out)
    if json:
        from seeread.spaces.told import told

        print_json(told(found) | {"page": str(out)})
    else:
        _show(found)
        print(f"\n{printable(str(out))}")
    _complain(found)
    if open:
        import webbrowser

        webbrowser.open(out.absolute().as_uri())
    return 1 if found.skipped else 0


def _write(found: "Space", out: Path) -> None:
    from seeread.spaces.page import page
    from seeread.whole import write_whole

    html = page(found).encode("utf-8", "replace")
    write_whole(out, lambda file: file.write(html))


def _show(found: "Space") -> None:
    """What a person wants to know before opening the page."""
    console().print(_heading(found), style="bold")
    if found.gap is not None:
        for line in _gap(found.gap):
            console().print(f"  {line}", soft_wrap=True)
    _groups(found)
    if found.copies:
        console().print(f"\n{plural(len(found.copies), 'group')} of near copies", style="bold")
        for group in found.copies[:_NAMED]:
            names = [printable(found.items[place].id) for place in group[:_NAMED]]
            more = f" and {len(group) - _NAMED:,} more" if len(group) > _NAMED else ""
            console().print(f"  {', '.join(names)}{more}", soft_wrap=True)
        if len(found.copies) > _NAMED:
            console().print(f"  and {len(found.copies) - _NAMED} more", style="dim")
    if found.outliers:
        console().print("\nlike no other", style="bold")
        for one in found.outliers[:_NAMED]:
            console().print(f"  {printable(found.items[one.picture].id)}", soft_wrap=True)
        if len(found.outliers) > _NAMED:
            console().print(f"  and {len(found.outliers) - _NAMED} more", style="dim")


def _heading(found: "Space") -> str:
    of = f" of {found.total:,}" if found.total > len(found) + len(found.skipped) else ""
    split = f", split {printable(found.split)}" if found.split else ""
    pictures = f"{len(found):,}{of} picture{'s' * (bool(of) or len(found) != 1)}"
    return f"{pictures} and {len(found.texts):,} text{'s' * (len(found.texts) != 1)}{split}"


def _gap(gap: "Gap") -> list[str]:
    """The gap in two or three lines."""
    lines = [f"their middles lie {gap.distance:.2f} apart (0 is together, 2 opposite)"]
    if gap.separable is not None:
        then = gap.separable_closed
        after = "" if then is None else f", {100 * then:.0f}% with the gap closed"
        lines.append(f"a plane tells {100 * gap.separable:.0f}% of them apart{after} (chance: 50%)")
    if gap.of_pairs is not None and gap.found is not None:
        lines.append(
            f"cosine of a picture and its text {gap.of_pairs:.2f}, and another's {gap.across:.2f}; its own text is the "
            f"closest of {100 * gap.found:.1f}%"
        )
    return lines


def _groups(found: "Space") -> None:
    from rich.table import Table

    console().print(f"\n{plural(len(found.clusters), 'group')}", style="bold")
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    for one in found.clusters:
        first, *others = one.names or ("",)
        table.add_row(f"  {len(one.members):,}", printable(first), printable(", ".join(others)), style=None)
    show(table)
    if is_terminal():
        console().print("  named with the words that fit a group most and the others least", style="dim")


def _complain(found: "Space") -> None:
    """Names pictures that were left out, on the standard error."""
    if not found.skipped:
        return
    count = len(found.skipped)
    note(f"{plural(count, 'picture')} cannot be opened and {'is' if count == 1 else 'are'} left out")
    for name, reason in list(found.skipped.items())[:_NAMED]:
        note(f"  {printable(reason) if name in reason else f'{printable(name)}: {printable(reason)}'}")
    if count > _NAMED:
        note(f"  and {count - _NAMED} more, which --json names")
