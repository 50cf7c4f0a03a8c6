"""All methods, and which of them explain a target."""

from seeread.errors import UsageError
from seeread.explanation.causal.ablation import ABLATION
from seeread.explanation.causal.lens import LENS
from seeread.explanation.causal.occlusion import OCCLUSION
from seeread.explanation.faith.record import record_of
from seeread.explanation.methods.cam import GRADCAM, LAYERCAM
from seeread.explanation.methods.dense import DENSE
from seeread.explanation.methods.legrad import LEGRAD
from seeread.explanation.methods.method import Method
from seeread.explanation.methods.needs import no_resnet
from seeread.explanation.methods.raw import RAW
from seeread.explanation.methods.relevance import RELEVANCE
from seeread.explanation.methods.rollout import ROLLOUT
from seeread.explanation.target import AnyTarget, Labels

METHODS: tuple[Method, ...] = (RELEVANCE, LAYERCAM, LEGRAD, DENSE, ABLATION, OCCLUSION, GRADCAM, ROLLOUT, RAW)
"""Baselines come last."""

ASKED_FOR = (LENS,)
"""Those that are found by their name alone: they tell what tokens have become, and not where an answer came from."""


def find(name: str, target: AnyTarget | None = None) -> Method:
    """The method of that name. Raises UsageError where there is none, or it does not fit the target, and says which
    do."""
    known = (*METHODS, *ASKED_FOR)
    names = [method.name for method in known if target is None or method.fits(target) is None]
    method = next((method for method in known if method.name == name), None)
    if method is None:
        raise UsageError(f"There is no method {name!r}. Take one of {', '.join(names)}.")
    if target is not None and (reason := method.fits(target)) is not None:
        raise UsageError(
            f"{target.model.origin.name} cannot be explained by {name}: {reason}. Take one of {', '.join(names)}."
        )
    return method


def fitting(target: AnyTarget) -> list[Method]:
    """The methods that can explain a target, baselines last."""
    return [method for method in METHODS if method.fits(target) is None]


def default(target: AnyTarget) -> Method:
    """The method to take where nobody says which: relevance, for it fits the most. A ResNet has few places when its
    attention begins; what was measured of the bundled models says to look at its patches one by one where they are
    compared, and at its stages where its tokens stand among the words. A model that carries a record of its own has the
    first that was shown to know more than blind maps, if one was."""
    preferred = RELEVANCE
    if no_resnet(target) is None and not hasattr(target.model.module, "gates"):
        preferred = DENSE if isinstance(target, Labels) else LAYERCAM
    ordered = sorted(fitting(target), key=lambda method: method is not preferred)
    record = record_of(target.model)
    proven = [method for method in ordered if record is not None and record.beats(method.name)]
    return next((method for method in proven if method.kind == "shipped"), ordered[0])
