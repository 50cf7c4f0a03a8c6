"""What to look for, as people write it."""

from collections.abc import Sequence

from seeread.errors import UsageError


def label_list(labels: str | Sequence[str]) -> list[str]:
    """ "cat ; dog" or a list of names, without blanks and without the same twice. Raises UsageError if none is left."""
    parts = labels.split(";") if isinstance(labels, str) else labels
    if not all(isinstance(part, str) for part in parts):
        raise UsageError('Say what to look for as a text, "cat ; dog", or as a list of texts.')
    names = list(dict.fromkeys(" ".join(name.split()) for part in parts for name in part.split(";") if name.strip()))
    if not names:
        raise UsageError('There is nothing to look for. Name at least one thing, "cat", or several, "cat ; dog".')
    return names
