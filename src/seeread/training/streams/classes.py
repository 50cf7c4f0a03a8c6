"""The classes of what is learned from, and their numbers."""

from collections.abc import Sequence

from seeread.data.sets.dataset import DataSet
from seeread.errors import DataError


def classes_of(sets: Sequence[DataSet], known: Sequence[str] = ()) -> tuple[str, ...]:
    """The classes of some sets in the order of their numbers: those of the first set, then what others have besides. A
    model that knows classes already (`known`) keeps its own, and the sets may have no others. Raises DataError where
    there are no classes, or other ones."""
    told = dict.fromkeys(label for data in sets for label in data.labels)
    if not told:
        raise DataError(
            "Nothing says which class a picture is of. Put the pictures into one folder for each class."
        )
    if known:
        if strange := [label for label in told if label not in known]:
            raise DataError(
                f"The data has the class {strange[0]!r}, and {len(strange) - 1} others, that the model does not know. "
                "Give the folders the names of its classes, or let it learn new ones with a layer of its own."
            )
        return tuple(known)
    return tuple(told)
