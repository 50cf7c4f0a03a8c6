"""Watchers that may fail without the run's failing."""

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec

from torch import nn

from seeread.training.watching.watcher import Beginning, Moment, Watcher

Told = ParamSpec("Told")


class Guarded:
    """Watches until something goes wrong with that, says so once, and watches no more; the run goes on."""

    def __init__(self, watcher: Watcher, name: str):
        self.watcher: Watcher | None = watcher
        self.name = name

    def began(self, beginning: Beginning) -> None:
        """Tells it."""
        self._try(lambda watcher: watcher.began(beginning))

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        """Tells it."""
        self._try(lambda watcher: watcher.stepped(moment, model))

    def ended(self, reason: str | None) -> None:
        """Tells it."""
        self._try(lambda watcher: watcher.ended(reason))

    def also(self, told: Callable[Told, None]) -> Callable[Told, None]:
        """Another function of the watcher, which is called as long as it watches, and fails as harmlessly."""

        def tell(*arguments: Told.args, **named: Told.kwargs) -> None:
            self._try(lambda watcher: told(*arguments, **named))

        return tell

    def _try(self, tell: Callable[[Watcher], None]) -> None:
        watcher = self.watcher
        if watcher is None:
            return
        try:
            tell(watcher)
        except Exception as error:
            self.watcher = None
            with suppress(Exception):  # it may still hold the terminal
                watcher.ended(str(error))
            why = str(error) or type(error).__name__
            warnings.warn(f"The run goes on without {self.name}, which failed: {why}", stacklevel=3)
