"""Labels and other texts as they are given on a command line: in place, or in a file."""

from collections.abc import Sequence
from pathlib import Path

from seeread.errors import UsageError
from seeread.preprocessing.image import printable

_MOST_BYTES = 16 * 2**20


def read_labels(arguments: Sequence[str]) -> list[str]:
    """Labels separated by commas; of `@file` one a line; `@imagenet` is the 1,000 classes of ImageNet.

    Raises UsageError for a file that cannot be read or is empty.
    """
    labels: list[str] = []
    for argument in arguments:
        if argument == "@imagenet":
            from seeread.preprocessing.prompt import imagenet_names

            labels += dict.fromkeys(imagenet_names())  # two names stand for two classes each
        elif argument.startswith("@"):
            labels += lines(argument[1:])
        else:
            labels += [label.strip() for label in argument.split(",") if label.strip()]
    return labels


def lines(path: str) -> list[str]:
    """The lines of a text file that are not blank, without white space around them."""
    name = printable(path)
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{name} does not exist. Give a text file with one label a line.") from None
    except (OSError, ValueError):
        raise UsageError(f"{name} cannot be read. Give a text file with one label a line.") from None
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{name} is larger than {_MOST_BYTES:,} bytes. Give a text file with one label a line.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not text in UTF-8. Save it as UTF-8, one label a line.") from None
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise UsageError(f"{name} is empty. Write one label a line.")
    return found
