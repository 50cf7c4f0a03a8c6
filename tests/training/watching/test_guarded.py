"""A watcher that fails is told of once, and the run goes on."""

import warnings
from pathlib import Path

import pytest
from torch import nn

from seeread.training.watching.guarded import Guarded
from seeread.training.watching.watcher import Beginning, Moment
from tests.training.watching.moments import MODEL, beginning, moment


class Tracker:
    """As somebody would write it for a service that keeps figures; the service may be down."""

    def __init__(self, down_at: int | None = None):
        self.sent: list[tuple[str, object]] = []
        self.down_at = down_at

    def began(self, beginning: Beginning) -> None:
        self.sent.append(("settings", beginning.settings.rate))

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        if moment.step == self.down_at:
            raise ConnectionError("the service is down")
        self.sent.append(("loss", moment.loss))

    def ended(self, reason: str | None) -> None:
        self.sent.append(("ended", reason))


def run(watcher: Guarded, out: Path) -> None:
    watcher.began(beginning(out))
    for step in range(1, 5):
        watcher.stepped(moment(step, 1.0), MODEL)
    watcher.ended(None)


def test_it_is_told_everything(tmp_path: Path) -> None:
    tracker = Tracker()
    run(Guarded(tracker, "the tracker"), tmp_path)
    assert tracker.sent == [("settings", 1e-3), *[("loss", 1.0)] * 4, ("ended", None)]


def test_it_fails_once_and_is_heard_of_once(tmp_path: Path) -> None:
    tracker = Tracker(down_at=2)
    with pytest.warns(UserWarning, match="goes on without the tracker, which failed: the service is down") as told:
        run(Guarded(tracker, "the tracker"), tmp_path)
    assert len(told) == 1
    assert tracker.sent == [("settings", 1e-3), ("loss", 1.0), ("ended", "the service is down")]


def test_who_stops_the_run_is_heeded(tmp_path: Path) -> None:
    class Impatient(Tracker):
        def stepped(self, moment: Moment, model: nn.Module) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), warnings.catch_warnings(action="error"):
        run(Guarded(Impatient(), "nobody"), tmp_path)
