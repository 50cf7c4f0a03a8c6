"""Before and after: which way a difference points, and when it says nothing."""

from pathlib import Path

import pytest

from seeread.data.sets.read import read_training
from seeread.finetuning.measures.glance import glance
from seeread.finetuning.measures.measuring import compared, measure
from seeread.finetuning.result import advice, forgotten, verdict
from tests.finetuning import sets
from tests.tiny import colour_model, tiny_model


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_better_is_better_and_worse_is_forgetting(tmp_path: Path) -> None:
    data = read_training(sets.class_folders(tmp_path / "set", 8))
    poor, good = (measure(model, data, tmp_path / "out") for model in (tiny_model(), colour_model()))
    (up,) = compared("new", poor, good)
    (down,) = compared("general", good, poor)
    assert up.after.value == 1 and up.gain == pytest.approx(1 - up.before.value) and verdict(up) == "better"
    assert down.gain == pytest.approx(-up.gain) and verdict(down) == "worse" and forgotten([down])
    assert advice([up]) is None
    (fell,) = compared("new", good, poor)
    assert "keep the old model" in str(advice([fell]))
    (same,) = compared("general", good, good)
    assert not forgotten([same]) and verdict(same) == "may be chance"


def test_who_guessed_before_has_nothing_to_forget(tmp_path: Path) -> None:
    data = read_training(sets.class_folders(tmp_path / "set", 8))
    measured = measure(tiny_model(), data, tmp_path / "out")
    (score,) = compared("general", measured, measured)
    assert not score.known_before and "guessing" in verdict(score)


@pytest.mark.parametrize("layout", ["class folders", "captions beside"])
def test_a_glance_is_the_measure_without_its_interval(layout: str, tmp_path: Path) -> None:
    data = read_training(sets.LAYOUTS[layout](tmp_path / "set"))
    for model in (tiny_model(), colour_model()):
        seen = glance(model, data)
        measured = measure(model, data, tmp_path / "out").records[0]
        assert seen is not None
        assert seen.value == pytest.approx(next(m.value for m in measured.measures if m.name == seen.name))
