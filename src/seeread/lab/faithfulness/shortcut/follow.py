"""Does a map follow the mark that a model answers by, into whichever corner it is put?"""

from collections.abc import Iterable, Sequence

import torch

from seeread.explanation.aim import aim
from seeread.explanation.faith.cells import peak
from seeread.explanation.methods.method import Method
from seeread.explanation.target import AnyTarget, Labels
from seeread.lab.faithfulness.measured import Measured, mean
from seeread.lab.faithfulness.shortcut.learn import LABELS
from seeread.lab.faithfulness.shortcut.marked import CORNERS, QUESTION, Marked, marked
from seeread.pretrained import Pretrained

MOST = 0.5
"""A method finds the shortcut of a model if it does so in more than half of the pictures like these: if the lower end
of the interval lies above this. By chance it is one place of sixteen, or one corner of four."""


def follows(model: Pretrained, method: Method, seeds: Iterable[int]) -> Measured:
    """The share of pictures in which the hottest place of the map of the mark's answer lies within the mark, which is
    in each corner of each scene once."""
    return mean([[_hits(model, method, marked(seed, corner)) for corner in range(CORNERS)] for seed in seeds])


def obeys(model: Pretrained, seeds: Iterable[int]) -> Measured:
    """The share of the same pictures in which the model says what the mark tells, and not what the shape would."""
    return mean([[_obeys(model, marked(seed, corner)) for corner in range(CORNERS)] for seed in seeds])


def finds(measured: Measured) -> bool:
    """Whether a method finds the shortcut of a model, going by how often it `follows` the mark."""
    return measured.low > MOST


def asked(model: Pretrained, one: Marked, answer: str) -> tuple[AnyTarget, int]:
    """What there is to explain of a picture, and the place of the score of an answer among its scores."""
    if model.processor.style is None:
        return Labels(model, one.picture, LABELS, _texts(model)), LABELS.index(answer)
    return aim(model, one.picture, QUESTION, answer=answer), 0


def _hits(model: Pretrained, method: Method, one: Marked) -> float:
    target, place = asked(model, one, one.answer)
    x, y = peak(*method.maps(target)[place])
    where = one.where
    return float(where.left <= x <= where.right and where.top <= y <= where.bottom)


@torch.no_grad()
def _obeys(model: Pretrained, one: Marked) -> float:
    answers: Sequence[str] = LABELS if model.processor.style is None else (one.answer, one.seen)
    scores = []
    for answer in answers:
        target, place = asked(model, one, answer)
        scores.append(float(target.score(target.prepare([one.picture]))[0, place]))
    return float(answers[scores.index(max(scores))] == one.answer)


def _texts(model: Pretrained) -> torch.Tensor:
    return model.embed_texts(LABELS).clone()
