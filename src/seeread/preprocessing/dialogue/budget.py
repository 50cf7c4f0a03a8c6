"""How much a chat template may do: its text is nobody's word, and a few characters of it can ask for a year's work."""

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from time import monotonic, thread_time
from types import NoneType
from typing import Any

from jinja2 import Undefined
from jinja2.runtime import LoopContext

from seeread.errors import TemplateError

WORK = 1_000_000
"""Steps: one for an expression that is worked out, a value that is taken in, or 64 characters of it. In all less than
a second. An ordinary template takes a few hundred a turn; for each character of a dialogue sixteen more are allowed."""

SECONDS = 2.0
"""Of the processor, whatever else the machine does. For what the count of steps misses."""

LONGEST = 2**20
"""Characters of one text, and of everything that is written. What people wrote is allowed besides, four times."""

WIDEST = 4096
"""Bits of a whole number."""

PLAIN = (NoneType, bool, int, float, str, list, tuple, dict, range, Undefined)
"""What data is made of."""


class Budget:
    """What one rendering of a template has left. Whatever is too much raises TemplateError."""

    def __init__(self, given: int):
        self.longest = LONGEST + 4 * given  # characters
        self._work = WORK + 16 * given
        self._writable = self.longest
        self._end = thread_time() + SECONDS
        self._look_again = monotonic() + 0.1

    def spend(self, steps: int) -> None:
        """Take these steps off what is left."""
        self._work -= max(steps, 1)
        if self._work < 0 or (monotonic() > self._look_again and self._is_late()):
            raise TemplateError("The model's chat template does not come to an end. Use another template.")

    def allow(self, characters: int) -> None:
        """Make sure that a text of this length may be made, and pay for it."""
        if characters > self.longest:
            raise TemplateError("The model's chat template makes too long a text. Use another template.")
        self.spend(characters >> 6)

    def write(self, text: str) -> str:
        """The text, if all that has been written is not too long with it."""
        self.allow(len(text))
        self._writable -= len(text)
        if self._writable < 0:
            raise TemplateError("The model's chat template writes too long a text. Use another template.")
        return text

    def take(self, value: Any) -> Any:
        """The value, paid for by everything that is in it: what is listed twice counts twice, so that whoever works
        with it needs no more steps than that. What comes one by one becomes a list."""
        if isinstance(value, Iterator) and not isinstance(value, LoopContext):
            value = list(self._counted(value))
        if isinstance(value, KeysView | ItemsView | ValuesView):
            value = list(value)
        if not isinstance(value, PLAIN):  # functions, loops, namespaces: nothing that grows
            self.spend(1)
            return value
        inside: list[Any] = [value]
        while inside:
            one = inside.pop()
            match one:
                case str():
                    self.allow(len(one))
                case list() | tuple():
                    self.spend(len(one))
                    inside += one
                case dict():
                    self.spend(2 * len(one))
                    inside += one
                    inside += one.values()
                case range():
                    self.spend(len(one))
                case int() if one.bit_length() > WIDEST:
                    raise TemplateError("The model's chat template makes too large a number. Use another template.")
                case None | int() | float() | Undefined():
                    pass
                case _:
                    raise TemplateError("The model's chat template keeps code among its data. Use another template.")
        return value

    def _is_late(self) -> bool:
        self._look_again = monotonic() + 0.1  # the processor's time costs more to ask for than the wall's
        return thread_time() > self._end

    def _counted(self, values: Iterator[Any]) -> Iterator[Any]:
        for value in values:
            self.spend(1)
            yield value
