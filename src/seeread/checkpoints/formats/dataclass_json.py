"""Our own configs as JSON and back, strictly: nothing unknown, nothing left out, every value of its declared type."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from seeread.checkpoints.refusal import Refusal, shown

Config = TypeVar("Config")
KIND = "kind"
_NEXT = "Save the model again with this version of seeread, or update seeread"


def to_json(value: Any, kinds: Mapping[str, type]) -> Any:
    """A dataclass as an object; one that `kinds` lists says of which kind it is."""
    if is_dataclass(value):
        told = [name for name, kind in kinds.items() if type(value) is kind]
        named = {KIND: told[0]} if told else {}
        return named | {field.name: to_json(getattr(value, field.name), kinds) for field in fields(value)}
    return list(value) if isinstance(value, tuple) else value


def from_json(kind: type[Config], value: object, kinds: Mapping[str, type], place: str) -> Config:
    """What `to_json` wrote. Raises `Refusal` that names the place of what it would not have written."""
    result: Config = _read(kind, value, kinds, place)
    return result


def _read(kind: Any, value: Any, kinds: Mapping[str, type], place: str) -> Any:
    origin, inside = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _object(kind, value, kinds, place)
    if origin is Literal:
        if type(value) is str and value in inside:
            return value
        raise _wrong(place, value, f"one of {', '.join(map(str, inside))}")
    if origin is tuple:
        if type(value) is not list or len(value) != len(inside):
            raise _wrong(place, value, f"a list of {len(inside)}")
        items = enumerate(zip(inside, value, strict=True))
        return tuple(_read(one, item, kinds, f"{place}[{n}]") for n, (one, item) in items)
    if origin in (Union, UnionType):
        if value is None and NoneType in inside:
            return None
        if not any(map(is_dataclass, inside)):
            return _read(next(one for one in inside if one is not NoneType), value, kinds, place)
        possible = {name: one for name, one in kinds.items() if one in inside}
        name = value.get(KIND) if isinstance(value, dict) else None
        if not isinstance(name, str) or name not in possible:
            raise _wrong(f"{place}.{KIND}", name, f"one of {', '.join(possible)}")
        return _object(possible[name], {key: item for key, item in value.items() if key != KIND}, kinds, place)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise _wrong(place, value, kind.__name__)
    return value


def _object(kind: Any, value: Any, kinds: Mapping[str, type], place: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(place, value, "an object")
    types = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    if unknown := [key for key in value if key not in names]:
        raise Refusal(f"its {place} has the unknown key {shown(unknown[0])}", _NEXT)
    if missing := [name for name in names if name not in value]:
        raise Refusal(f"its {place} lacks {missing[0]}", _NEXT)
    read = {name: _read(types[name], value[name], kinds, f"{place}.{name}") for name in names}
    try:
        return kind(**read)
    except ValueError as error:  # each value is of its type, and together they make no sense
        raise Refusal(f"its {place} is impossible: {error}", _NEXT) from None


def _wrong(place: str, value: object, wanted: str) -> Refusal:
    found = repr(value) if value is None or type(value) in (bool, float) else shown(value)
    return Refusal(f"its {place} is {found}, and should be {wanted}", _NEXT)
