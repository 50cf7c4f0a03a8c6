"""Which parts keep their weights in each mode, by what a model consists of."""

from collections.abc import Collection, Iterator

from torch import nn

from seeread.errors import UsageError
from seeread.training.modes.lora import LoRA
from seeread.training.recipe import Mode

TOWERS = ("vision", "text")
"""What sees, and what reads and writes words, by the names that they have in every family. All else joins the two:
connectors, resamplers, gates, projections, learned places and new lines, the temperature."""

PICTURES = ("vision", "image_pool", "image_projection")
"""What makes the vector of a picture in models that compare; of others it is the tower alone."""

HEAD = "head"
"""The linear layer of a probe."""


def kept(model: nn.Module, mode: Mode, frozen: Collection[str] = ()) -> tuple[str, ...]:
    """The parts of a model that keep their weights in a mode, modules and single parameters by their names; `frozen`
    are among them in any mode.

    "connector" lets all learn but the tower and the language model; "lit" all but what makes the vectors of pictures,
    so that those which were made before still hold; "lora" the additions that `lora.add` has put there; "probe" the
    head. Raises UsageError where that makes no sense of such a model.
    """
    held = _holding(model)
    match mode:
        case "connector":
            chosen = [name for name in TOWERS if name in held]
            joins = [name for name, _ in model.named_parameters() if name.partition(".")[0] not in TOWERS]
            _require(model, mode, bool(joins) and "text" in held, "nothing in it joins sight to language")
        case "lit":
            chosen = [name for name in PICTURES if name in held]
            _require(
                model, mode, set(TOWERS) <= held, "it has not both a tower for pictures and one for texts"
            )
        case "lora":
            chosen = list(_without_additions(model))
        case "probe":
            chosen = [name for name in held if name != HEAD]
            _require(model, mode, HEAD in held and "text" not in held, "it has no classes of its own")
        case "full":
            chosen = []
    return tuple(dict.fromkeys((*frozen, *chosen)))


def _without_additions(module: nn.Module, path: str = "") -> Iterator[str]:
    """The largest parts in which nothing was added, and the layers that something was added to."""
    for name, child in module.named_children():
        if isinstance(child, LoRA):
            yield f"{path}{name}.layer"
        elif any(isinstance(part, LoRA) for part in child.modules()):
            yield from _without_additions(child, f"{path}{name}.")
        elif child.state_dict():
            yield path + name
    yield from (path + name for name, _ in module.named_parameters(recurse=False))


def _holding(model: nn.Module) -> set[str]:
    """The children that hold numbers."""
    return {name for name, child in model.named_children() if child.state_dict()}


def _require(model: nn.Module, mode: Mode, met: bool, why: str) -> None:
    if not met:
        raise UsageError(
            f"A {type(model).__name__} cannot learn in mode {mode}: {why}. Take mode full or lora."
        )
