"""Files of results, written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from seeread.errors import SeereadError
from seeread.preprocessing.image import printable


def write_whole(path: Path, write: Callable[[Any], object]) -> None:
    """Gives `write` an open file that takes its place at the end. Raises SeereadError if that is not possible."""
    if os.path.exists(path) and not os.path.isfile(path):  # a device is not to be replaced
        raise SeereadError(f"{printable(str(path))} cannot be written: it is no file. Name another.")
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}-", delete=False) as file:
            temporary = file.name
            write(file)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)  # as if it had been written in place
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise SeereadError(
            f"{printable(str(path))} cannot be written ({reason}). Check its folder, permissions and the free space."
        ) from None
    finally:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)
