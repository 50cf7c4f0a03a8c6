"""A file of calibration as sections: what it changed, and what can be promised with it.

`seeread calibrate --report` draws more, for it has the pictures; a file has the figures.
"""

from seeread.charts.chart import Bars, Cell, Piece, Section, Series, Table, Tiles, Words
from seeread.charts.figures import figure
from seeread.tasks.certainty.calibration import Calibration, Classifying, Lining

_TITLES = {"classify": "Labels", "answers": "Answers", "boxes": "Boxes"}
_ERRORS = {"ece": "bins of equal width", "adaptive": "bins of as many pictures each"}


def sections(calibration: Calibration) -> list[Section]:
    """One for labels, answers and boxes, where they were calibrated."""
    fitted = {"classify": calibration.classify, "answers": calibration.answers, "boxes": calibration.boxes}
    return [_section(_TITLES[name], one) for name, one in fitted.items() if one is not None]


def _section(title: str, fitted: Classifying | Lining) -> Section:
    evidence = fitted.evidence
    lead = (
        f"Fitted on {evidence.fitted:,} and measured on {evidence.checked:,} others of {evidence.name}, by version "
        f"{evidence.version} on {evidence.time[:10]}. All figures are of those others."
    )
    pieces: list[Piece] = [_tiles(fitted), _errors(fitted)]
    if isinstance(fitted, Classifying):
        pieces += [_silence(fitted), _sets(fitted)]
    return Section(title, pieces, lead)


def _tiles(fitted: Classifying | Lining) -> Tiles:
    measured = fitted.measured
    tiles = []
    if "accuracy" in measured:
        tiles.append(("right at the first guess", figure(measured["accuracy"], "percent"), ""))
    if "ece_before" in measured:
        before, after = (figure(measured[f"ece_{when}"], "percent") for when in ("before", "after"))
        tiles.append(("off by, calibrated", after, f"{before} as the model says"))
    if isinstance(fitted, Classifying):
        between = f"{fitted.low:.2f} to {fitted.high:.2f} in 95 of 100 such sets"
        tiles.append(("temperature", f"{fitted.temperature:.2f}", between))
        if "coverage" in measured:
            asked = figure(measured["asked_coverage"], "percent")
            held = figure(measured["coverage"], "percent")
            size = f"{measured['set_size']:.1f} labels"
            tiles.append(("sets held the true label", held, f"{asked} promised, with {size} on average"))
    return Tiles("", tiles)


def _errors(fitted: Classifying | Lining) -> Bars:
    """How far confidence and being right lie apart, before and after."""
    known = [key for key in _ERRORS if f"{key}_before" in fitted.measured]
    series = [
        Series(name, [fitted.measured[f"{key}_{when}"] for key in known])
        for name, when in (("as the model says", "before"), ("calibrated", "after"))
    ]
    note = (
        "The expected calibration error: how far confidence and the share that is right lie apart, on average. Of what "
        "a model is 80% sure of, 80% should be right; less error is better."
    )
    return Bars("Calibration error", [_ERRORS[key] for key in known], series, note=note)


def _silence(fitted: Classifying) -> Table:
    rows: list[list[Cell]] = [
        [(figure(risk, "percent"), risk), "never sure enough" if least is None else (f"{100 * least:.1f}%", least)]
        for risk, least in fitted.risks
    ]
    note = (
        "Below which confidence to keep silent, so that no more than so many answers are wrong. Each holds in "
        f"{100 * (1 - fitted.delta):.0f} of 100 calibrations."
    )
    return Table("Keeping silent", ("wrong at most", "confidence from"), rows, note)


def _sets(fitted: Classifying) -> Words:
    told = [
        f"Sets are made by {fitted.sets}: instead of one label, as many as it takes to hold the true one as often as "
        f"is promised, over {fitted.labels:,} labels."
    ]
    if fitted.opening is not None and "flagged" in fitted.measured:
        flagged, known = (figure(fitted.measured[key], "percent") for key in ("flagged", "false_flags"))
        told.append(
            f'"None of these": {flagged} of pictures whose label was left out are told, and {known} of the others are '
            "flagged wrongly."
        )
    return Words("What is promised", told)
