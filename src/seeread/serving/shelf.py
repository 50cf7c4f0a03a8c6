"""The models that are there to be asked: each is loaded when it is first wanted, and works on one thing at a time."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from seeread.checkpoints.catalogue import find
from seeread.checkpoints.catalogue.bundled import bundled
from seeread.checkpoints.load import load
from seeread.errors import UsageError
from seeread.evaluation.certainty.found import usual_calibration
from seeread.pretrained import Pretrained
from seeread.remote.connect import is_remote
from seeread.serving.tell import Tell
from seeread.tasks.certainty.calibration import Calibration

_log = logging.getLogger(__name__)

PATIENCE = 0.2
"""Seconds between two looks whether the one who waits for a model is still there."""


@dataclass
class _Place:
    """One model: what it is loaded by, and who works with it."""

    source: str
    lock: Lock = field(default_factory=Lock)
    loaded: Pretrained | None = None
    calibration: Calibration | None = None


class Shelf:
    """Models by name. `names` are as `load` takes them, by default all that come with the package; a folder or file is
    called by its own name, without those that it lies in. Whoever has a model has it alone."""

    def __init__(self, names: Sequence[str] = (), precision: str = "fp32", device: str = "auto"):
        self._precision, self._device = precision, device
        self._places: dict[str, _Place] = {}
        for source in names or [entry.name for entry in bundled()]:
            place = _Place(source)
            if all(place.source != other.source for other in self._places.values()):
                self._places[_unlike(self._places, _shown(source))] = place

    @property
    def names(self) -> tuple[str, ...]:
        """What the models are called here."""
        return tuple(self._places)

    def loaded(self, name: str) -> Pretrained | None:
        """The model, if it was loaded already: to be looked at, not to be run."""
        return self._place(name).loaded

    def calibration(self, name: str) -> Calibration | None:
        """That of a model which was loaded: the user's own, or the one that came with it."""
        return self._place(name).calibration

    @contextmanager
    def model(self, name: str, tell: Tell | None = None) -> Iterator[Pretrained]:
        """The model of that name, for as long as the block lasts. `tell` hears of waiting and of loading.

        Raises UsageError for one that is not here, and what `load` raises.
        """
        place = self._place(name)
        _acquire(place.lock, name, tell)
        try:
            if place.loaded is None:
                if tell:
                    tell.doing(f"Loading {name}")
                loaded = self._load(place.source)
                place.calibration = usual_calibration(loaded, _log.warning)
                place.loaded = loaded
            yield place.loaded
        finally:
            place.lock.release()

    def _load(self, source: str) -> Pretrained:
        if is_remote(source):  # it computes elsewhere, in whatever precision
            return load(source)
        return load(source, precision=self._precision, device=self._device)

    def _place(self, name: str) -> _Place:
        if name not in self._places:
            known = ", ".join(self._places)
            raise UsageError(f"There is no model {name!r} here. Take one of these: {known}.")
        return self._places[name]


def _acquire(lock: Lock, name: str, tell: Tell | None) -> None:
    """Waits for a model, for as long as the one who wants it is there."""
    if lock.acquire(blocking=False):
        return
    if tell is None:
        lock.acquire()
        return
    tell.doing(f"Waiting for {name}, which is at work")
    while not lock.acquire(timeout=PATIENCE):
        tell.check()


def _shown(source: str) -> str:
    """What people read: a catalogue's name, or the last part of a path."""
    if (entry := find(source)) is not None:
        return entry.name
    path = Path(os.path.expanduser(source))
    return path.absolute().name if path.exists() else source


def _unlike(taken: dict[str, _Place], name: str) -> str:
    """The name, or with a number behind it where it is taken."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free
