"""Dataclasses as JSON and back: nothing unknown, nothing missing, every value of its declared type, no NaN."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from seeread.errors import DataError
from seeread.preprocessing.image import printable

Content = TypeVar("Content")
_LARGEST = 1e300  # what is beyond it was written as 1e999, or with 400 digits


def parse(text: str) -> object:
    """Raises ValueError for what is no JSON, has a key twice, or a number that is none."""
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


def to_json(value: Any) -> object:
    """A dataclass as an object; what is None is left out."""
    return _bare(asdict(value))


def from_json(kind: type[Content], value: object, place: str = "it") -> Content:
    """What `to_json` wrote. Raises ValueError that names the place of anything else."""
    result: Content = _read(kind, value, place)
    return result


def read_file(kind: type[Content], path: str | os.PathLike[str], what: str, again: str, most: int) -> Content:
    """A file of what `to_json` wrote, of at most so many bytes. Raises DataError for any other, which says that it is
    no `what` ("calibration"), and what to do: `again`."""
    name = printable(os.fspath(path))
    try:
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        raise DataError(f"{name} does not exist. {again}") from None
    except OSError as error:
        raise DataError(f"{name} cannot be read ({error.strerror}). {again}") from None
    if len(content) > most:
        raise DataError(f"{name} is larger than {most:,} bytes, and no {what}. {again}")
    try:
        return from_json(kind, parse(content.decode("utf-8")))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise DataError(f"{name} is no {what}: it is not JSON. {again}") from None
    except ValueError as error:
        raise DataError(f"{name} is no {what}: {printable(str(error))}. {again}") from None


def _bare(value: object) -> object:
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if item is not None}
    return [_bare(item) for item in value] if isinstance(value, tuple | list) else value


def _read(kind: Any, value: Any, place: str) -> Any:
    origin, inside = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _object(kind, value, place)
    if origin in (Union, UnionType):
        if value is None:
            return None
        (other,) = (each for each in inside if each is not NoneType)
        return _read(other, value, place)
    if origin is Literal:
        return _checked(type(value) is str and value in inside, value, place, f"one of {', '.join(inside)}")
    if origin is tuple:
        several = inside[-1] is Ellipsis
        _checked(isinstance(value, list) and (several or len(value) == len(inside)), value, place, "a list")
        kinds = inside[:1] * len(value) if several else inside
        return tuple(_read(one, item, f"{place}[{n}]") for n, (one, item) in enumerate(zip(kinds, value, strict=True)))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        _checked(isinstance(value, dict), value, place, "an object")
        return {name: _read(inside[1], item, f"{place}.{name}") for name, item in value.items()}
    if kind is float:
        _checked(type(value) in (int, float) and abs(value) < _LARGEST, value, place, "a number")
        return float(value)
    return _checked(type(value) is kind, value, place, kind.__name__)


def _object(kind: Any, value: Any, place: str) -> Any:
    _checked(isinstance(value, dict), value, place, "an object")
    types = get_type_hints(kind)
    needed = {field.name: field.default is MISSING and field.default_factory is MISSING for field in fields(kind)}
    if unknown := [name for name in value if name not in needed]:
        raise ValueError(f"{place} has the unknown key {unknown[0]!r}")
    if missing := [name for name, must in needed.items() if must and name not in value]:
        raise ValueError(f"{place} lacks {missing[0]!r}")
    return kind(**{name: _read(types[name], item, f"{place}.{name}") for name, item in value.items()})


def _checked(right: bool, value: Any, place: str, wanted: str) -> Any:
    if not right:
        raise ValueError(f"{place} is {str(value)[:40]!r}, and should be {wanted}")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(merged := dict(pairs)) < len(pairs):
        raise ValueError(f"the key {Counter(key for key, _ in pairs).most_common(1)[0][0]!r} is there twice")
    return merged


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")
