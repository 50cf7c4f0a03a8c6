"""Models that see and read. `import seeread` is instant: what it offers is fetched when it is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seeread.checkpoints.compose import build_pali as build_pali
    from seeread.checkpoints.formats.mask_decoder import load_mask_decoder as load_mask_decoder
    from seeread.checkpoints.load import load as load
    from seeread.checkpoints.save import save as save
    from seeread.data.sets.read import read_set as read_set
    from seeread.errors import SeereadError as SeereadError
    from seeread.evaluation.certainty.calibrate import calibrate as calibrate
    from seeread.evaluation.evaluate import evaluate as evaluate
    from seeread.explanation.explain import explain as explain
    from seeread.finetuning.train import train as train
    from seeread.preprocessing.image import Video as Video
    from seeread.pretrained import Pretrained as Pretrained
    from seeread.spaces.space import space as space
    from seeread.tasks.answer import answer as answer
    from seeread.tasks.caption import caption as caption
    from seeread.tasks.chat import chat as chat
    from seeread.tasks.classify import classify as classify
    from seeread.tasks.detect import detect as detect
    from seeread.tasks.fill import fill as fill
    from seeread.tasks.segment import segment as segment

__version__ = "0.1.0"

# What this package offers and where it is; the block above tells the same to type checkers and editors.
_OFFERED = {
    "Pretrained": "seeread.pretrained",
    "SeereadError": "seeread.errors",
    "Video": "seeread.preprocessing.image",
    "answer": "seeread.tasks.answer",
    "build_pali": "seeread.checkpoints.compose",
    "calibrate": "seeread.evaluation.certainty.calibrate",
    "caption": "seeread.tasks.caption",
    "chat": "seeread.tasks.chat",
    "classify": "seeread.tasks.classify",
    "detect": "seeread.tasks.detect",
    "evaluate": "seeread.evaluation.evaluate",
    "explain": "seeread.explanation.explain",
    "fill": "seeread.tasks.fill",
    "load": "seeread.checkpoints.load",
    "load_mask_decoder": "seeread.checkpoints.formats.mask_decoder",
    "read_set": "seeread.data.sets.read",
    "save": "seeread.checkpoints.save",
    "segment": "seeread.tasks.segment",
    "space": "seeread.spaces.space",
    "train": "seeread.finetuning.train",
}


def __getattr__(name: str) -> object:
    """Fetch `name` from its module on first use (PEP 562), so that `import seeread` does not import torch."""
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_OFFERED[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*_OFFERED, "__version__"])
