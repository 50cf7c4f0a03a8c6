"""A recipe with some of what it says said otherwise, as people write it: rate=1e-4."""

import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, replace
from difflib import get_close_matches
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from seeread.errors import UsageError
from seeread.preprocessing.image import printable
from seeread.training.recipe import Recipe
from seeread.training.settings import Settings

OF_RECIPE = ("start", "mode", "rank", "alpha", "stored")
"""What of a recipe itself may be said otherwise; its `rank` is LoRA's."""

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def changed(recipe: Recipe, changes: Mapping[str, str] | Iterable[str]) -> Recipe:
    """The recipe with other settings, by their names, as `Settings` has them, or "start", "mode", "rank", "alpha" and
    "stored": texts such as {"rate": "1e-4"} or ["rate=1e-4"]. Several parts to freeze are separated by commas.

    Raises UsageError for a name that is none, with the nearest ones, and for what is of no use as its value.
    """
    pairs = changes if isinstance(changes, Mapping) else _pairs(changes)
    values = {name: read(name, text) for name, text in pairs.items()}
    of_recipe = {name: values.pop(name) for name in OF_RECIPE if name in values}
    return replace(recipe, **of_recipe).but(**values)


def read(name: str, text: str) -> Any:
    """The value that a text is for a setting of that name. Raises UsageError as `changed` does."""
    if name in OF_RECIPE:
        return _read(name, text, str if name == "start" else get_type_hints(Recipe)[name])
    if name in _SETTINGS:
        return _read(name, text, _SETTINGS[name])
    known = [*_SETTINGS, *OF_RECIPE]
    near = get_close_matches(name, known, cutoff=0.5) or sorted(known)
    raise UsageError(f"There is no setting {printable(name)!r}. Did you mean {_either(near)}?")


def _pairs(changes: Iterable[str]) -> dict[str, str]:
    found = {}
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals or not name.strip():
            raise UsageError(
                f"A setting is a name and its value, such as rate=1e-4, and not {printable(change)!r}."
            )
        found[name.strip()] = text.strip()
    return found


_SETTINGS = get_type_hints(Settings)
_USUAL = {field.name: field.default for field in fields(Settings) if field.default is not MISSING}


def _read(name: str, text: str, kind: Any) -> Any:
    """The value of that type. Raises UsageError for what is none."""
    values = [one for one in get_args(kind) if one is not type(None)] if _is_union(kind) else [kind]
    optional = len(values) < len(get_args(kind))
    if optional and _is_union(kind) and text.lower() == "none":
        return None
    inner, origin = values[0], get_origin(values[0])
    try:
        if origin is Literal:
            return _one_of(text, get_args(inner))
        if origin is tuple:
            return _several(text, get_args(inner))
        if inner is bool:
            return _WORDS[text.lower()]
        return _number(text, inner) if inner in (int, float) else text
    except (ValueError, KeyError):
        wanted = _wanted(inner) + (" or none" if optional and _is_union(kind) else "")
        usual = f", such as {_written(_USUAL[name])}" if _USUAL.get(name) not in (None, ()) else ""
        raise UsageError(f"{name} is {wanted}{usual}, and not {printable(text)!r}.") from None


def _number(text: str, kind: type) -> float:
    """A whole number may be written as 1e4, if it is one."""
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError
    if kind is int:
        if value != int(value):
            raise ValueError
        return int(value)
    return value


def _one_of(text: str, options: tuple[Any, ...]) -> Any:
    if text not in options:
        raise ValueError
    return text


def _several(text: str, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    parts = [part.strip() for part in text.strip("()[]").split(",") if part.strip()]
    endless = kinds[-1] is Ellipsis
    if not endless and len(parts) != len(kinds):
        raise ValueError
    each = [kinds[0]] * len(parts) if endless else list(kinds)
    return tuple(
        _number(part, kind) if kind in (int, float) else part for part, kind in zip(parts, each, strict=True)
    )


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _wanted(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        return (
            "names with commas between them"
            if parts[-1] is Ellipsis
            else f"{len(parts)} numbers with a comma"
        )
    return {int: "a whole number", float: "a number", bool: "yes or no"}.get(kind, "a text")


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
