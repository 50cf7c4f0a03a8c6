"""What goes wrong, as it is told to the outside: a sentence, and nothing of the machine."""

import os
import re
from contextlib import suppress
from pathlib import Path

from starlette.responses import Response

from seeread.serving.sent import sent
from seeread.serving.tell import JSON

INSIDE = "Something went wrong inside, which is not your fault. The terminal that this was started in says what."

_PATH = re.compile(r"(?:(?<![\w:/.~])~?|\b[A-Za-z]:)(?:[/\\][^\s/\\'\"`,;:()]+){2,}")


def trouble(status: int, message: str) -> Response:
    """An answer that says what is wrong."""
    return sent(told(message), status)


def told(message: str) -> dict[str, JSON]:
    """The content of such an answer."""
    return {"error": {"message": without_paths(message)}}


def without_paths(message: str) -> str:
    """The message with only the last part of every path in it: which folders there are is nobody's business."""
    for known in (Path.cwd, Path.home):  # which may have spaces in them
        with suppress(OSError, RuntimeError):  # or be gone
            message = message.replace(f"{known()}{os.sep}", "")
    return _PATH.sub(lambda found: re.split(r"[/\\]", found[0])[-1], message)
