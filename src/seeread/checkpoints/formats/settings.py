"""Settings out of a JSON file of somebody else's: each with its default and the range in which it makes sense."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from seeread.checkpoints.files.strict_json import MOST_BYTES, parse_object
from seeread.checkpoints.refusal import Refusal, naming, shown

Choice = TypeVar("Choice")
_MOST = 2**22  # entries of the largest vocabulary; no other number in a config comes near


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises `CheckpointError` if it is missing, damaged, or has a key twice."""
    with naming(path):
        if path.is_file() and path.stat().st_size > MOST_BYTES:
            raise Refusal("it is too large for a configuration")
        return parse_object(path.read_bytes())


class Settings:
    """Reads one setting at a time; what is wrong is a `Refusal` that names it with its place in the file."""

    def __init__(self, values: Mapping[str, Any], place: str = ""):
        self.values = values
        self.place = place

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def part(self, name: str) -> "Settings":
        """The settings in an object inside; none at all where it is absent or null."""
        value = self.values.get(name)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise self._refusal(name, value, "an object")
        return Settings(value, f"{self.place}{name}.")

    def given(self) -> "Settings":
        """The same without what is null, where that means no more than to leave it out."""
        return Settings({name: value for name, value in self.values.items() if value is not None}, self.place)

    def whole(self, name: str, default: int, most: int = _MOST, least: int = 1) -> int:
        """A whole number from `least` to `most`."""
        value = self.values.get(name, default)
        if type(value) is not int or not least <= value <= most:
            raise self._refusal(name, value, f"a whole number from {least:,} to {most:,}")
        return value

    def number(self, name: str, default: float) -> float:
        """A finite number."""
        value = self.values.get(name, default)
        if type(value) not in (int, float) or not math.isfinite(value):
            raise self._refusal(name, value, "a number")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self.values.get(name, default)
        if type(value) is not bool:
            raise self._refusal(name, value, "true or false")
        return value

    def choice(self, name: str, default: str, choices: Mapping[str, Choice]) -> Choice:
        """What one of several words stands for."""
        value = self.values.get(name, default)
        if not isinstance(value, str) or value not in choices:
            raise self._refusal(name, value, f"one of {', '.join(choices)}")
        return choices[value]

    def require(self, name: str, default: object, wanted: object) -> None:
        """Nothing else than `wanted`: the only value that is supported."""
        if (value := self.values.get(name, default)) != wanted:
            raise self._refusal(name, value, repr(wanted).lower())

    def _refusal(self, name: str, value: object, wanted: str) -> Refusal:
        found = repr(value) if value is None or type(value) in (bool, float) else shown(value)
        return Refusal(
            f"its {self.place}{name} is {found}, and {wanted} is what seeread can read",
            "Download it again, or use a checkpoint of a supported kind (`seeread models` lists them)",
        )
