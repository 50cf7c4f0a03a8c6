"""Which parts keep their weights in each mode, by what a model consists of."""

from collections.abc import Collection

from torch import nn

from seeread.errors import UsageError
from seeread.training.recipe import Mode

LANGUAGE = "text"
"""What reads and writes words, in every family."""

SIGHT = ("vision", "image_pool", "image_projection")
"""What a picture passes through before it is compared with anything: a tower, and what sums up what it saw."""


def kept(model: nn.Module, mode: Mode, frozen: Collection[str] = ()) -> tuple[str, ...]:
    """The parts that keep their weights in a mode, by their names, `frozen` among them.

    "connector" leaves all but the tower and the language model to learn: connectors, resamplers, gates, projections,
    learned places, the temperature; "lit" all that does not make vectors of pictures, so that these stay as they are.
    Raises UsageError where the model has no such parts.
    """
    there = {name for name, part in model.named_children() if any(True for _ in part.parameters())}
    own = {name for name, _ in model.named_parameters(recurse=False)}
    towers = {"vision", LANGUAGE}
    match mode:
        case "connector":
            _require(
                model,
                mode,
                bool((there | own) - towers) and LANGUAGE in there,
                "nothing joins sight to language",
            )
            chosen = tuple(name for name in ("vision", LANGUAGE) if name in there)
        case "lit":
            _require(
                model,
                mode,
                {"vision", LANGUAGE} <= there,
                "there is no tower for pictures beside one for texts",
            )
            chosen = tuple(name for name in SIGHT if name in there)
        case _:
            chosen = ()
    return tuple(dict.fromkeys((*frozen, *chosen)))


def _require(model: nn.Module, mode: Mode, met: bool, why: str) -> None:
    if not met:
        raise UsageError(
            f"A {type(model).__name__} cannot be trained in mode {mode}: {why}. Take mode full or lora."
        )
