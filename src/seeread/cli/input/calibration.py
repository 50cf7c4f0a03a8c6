"""Calibrations as commands find them: named, made by the user for this very model, or shipped with it."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from seeread.cli.output.console import note
from seeread.evaluation.certainty.found import usual_calibration

if TYPE_CHECKING:
    from seeread.pretrained import Pretrained
    from seeread.tasks.certainty.calibration import Calibration

CalibrationFile = Annotated[
    str | None,
    Parameter(
        help='A file of "seeread calibrate", or none. By default the one that you made for this very model, or that '
        "came with it.",
        show_default=False,
    ),
]


def find_calibration(model: "Pretrained", asked: str | None) -> "Calibration | None":
    """The calibration for a model. Raises DataError or UsageError for one that is named and is none, or of another
    model; what lies around is left out then, with a note if it cannot be read."""
    if asked is None:
        return usual_calibration(model, lambda reason: note(f"left out: {reason}"))
    if asked == "none":
        return None
    from seeread.tasks.certainty.calibration import calibration_of

    return calibration_of(model, asked)
