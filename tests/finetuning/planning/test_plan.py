"""A plan keeps apart what is learned from and what is held out, and says the same when a run goes on."""

import json
from pathlib import Path

import pytest

from seeread.data.sets.dataset import DataSet
from seeread.data.sets.read import read_training
from seeread.errors import UsageError
from seeread.finetuning.planning import prepare as preparing
from seeread.finetuning.planning.plan import divided_as, lasting, tell
from seeread.finetuning.planning.prepare import Prepared, prepare
from seeread.finetuning.planning.trial import Tried
from seeread.finetuning.request import Request
from tests.finetuning import sets


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    monkeypatch.setattr(preparing, "attempt", lambda recipe: Tried(2.0, 1000, 4000))
    sets.class_folders(tmp_path / "set", 10)
    (tmp_path / "set" / "blue" / "broken.png").write_bytes(b"no picture")
    sets.tiny(tmp_path / "tiny")
    return prepare(Request(path=tmp_path / "set", start=str(tmp_path / "tiny")), tmp_path / "out")


def test_what_is_held_out_is_never_learned_from(prepared: Prepared) -> None:
    (divided,) = prepared.plan.sets
    (portion,) = prepared.plan.recipe.data
    assert isinstance(portion.data, DataSet)
    learned, held = ({item.id for item in data.items} for data in (portion.data, divided.held_out))
    assert held and not held & learned and len(held | learned) == 30
    assert {item.label for item in divided.held_out.items} == set(sets.COLOURS)


def test_a_plan_is_the_same_after_a_stop(prepared: Prepared) -> None:
    plan = prepared.plan
    kept = json.loads(json.dumps(plan.as_json()))
    request = Request(path=plan.sets[0].survey.data.path, start=plan.start.origin.name)
    again = prepare(request, plan.out, kept).plan
    assert again.as_json() == plan.as_json() and again.recipe.settings == plan.recipe.settings


def test_a_set_that_changed_is_not_gone_on_with(prepared: Prepared) -> None:
    kept = prepared.plan.as_json()["sets"][0]
    data = read_training(Path(kept["path"]))
    assert divided_as(data, kept).training == prepared.plan.sets[0].training
    (Path(kept["path"]) / kept["held_out"][0]).unlink()
    with pytest.raises(UsageError, match="other pictures than when this run began"):
        divided_as(read_training(Path(kept["path"])), kept)


def test_a_plan_is_told_in_words(prepared: Prepared) -> None:
    told = dict(tell(prepared.plan, prepared.seconds))
    assert "30 pictures in 3 classes" in told["data"] and "broken.png" in told["note"]
    assert "about 2 minutes" in told["goes"] and told["learns"].endswith("25% of them")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "about 5 seconds"), (62, "about 60 seconds"), (400, "about 7 minutes"), (7200, "about 2.0 hours")],
)
def test_durations_are_told_no_finer_than_they_are_known(seconds: float, words: str) -> None:
    assert lasting(seconds) == words
