"""The anatomy of a model in rows: the field's table, for people and for programs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seeread.explanation.anatomy import Split
    from seeread.models.families import ModelConfig


def anatomy(config: "ModelConfig") -> dict[str, Any]:
    """Where sight and words meet in a model of that config, and what happens before and after; measured on the model,
    of which no number is computed. Empty for a model in which nothing meets."""
    from seeread.checkpoints.match import skeleton
    from seeread.explanation.anatomy import dissect

    found = dissect(skeleton(config))
    if not found.enters:
        return {}
    tokens = [f"{found.places:,} among the words"] if found.places else []
    tokens += [f"{found.media:,} read from there"] if found.media else []
    return {
        "sees_with": found.sees_with or "no tower: the pixels themselves",
        "connector": list(found.connector) or None,
        "sight_enters": list(found.enters),
        "first_layer_of_both": found.first,
        "visual_tokens": tokens or None,
        "reads": found.reads,
        "parameters_by_input": _split(found.parameters),
        "flops_by_input": _split(found.flops),
        "counted_for": f"one picture and {found.words} words",
        "can_be_kept": list(found.kept),
    }


def _split(split: "Split") -> dict[str, Any]:
    """What works on sight alone and on words alone, before they meet, and on both, after; what is never used, if there
    is any."""
    told = {"sight": split.sight, "words": split.words, "both": split.both}
    return told | ({"unused": split.idle} if split.idle else {})
