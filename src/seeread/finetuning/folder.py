"""The folder of a run: a finished one is never written over, and an unfinished one is gone on with by the same request.

`plan.json` says what was asked for and decided, and with which pictures; `result.json`, written last, that it is done.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seeread.errors import DataError, SeereadError, UsageError
from seeread.finetuning.request import Request
from seeread.preprocessing.image import printable
from seeread.whole import write_whole

PLAN, RESULT = "plan.json", "result.json"
RUNS = Path("runs")


def folder_for(request: Request) -> tuple[Path, Mapping[str, Any] | None]:
    """Where the run of a request belongs, and the plan of one that began there and did not end.

    Raises UsageError where a folder was named that holds something else.
    """
    if request.out is not None:
        return _named(request, request.out)
    name = re.sub(r"[^\w.-]+", "-", request.path.absolute().stem).strip("-.") or "run"
    numbers = [
        int(path.name[len(name) + 1 :])
        for path in RUNS.glob(f"{name}-*")
        if path.name[len(name) + 1 :].isdigit()
    ]
    for number in sorted(numbers, reverse=True):
        plan = unfinished(RUNS / f"{name}-{number}")
        if plan is not None and plan["request"] == request.as_json():
            return RUNS / f"{name}-{number}", plan
    return RUNS / f"{name}-{max(numbers, default=0) + 1}", None


def _named(request: Request, out: Path) -> tuple[Path, Mapping[str, Any] | None]:
    where = printable(str(out))
    if out.exists() and not out.is_dir():
        raise UsageError(f"{where} is a file. Name a folder for the run: --out runs/NAME.")
    if (out / RESULT).exists():
        raise UsageError(f"{where} holds a finished run, which is never written over. Name another folder.")
    plan = unfinished(out)
    if plan is None:
        if out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir()):
            raise UsageError(f"{where} is no run, and not empty. Name a new folder.")
        return out, None
    if plan["request"] != request.as_json():
        theirs = {name: value for name, value in plan["request"].items() if value != request.as_json()[name]}
        told = ", ".join(f"{name} {value!r}" for name, value in theirs.items())
        raise UsageError(
            f"{where} holds an unfinished run of another request ({printable(told)}). Ask for that to go on with it, or"
            " name another folder."
        )
    return out, plan


def unfinished(folder: Path) -> Mapping[str, Any] | None:
    """The plan of a run that began there and did not end. Raises DataError for one that cannot be read."""
    if not (folder / PLAN).is_file() or (folder / RESULT).exists():
        return None
    plan = _read(folder / PLAN)
    if not isinstance(plan.get("request"), dict):
        raise DataError(f"{printable(str(folder / PLAN))} is no plan of a run. Name another folder.")
    return plan


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """A JSON file, whole or not at all. Raises SeereadError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise SeereadError(
            f"{printable(str(path.parent))} cannot be made ({reason}). Name another folder."
        ) from None
    text = json.dumps(value, indent=2, ensure_ascii=True) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(
            f"{printable(str(path))} cannot be read ({error.strerror}). Name another folder."
        ) from None
    except ValueError:
        raise DataError(f"{printable(str(path))} is not JSON. Name another folder.") from None
    if not isinstance(value, dict):
        raise DataError(f"{printable(str(path))} is no plan of a run. Name another folder.")
    return value
