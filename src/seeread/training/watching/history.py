"""The history of a run: with which settings it was begun, how often it was gone on with, and how it ended."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seeread.errors import DataError
from seeread.preprocessing.image import printable
from seeread.training.watching.ledger import finite
from seeread.training.watching.watcher import Beginning
from seeread.whole import write_whole

NAME = "run.json"


@dataclass(frozen=True)
class Sitting:
    """From one start to the next stop: when (ISO 8601, UTC), from which step to which. `ended` is None while it goes
    on, and of one that was killed. `reason` is why it stopped before the last step."""

    began: str
    step: int
    ended: str | None = None
    last: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class History:
    """Of the run as it was begun last. `facts` are what else its readers should know, such as what it learns from."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    parameters: int = 0
    learning: int = 0
    ranks: int = 1
    facts: Mapping[str, str] = field(default_factory=dict)
    sittings: tuple[Sitting, ...] = ()


def read_history(out: Path) -> History:
    """That of the run in a folder; an empty one where there is none. Raises DataError for one that is damaged."""
    path = out / NAME
    try:
        said = json.loads(path.read_text("utf-8"))
        sittings = tuple(Sitting(**one) for one in said.pop("sittings"))
        return History(**said, sittings=sittings)
    except FileNotFoundError:
        return History()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            f"{printable(str(path))} is not the history of a run ({type(error).__name__}). Take it away: it is written "
            "anew when the run goes on."
        ) from None


def begin_sitting(out: Path, beginning: Beginning, facts: Mapping[str, str]) -> None:
    """The run is begun, or gone on with. One that is begun from nothing has no past."""
    past = read_history(out).sittings if beginning.step else ()
    now = Sitting(_now(), beginning.step)
    counts = (beginning.parameters, beginning.learning, beginning.ranks)
    _write(out, History(asdict(beginning.settings), *counts, dict(facts), (*past, now)))


def end_sitting(out: Path, step: int, reason: str | None) -> None:
    """The run is over, or stopped after that step."""
    history = read_history(out)
    *before, now = history.sittings
    over = Sitting(now.began, now.step, _now(), step, reason)
    _write(out, History(**{**vars(history), "sittings": (*before, over)}))


def _write(out: Path, history: History) -> None:
    content = (
        json.dumps(finite(asdict(history)), indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    )
    write_whole(out / NAME, lambda file: file.write(content))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
