"""`seeread models`: what can be loaded by name."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from seeread.charts.counts import millions
from seeread.checkpoints.catalogue import Entry, entries
from seeread.cli.input import options
from seeread.cli.output.console import print_json, show
from seeread.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table


def models(
    *words: Annotated[
        str, Parameter(help="Only models in whose name, family, use (compare...), data or licence all of these occur.")
    ],
    json: options.Json = False,
) -> int:
    """What can be loaded by name.

    Models that compare are for classify, search and embed; those that write are for caption, ask and chat, and classify
    too; those that point are for detect and segment besides; those that classify know classes of their own, and those
    that fill are for fill. Top-1 is the published zero-shot accuracy on ImageNet's
    validation images, in percent; a note says who measured it. Where a licence is to be accepted, that is done on the
    model's page on the hub, before it is fetched. Other repositories of the Hugging Face hub with a checkpoint of these
    families can be named too, as owner/name. With --json: a list with an object for each model, with its other names
    and repositories.
    """
    found = [entry for entry in entries() if all(word.lower() in _text(entry) for word in words)]
    if not found:
        raise UsageError(f"No model fits {' '.join(words)!r}. \"seeread models\" lists all.")
    if json:
        print_json([asdict(entry) for entry in found])
        return 0
    sources = list(dict.fromkeys(entry.accuracy.source for entry in found if entry.accuracy))
    show(_table(found, sources))
    for number, source in enumerate(sources, 1):
        show(f" [{number}] {source}")
    return 0


def _text(entry: Entry) -> str:
    told = (entry.name, entry.family, *entry.does, entry.data, entry.licence, entry.repository, *entry.aliases)
    return " ".join(word for word in told if word).lower()


def _table(found: Sequence[Entry], sources: list[str]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("name", no_wrap=True, min_width=12, overflow="ellipsis")
    table.add_column("does", no_wrap=True, min_width=7)
    for column in ("parameters", "pixels", "top-1"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("data", overflow="ellipsis", no_wrap=True, min_width=4)
    table.add_column("licence", overflow="ellipsis", no_wrap=True, min_width=3)
    for entry, after in zip(found, [*found[1:], None], strict=True):
        top1 = f"{entry.accuracy.percent:.1f} [{sources.index(entry.accuracy.source) + 1}]" if entry.accuracy else ""
        table.add_row(
            entry.name,
            ", ".join(entry.does),
            millions(entry.parameters),
            {None: "any", 0: "none"}.get(entry.resolution, str(entry.resolution)),
            top1,
            entry.data or "",
            f"{entry.licence or ''}, to accept" if entry.gated else entry.licence or "",
            end_section=after is not None and after.family != entry.family,
        )
    return table
