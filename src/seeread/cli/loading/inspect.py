"""`seeread inspect`: what is in a checkpoint, without building the model or running anything it contains."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from seeread.charts.counts import millions, rounded
from seeread.cli.input import options
from seeread.cli.output.anatomy import anatomy
from seeread.cli.output.console import console, print_json, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeread.checkpoints.checkpoint import Checkpoint
    from seeread.preprocessing.dialogue import PromptStyle

    Facts = dict[str, dict[str, Any]]  # section -> what -> how it is

MOST_LISTED = 32
"""How many of a list a person is shown."""


def inspect(
    checkpoint: Annotated[str, Parameter(help="A folder or file, or a name as of --model.")],
    /,
    *,
    tokenizer: options.TokenizerFile = None,
    architecture: options.Architecture = None,
    json: options.Json = False,
) -> int:
    """What is in a checkpoint, without building the model or running anything it contains.

    Everything is checked as it is before a model is loaded: configuration, tensors against configuration, checksums.
    What is refused is told with file, reason and next step, and the exit status is 1. Of a model on a server
    (openai:NAME) there is little to know, and nothing is sent to it.
    """
    from seeread.remote.connect import is_remote

    if is_remote(checkpoint):
        return _tell(_remote(checkpoint), json)
    from seeread.checkpoints.formats.recognise import read
    from seeread.checkpoints.hub import locate

    path = locate(checkpoint)
    found = read(path, tokenizer, architecture)
    facts = {"checkpoint": _checkpoint(checkpoint, path, found), **_model(found)}
    if meeting := anatomy(found.config):
        facts["fusion"] = facts.get("fusion", {}) | meeting
    facts |= _processor(found)
    if found.training is not None:
        facts["training"] = _training(found.training)
    facts |= {"tensors": _tensors(found), "integrity": _integrity(path)}
    return _tell(facts, json)


def _tell(facts: "Facts", json: bool) -> int:
    if json:
        print_json(facts)
    else:
        _show(facts)
    return 0


def _remote(name: str) -> "Facts":
    """What can be known of a model on a server, without asking it: where it is, and what it is said to cost."""
    from seeread.remote.connect import describe

    return {"remote": describe(name), "inside": {"known": "nothing: no weights, no configuration, no tokenizer"}}


def _checkpoint(name: str, path: Path, found: "Checkpoint") -> dict[str, Any]:
    from seeread.models.families import family_of

    family = family_of(found.config).model.__name__
    facts = {"name": name, "path": str(path), "format": found.format, "family": family}
    return facts | {"loss": loss} if (loss := getattr(found.config, "loss", None)) else facts


def _model(found: "Checkpoint") -> "Facts":
    """A section for each part that has a config of its own, and one for all that joins them."""
    from dataclasses import asdict, fields, is_dataclass

    from seeread.models.families import family_of, text_of

    c = found.config
    if text_of(c) is c and family_of(c).writes:
        return {"text": {"parameters": _parameters(found, ("",)), **_flat(asdict(c))}}
    settings = {field.name: getattr(c, field.name) for field in fields(c)}
    parts = {name: value for name, value in settings.items() if is_dataclass(value) and not isinstance(value, type)}
    facts: Facts = {}
    for name, part in parts.items():
        kind = type(part).__name__.removesuffix("Config")
        facts[name] = {"kind": kind, "parameters": _parameters(found, (f"{name}.",)), **_flat(asdict(part))}
    rest = sum(tensor.numel() for tensor in found.tensors.values()) - sum(one["parameters"] for one in facts.values())
    joined = {name: value for name, value in settings.items() if name not in parts}
    return facts | {"fusion": {"parameters": rest, **joined}}


def _parameters(found: "Checkpoint", starts: tuple[str, ...]) -> int:
    return sum(tensor.numel() for name, tensor in found.tensors.items() if name.startswith(starts))


def _processor(found: "Checkpoint") -> "Facts":
    words, transform, style = found.processor.vocabulary, found.processor.image_transform, found.processor.style
    facts: Facts = {}
    if transform is not None:
        facts["pictures"] = transform.to_dict()
    if words is not None:
        facts["texts"] = {"vocabulary": words.size, **words.rules.to_dict()}
    if style is not None:
        facts["prompts"] = _prompts(style)
    return facts


def _prompts(style: "PromptStyle") -> dict[str, Any]:
    """How it is spoken to, and how many tokens a picture, or a tile of a large one, becomes."""
    facts: dict[str, Any] = {"kind": style.kind, "image_tokens": style.image_tokens, "end_ids": list(style.end_ids)}
    if style.image_text is not None:
        facts |= {"caption": style.caption, "answer": style.answer, "detect": style.detect, "segment": style.segment}
    return facts | ({"location_bins": style.bins} if style.detect is not None else {})


def _training(said: "Mapping[str, Any]") -> dict[str, Any]:
    """What a model says that it was trained on. It is a file like any other, and anything may stand in it."""
    start, data = said.get("start"), said.get("data")
    sets = [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    facts = {name: said.get(name) for name in ("recipe", "goal", "mode", "steps", "seconds", "learning", "seeread")}
    facts["started_from"] = start.get("name") if isinstance(start, dict) else None
    facts["data"] = [f"{one.get('name')} ({one.get('pictures')} pictures)" for one in sets]
    return facts


def _tensors(found: "Checkpoint") -> dict[str, Any]:
    tensors = found.tensors.values()
    return {
        "count": len(found.tensors),
        "parameters": sum(tensor.numel() for tensor in tensors),
        "bytes": sum(tensor.numel() * tensor.dtype.itemsize for tensor in tensors),
        "precision": dict(Counter(str(tensor.dtype).removeprefix("torch.") for tensor in tensors)),
    }


def _integrity(path: Path) -> dict[str, Any]:
    """The checksums of the weights, and what they were compared with."""
    from seeread.checkpoints.catalogue import entries
    from seeread.checkpoints.files import sha256_of

    endings = (".safetensors", ".bin", ".pt", ".pth")
    files = [path] if path.is_file() else sorted(file for file in path.iterdir() if file.name.endswith(endings))
    sums = {file.name: sha256_of(file) for file in files}
    archives = {entry.archive.sha256: entry.name for entry in entries() if entry.archive}
    known = [f"OpenAI's {archives[found]}" for found in sums.values() if found in archives]
    manifest = "matches" if path.is_dir() and (path / "manifest.json").is_file() else "none"  # `read` has compared it
    return {"manifest": manifest, **({"known as": known[0]} if known else {}), "sha256": sums}


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """What a transformer tower has in a config of its own, in one row with the rest; what both have keeps two names."""
    inner = values.pop("transformer", {})
    return {f"transformer_{name}" if name in values else name: value for name, value in inner.items()} | values


def _show(facts: "Facts") -> None:
    from rich.table import Table

    out = console()
    for place, (section, rows) in enumerate(facts.items()):
        if place:
            out.print()
        out.print(section, style="bold")
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for what, value in rows.items():
            if not _unsaid(value):
                table.add_row(f"  {what.replace('_', ' ')}", _said(what, value))
        show(table, out)


def _unsaid(value: Any) -> bool:
    """What most configs leave open; --json has it."""
    return value is None or value == ()


def _said(what: str, value: Any) -> str:
    match value:
        case dict():
            rows = ((name, inner) for name, inner in value.items() if not _unsaid(inner))
            return "\n".join(f"{name}: {_said(what, inner)}" for name, inner in rows)
        case list() | tuple() if len(value) > MOST_LISTED:  # the token of each of Chameleon's codes: --json has them
            return f"{', '.join(map(str, value[:MOST_LISTED]))} and {len(value) - MOST_LISTED:,} more"
        case list() | tuple():
            between = {"size": " x ", "can_be_kept": "\n"}.get(what, ", ")
            return between.join(map(str, value))
        case bool():
            return "yes" if value else "no"
        case int() if what == "parameters":
            return f"{value:,} ({millions(value)})"
        case int() if what in ("parameters_by_input", "flops_by_input"):
            return rounded(value)
        case int() if what == "bytes":
            return f"{value:,}"
    return str(value)
