"""`seeread calibrate`: how far can this model be trusted?"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.table import Table

from seeread.cli.input import options
from seeread.cli.input.texts import read_labels
from seeread.cli.measuring.running import bars
from seeread.cli.output.charts import percent
from seeread.cli.output.console import console, note, plural, print_json, show
from seeread.errors import DataError, SeereadError, UsageError
from seeread.evaluation.certainty.found import usual_file
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from seeread.evaluation.certainty.calibrate import Calibrated
    from seeread.tasks.certainty.calibration import Calibration, Classifying, Evidence

BETWEEN = Number(gt=0, lt=1)
_CHANGED = (("ECE", "ece"), ("ECE, adaptive", "adaptive"), ("Brier", "brier"), ("NLL", "nll"))


def calibrate(
    model: Annotated[str, Parameter(help="A name, folder or file, as of --model elsewhere.")],
    path: Annotated[
        str, Parameter(help="A set: a folder or file with pictures and their labels, answers to questions, or boxes.")
    ],
    /,
    *,
    labels: options.ClassNames = None,
    template: options.Templates = None,
    question: Annotated[
        str | None, Parameter(help="For a model that writes: what the labels answer, as of classify.")
    ] = None,
    split: options.Split = None,
    coverage: Annotated[float, Parameter(help="How often sets shall hold the true label.", validator=BETWEEN)] = 0.9,
    risk: Annotated[
        float, Parameter(help="How much of what is said may be wrong; others are kept for, too.", validator=BETWEEN)
    ] = 0.05,
    false_flags: Annotated[
        float,
        Parameter(help="How many pictures of the labels may be taken for none of them.", validator=BETWEEN),
    ] = 0.1,
    sets: Annotated[
        Literal["lac", "aps", "raps"],
        Parameter(help="How sets are made: the likely labels, or the likeliest until there are enough."),
    ] = "lac",
    limit: options.Limit = None,
    seed: options.Seed = 0,
    out: Annotated[
        Path | None, Parameter(help="The file. By default one of yours that classify, ask and detect find.")
    ] = None,
    report: Annotated[Path | None, Parameter(help="Also write a page with charts: report.html.")] = None,
    tokenizer: options.TokenizerFile = None,
    architecture: options.Architecture = None,
    json: options.Json = False,
    batch_size: options.BatchSize = 32,
    precision: options.Precision = "auto",
    device: options.Device = "auto",
) -> int:
    """How far can this model be trusted?

    Of pictures whose labels are known (or of answered questions, or boxes, for a model that answers or points) half
    are used to find a temperature that makes percentages hold what they say, and thresholds: for sets of labels that
    hold the true one so often, for keeping silent, for "none of these". The other half tells what that is worth. A
    thousand pictures are good, a hundred the least to try; they must be such as the model will be asked about, and not
    those that it was trained on.

    The result is a small file. Where it lies by default, classify, ask and detect find it, and show percentages. What
    is promised (coverage, risk) is promised for the same labels and templates. What the file says of other things
    (answers, boxes) is kept. With --json: the content of the file, with "file" and "left_out". The exit status is 1 if
    there was something that could not be used.
    """
    if report is not None and report.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--report {printable(str(report))} is no page: its name must end in .html.")
    for target in (out, report):
        if target is not None and (target.is_dir() or not target.absolute().parent.is_dir()):
            raise UsageError(f"{printable(str(target))} cannot be written: its folder does not exist, or it is one.")
    from seeread.data.sets.read import describe, read_set

    names = read_labels(labels) if labels else None
    data = read_set(path, split=split)
    if not json:
        note(f"{printable(data.name)}: {'; '.join(describe(data))}")
    from seeread.checkpoints.load import load
    from seeread.evaluation.certainty.calibrate import calibrate as fit

    loaded = load(model, tokenizer=tokenizer, architecture=architecture, device=device, precision=precision)
    with bars() as shown:
        found = fit(
            loaded, data, labels=names, template=template, question=question, coverage=coverage, risk=risk,
            false_flags=false_flags, sets=sets, limit=limit, seed=seed, batch_size=batch_size,
            progress=shown.bar("Looking at pictures"),
        )  # fmt: skip
    target = usual_file(loaded) if out is None else out
    calibration = _write(found.calibration, target)
    if json:
        from seeread.tasks.certainty.strict import to_json

        content = to_json(calibration)
        assert isinstance(content, dict)
        print_json(content | {"file": str(target), "left_out": dict(found.left_out)})
    else:
        _show(found)
        print(f"\n{printable(str(target))}")
    if report is not None:
        _report(report, loaded.origin.name, found)
    return _complain(found.left_out, found.broken)


def _write(calibration: "Calibration", target: Path) -> "Calibration":
    """Writes it, with the sections that a file of the same model has there and that are not new. Raises SeereadError if
    that is not possible."""
    from dataclasses import replace

    from seeread.tasks.certainty.calibration import read_calibration

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SeereadError(f"{printable(str(target.parent))} cannot be made ({error.strerror}). Use --out.") from None
    if target.exists():
        try:
            before = read_calibration(target)
        except DataError:
            before = None
        if before is not None and before.model == calibration.model:
            calibration = replace(
                calibration,
                classify=calibration.classify or before.classify,
                answers=calibration.answers or before.answers,
                boxes=calibration.boxes or before.boxes,
            )
    calibration.write(target)
    return calibration


def _show(found: "Calibrated") -> None:
    """For each section what calibrating changed, and for labels what can be promised."""
    calibration = found.calibration
    parts = (("labels", calibration.classify), ("answers", calibration.answers), ("boxes", calibration.boxes))
    shown = [(what, fitted) for what, fitted in parts if fitted is not None]
    for place, (what, fitted) in enumerate(shown):
        if place:
            console().print()
        console().print(_heading(what, fitted.evidence), style="bold")
        _changes(fitted.measured)
    if calibration.classify is not None:
        _promises(calibration.classify)


def _heading(what: str, evidence: "Evidence") -> str:
    name = printable(evidence.name)
    return f"{what}: fitted on {evidence.fitted:,} of {name}, checked on {evidence.checked:,} others"


def _changes(measured: "Mapping[str, float]") -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_row("", "before", "after", style="dim")
    for name, key in _CHANGED:
        if f"{key}_before" in measured:
            pair = measured[f"{key}_before"], measured[f"{key}_after"]
            table.add_row(f"  {name}", *(percent(each) if "ECE" in name else f"{each:.3f}" for each in pair))
    show(table)
    if measured.get("brier_after", 0.0) >= measured.get("brier_before", 1.0):
        console().print("  nothing is gained: the model was as honest before", style="dim")


def _promises(fitted: "Classifying") -> None:
    measured = fitted.measured
    bias = f", bias {fitted.bias:.2f}" if fitted.kind == "sigmoid" else ""
    rows = [("temperature", f"{fitted.temperature:.3f} ({fitted.low:.3f} to {fitted.high:.3f}){bias}")]
    if "coverage" in measured:
        held, size = percent(measured["coverage"]), f"{measured['set_size']:.1f} labels on average"
        rows.append((f"sets for {percent(measured['asked_coverage'])}", f"{held} held the true label; {size}"))
    rows.append((f"at most {percent(measured['asked_risk'])} wrong", _silence(measured)))
    if "auroc" in measured:
        flagged = f"{percent(measured['flagged'])} of pictures whose label was left out are told"
        known = f"{percent(measured['false_flags'])} of the others"
        rows.append(("none of these", f"{flagged}, and {known} (AUROC {measured['auroc']:.3f})"))
    else:
        rows.append(("none of these", "takes three labels and more pictures"))
    table = Table.grid(padding=(0, 2))
    for name, told in rows:
        table.add_row(f"  {name}", told)
    show(table)


def _silence(measured: "Mapping[str, float]") -> str:
    if "wrong" not in measured:
        return "the model is never sure enough for that"
    return f"answers {percent(measured['answered'])}, of which {percent(measured['wrong'])} are wrong"


def _report(path: Path, name: str, found: "Calibrated") -> None:
    from seeread.charts.save import save_report
    from seeread.evaluation.certainty.page import sections

    saved = save_report(path, f"How far {name} can be trusted", sections(found))
    if saved.undrawn:
        note(f"the PNGs are left out: {saved.undrawn}")


def _complain(left_out: Mapping[str, str], broken: Mapping[str, str]) -> int:
    for section, reason in left_out.items():
        note(f"{section} left out: {printable(reason)}")
    for name, reason in list(broken.items())[:5]:
        note(f"{printable(name)}: {printable(reason)}")
    if len(broken) > 5:
        note(f"and {plural(len(broken) - 5, 'more picture')} that cannot be used")
    return 1 if left_out or broken else 0
