"""What the report of a training says besides its curves: the plan, what it brought, and what lies between."""

from collections.abc import Iterator

from seeread.charts.chart import Cell, Curve, Curves, Details, Piece, Section, Table, Words
from seeread.finetuning.planning.plan import Plan, tell
from seeread.finetuning.result import Result, advice, cell, difference, said, verdict

GENERAL = (
    "Of drawn scenes it is known what they show, and they have nothing to do with what was learned: a model that "
    "could read them before and cannot now has forgotten something. It is a small check, of drawings; name a set that "
    "matters with --check to have that measured instead."
)


def sections(plan: Plan, result: Result) -> list[Section]:
    """The sections, the most important first."""
    found = [
        Section(
            "What it brought", list(_brought(result)), "Measured on pictures that were held out of training."
        )
    ]
    if result.curve:
        found.append(_between(result))
    found.append(Section("What was done", [_plan(plan), *_left_out(plan)]))
    return found


def _brought(result: Result) -> Iterator[Piece]:
    if (told := advice(result.scores)) is not None:
        yield Words("In short", [told])
    for about, title in (("new", "What it learned"), ("general", "What it should not forget")):
        rows: list[list[Cell]] = [
            [score.data, score.name, cell(score.before), cell(score.after), difference(score), verdict(score)]
            for score in result.scores
            if score.about == about
        ]
        if rows:
            yield Table(
                title,
                ["pictures", "score", "before", "after", "difference", ""],
                rows,
                "In brackets, what holds the value in 95 of 100 such sets; differences are of the same pictures.",
            )
    words = [GENERAL] if any(score.data == "drawn scenes" for score in result.scores) else []
    if result.agreement is not None:
        words.append(
            said(result.agreement)
            + " That tells how much has changed, and not whether it is worse: pictures like those "
            "it learned from it should see otherwise now."
        )
    if words:
        yield Words("What this check is", words)
    yield Words("Try it", ["The model is a folder that loads like any other."], code=result.command)


def _between(result: Result) -> Section:
    curves = [
        Curve("held out", [(point.share, point.new) for point in result.curve]),
        Curve("general check", [(point.share, point.general) for point in result.curve], dashed=True),
    ]
    told = [
        "The weights of a model and of what was trained from it can be mixed (WiSE-FT, arXiv:2109.01903): at 0% it is "
        "the old one, at 100% the new one, and in between there is often a model that has learned nearly as much and "
        "forgotten less."
    ]
    if result.blend is not None:
        told.append(
            f"Something was forgotten, so the model at {result.blend.share:.0%}, where both scores together are best, "
            f"is kept besides, in {result.blend.path}. It was chosen on these very pictures, which makes its scores a "
            "little kinder than they would be on others."
        )
    elif result.forgotten:
        told.append("Something was forgotten, and none of these mixtures is better than both ends.")
    else:
        told.append("Nothing was forgotten that this check would show, so none is kept.")
    pieces: list[Piece] = [
        Curves("Between the old and the new", "share of the new", "score", curves, x_unit="percent"),
        Words("", told),
    ]
    if result.blend is not None:
        rows: list[list[Cell]] = [
            [score.data, score.name, cell(score.before), cell(score.after), difference(score), verdict(score)]
            for score in result.blend.scores
        ]
        pieces.append(
            Table("The mixture", ["pictures", "score", "before", "mixture", "difference", ""], rows)
        )
    return Section("Between old and new", pieces)


def _plan(plan: Plan) -> Piece:
    return Table("The plan", ["", "what"], [[name, text] for name, text in tell(plan)])


def _left_out(plan: Plan) -> Iterator[Piece]:
    for one in plan.sets:
        if one.survey.broken:
            yield Details(
                f"{one.survey.data.name}: pictures that were left out", list(one.survey.broken.items())
            )
        if one.survey.copies:
            yield Details(
                f"{one.survey.data.name}: near copies",
                [(later, f"is like {first}") for first, later in one.survey.copies],
            )
