"""A file of JSON lines that grows with a run: whatever stops the run, all lines are whole, or all but the last."""

import errno
import json
import math
import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from seeread.errors import DataError, SeereadError, UsageError
from seeread.preprocessing.image import printable
from seeread.whole import write_whole


class Ledger:
    """Lines with a "step", in the order of the steps. Each is written at once, and is with the system before the run
    goes on; a process that is killed loses none.

    A value that is no number, or not finite, is null: JSON has no other word for it.
    """

    def __init__(self, path: Path):
        self.path = path
        self._file: int | None = None
        self._closing: weakref.finalize[Any, Any] | None = None

    def open(self, step: int) -> None:
        """Go on behind `step`: lines of later steps, which a run that goes on makes again, are taken away, and so is a
        last one that was torn. The file is then written anew, whole. Raises SeereadError where it cannot be."""
        self.close()
        if any(number is None or number > step for number, _ in self._numbered()):
            kept = (line for number, line in self._numbered() if number is not None and number <= step)
            write_whole(self.path, lambda file: file.writelines(kept))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            self._closing = weakref.finalize(self, os.close, self._file)  # also of a run that nobody ends
        except OSError as error:
            raise self._trouble(error) from None

    def add(self, line: Mapping[str, Any]) -> None:
        """One line more. Raises SeereadError where it cannot be written; what is there stays as it is."""
        content = (
            json.dumps(finite(line), allow_nan=False, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        )
        if self._file is None:
            raise UsageError(
                f"{printable(str(self.path))} is not open: tell its watcher first that a run begins."
            )
        before = os.fstat(self._file).st_size
        try:
            if os.write(self._file, content) != len(content):  # a disk takes what it has room for
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, before)
            raise self._trouble(error) from None

    def close(self) -> None:
        """Nothing more is written."""
        if self._closing is not None:
            self._closing()
        self._file = self._closing = None

    def _numbered(self) -> Iterator[tuple[int | None, bytes]]:
        """The lines, each with its step; None for what is none."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            for line in file:
                said = _parsed(line)
                yield (said["step"] if said is not None and line.endswith(b"\n") else None), line

    def _trouble(self, error: OSError) -> SeereadError:
        return SeereadError(
            f"{printable(str(self.path))} cannot be written ({error.strerror or 'unknown reason'}). Check its folder, "
            "permissions and the free space, and start the run again: it goes on from what it saved last."
        )


def read_ledger(path: Path) -> Iterator[dict[str, Any]]:
    """The lines, one after the other. A last one that was torn is passed over. Raises DataError where the file cannot
    be read, or another line is damaged."""
    try:
        with path.open("rb") as file:
            yield from _whole_lines(path, file)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise DataError(
            f"{printable(str(path))} cannot be read ({reason}). Is this the folder of a run?"
        ) from None


def _whole_lines(path: Path, file: BinaryIO) -> Iterator[dict[str, Any]]:
    torn: int | None = None
    for number, line in enumerate(file, 1):
        if torn is not None:
            raise DataError(
                f"{printable(str(path))}, line {torn} is damaged: it is no step, in JSON. Take it out to read the rest."
            )
        said = _parsed(line)
        if said is None:
            torn = number
        else:
            yield said


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and isinstance(said.get("step"), int) else None


def finite(value: Any) -> Any:
    """The same with None for whatever is not a finite number, however deep it lies."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return value
