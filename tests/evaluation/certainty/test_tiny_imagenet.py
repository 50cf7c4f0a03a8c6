"""The bundled model on photographs: what is promised holds, over twenty ways to divide the development pictures."""

import numpy as np
import pytest

import seeread
from seeread.data.sets.read import read_set
from seeread.evaluation.benchmarks.benchmark import Options
from seeread.evaluation.certainty.conformal import cover
from seeread.evaluation.certainty.fit import Asked, fit_labels, parts
from seeread.evaluation.certainty.gather import Scored, scored
from seeread.tasks.certainty.calibration import Classifying
from seeread.tasks.certainty.sets import softmax
from tests.calibrations import EVIDENCE
from tests.shared import shared

SEEDS = 20


@pytest.fixture(scope="module")
def photographs() -> Scored:
    pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    data = read_set(shared("tiny_imagenet", "val.parquet"))
    return scored(seeread.load("seeread/mini-clip", precision="fp32"), data, Options(batch_size=100))


@pytest.fixture(scope="module")
def fitted(photographs: Scored) -> list[Classifying]:
    asked = [Asked(coverage=0.9, risk=0.5, false_flags=0.1, seed=seed) for seed in range(SEEDS)]
    return [fit_labels(photographs, each, None, lambda fitted, checked: EVIDENCE)[0] for each in asked]


def of(fitted: list[Classifying], name: str) -> np.ndarray:
    return np.array([each.measured[name] for each in fitted if name in each.measured])


def test_calibrated_confidence_is_within_five_percent(fitted: list[Classifying]) -> None:
    """Fitted on one half, measured on the other: on average over twenty, and for all but three, which have up to 5.4 %.
    Of 500 pictures a model that is right as often as it says shows some 3 % as well."""
    assert (of(fitted, "ece_after") < 0.05).sum() >= 17 and of(fitted, "ece_after").max() < 0.06
    assert of(fitted, "ece_after").mean() < 0.045
    assert of(fitted, "adaptive_after").mean() < 0.05


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_hold_the_true_label_as_often_as_promised(
    photographs: Scored, fitted: list[Classifying], coverage: float
) -> None:
    shares, truth = softmax(photographs.logits.double().numpy()), photographs.truth.numpy()
    held = []
    for seed, each in enumerate(fitted):
        checking = parts(len(truth), seed)[2]
        calibrated = shares[checking] ** (1 / each.temperature)
        calibrated /= calibrated.sum(axis=1, keepdims=True)
        held.append(cover(calibrated, truth[checking], "lac", each.set_threshold(coverage)).coverage)
    # Of one division: a threshold by 500 pictures (Beta), measured on 1,000 (binomial).
    error = np.sqrt(coverage * (1 - coverage) * (1 / 502 + 1 / 1000))
    assert np.abs(np.array(held) - coverage).max() < 3.3 * error
    assert np.mean(held) == pytest.approx(coverage, abs=0.012)
    if coverage == 0.9:
        assert held == pytest.approx(of(fitted, "coverage").tolist())


def test_the_risk_is_kept_where_the_model_is_ever_sure_enough(fitted: list[Classifying]) -> None:
    wrong = of(fitted, "wrong")
    assert len(wrong) > SEEDS / 2
    assert (wrong > 0.5 + 0.05).sum() <= 1
    assert of(fitted, "answered").max() > 0.1


def test_known_photographs_are_flagged_as_rarely_as_asked(fitted: list[Classifying]) -> None:
    assert of(fitted, "false_flags").mean() == pytest.approx(0.1, abs=0.015)
    flagged = of(fitted, "flagged").mean()
    assert flagged > 0.15, "better than at random, and far from the 80 % that would be of use"
    assert of(fitted, "auroc").mean() > 0.58
