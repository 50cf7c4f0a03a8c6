"""From a folder of pictures to a better model, end to end, with a model of a few thousand weights."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import seeread
from seeread.errors import UsageError
from seeread.finetuning import run as running
from seeread.finetuning.measures.glance import glance
from seeread.finetuning.planning.plan import Plan
from seeread.finetuning.request import Request
from seeread.finetuning.result import Result
from seeread.finetuning.run import finetune
from seeread.training.keeping.stopping import StoppedError
from tests.finetuning import sets

SETTINGS = {"rate": "5e-3", "batch": "12", "precision": "fp32"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(running, "CHECKED", {"compare": 24, "write": 3})
    sets.tiny(tmp_path / "tiny")


def asked(path: str, **options: object) -> Request:
    return Request(path=Path(path), start="tiny", changes=SETTINGS, **options)  # type: ignore[arg-type]


def asks_to_stop() -> Callable[..., Any]:
    """A glance at a run that has the process told to stop, once: the second time would be for good."""
    told: list[bool] = []

    def look(*arguments: Any) -> Any:
        if not told:
            told.append(True)
            os.kill(os.getpid(), signal.SIGTERM)
        return glance(*arguments)

    return look


def test_colours_are_learned_from_folders_and_the_run_tells_it() -> None:
    sets.class_folders(Path("colours"), 12)
    (Path("colours") / "red" / "broken.png").write_bytes(b"no picture")
    result = finetune(asked("colours", steps=40))
    assert isinstance(result, Result)
    assert result.path == Path("runs/colours-1/model")
    (learned,) = [score for score in result.scores if score.about == "new"]
    assert learned.before.value < 0.7 and learned.after.value == 1.0, learned
    assert {score.about for score in result.scores} == {"new", "general"}
    assert result.agreement is not None and 0 <= result.agreement.low <= result.agreement.high <= 1
    assert [point.share for point in result.curve] == [0, 0.25, 0.5, 0.75, 1]
    assert result.curve[0].new == pytest.approx(learned.before.value)
    assert result.curve[-1].new == pytest.approx(learned.after.value)
    loaded = seeread.load(result.path)
    scores = seeread.classify(loaded, Path("colours/red/red-00.png"), list(sets.COLOURS))
    assert scores.scores[0].label == "red"
    page = result.report.read_text()
    assert "What it brought" in page and "red/broken.png" in page and "Between the old and the new" in page
    told = json.loads(Path("runs/colours-1/result.json").read_text())
    assert told["scores"][0]["verdict"] == "better" and told["try"] == result.command
    plan = json.loads(Path("runs/colours-1/plan.json").read_text())
    assert not set(plan["sets"][0]["held_out"]) & {"red/broken.png"}
    assert finetune(asked("colours", steps=40), dry=True).out == Path("runs/colours-2")  # type: ignore[union-attr]


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    sets.captioned(Path("set"))
    finetune(asked("set", steps=10, out=Path("whole")))
    with monkeypatch.context() as patched:
        patched.setattr(running, "glance", asks_to_stop())
        with pytest.raises(StoppedError, match=r"after step \d of 10"):
            finetune(asked("set", steps=10))
    assert not Path("runs/set-1/result.json").exists()
    planned: list[Plan] = []
    finetune(asked("set", steps=10), running.Watch(planned=lambda plan, seconds: planned.append(plan)))
    assert planned[0].out == Path("runs/set-1")
    one, other = (load_file(Path(folder) / "model" / "model.safetensors") for folder in ("whole", "runs/set-1"))
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_pictures_that_came_since_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    sets.captioned(Path("set"))
    monkeypatch.setattr(running, "glance", asks_to_stop())
    with pytest.raises(StoppedError):
        finetune(asked("set", steps=6))
    sets.picture("red", 77).save("set/new.png")
    Path("set/new.txt").write_text("a red dog")
    with pytest.raises(UsageError, match="other pictures than when this run began"):
        finetune(asked("set", steps=6))


def test_results_never_lie_among_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    sets.class_folders(Path("colours"))
    monkeypatch.chdir("colours")
    with pytest.raises(UsageError, match=r"among the pictures. Name a folder elsewhere"):
        finetune(Request(path=Path("."), start="../tiny"))


def test_a_set_that_matters_is_checked_instead_of_drawings() -> None:
    sets.class_folders(Path("colours"))
    sets.captioned(Path("other"))
    result = finetune(asked("colours", steps=4, check=Path("other")))
    assert isinstance(result, Result)
    assert {score.data for score in result.scores if score.about == "general"} == {"other"}


def test_a_probe_learns_classes_and_needs_no_words() -> None:
    sets.class_folders(Path("colours"), 12)
    result = finetune(asked("colours", steps=40, mode="probe"))
    assert isinstance(result, Result)
    (learned,) = [score for score in result.scores if score.about == "new"]
    assert learned.after.value > 0.9 and not result.curve
    loaded = seeread.load(result.path)
    assert loaded.processor.labels == ("blue", "green", "red")


def test_recipes_are_followed_and_measured_as_well() -> None:
    sets.class_folders(Path("colours"))
    Path("mine.py").write_text(
        "from seeread.training.recipe import Portion, Recipe\n"
        "from seeread.training.settings import Settings\n"
        'recipe = Recipe(name="mine", start="tiny", data=(Portion(data="colours"),), goal="contrast",\n'
        '                settings=Settings(steps=50, rate=3e-2, batch=8, precision="fp32"))\n'
    )
    result = finetune(Request(path=Path("mine.py"), steps=4, changes={"rate": "1e-2"}))
    assert isinstance(result, Result) and result.path == Path("runs/mine-1/model")
    settings = json.loads(Path("runs/mine-1/plan.json").read_text())["settings"]
    assert (settings["steps"], settings["rate"], settings["batch"]) == (4, 1e-2, 8)


def test_one_call_in_python() -> None:
    sets.class_folders(Path("colours"))
    result = seeread.train("colours", "tiny", steps=3, out="mine", precision="fp32", betas=(0.9, 0.95))
    assert result is not None and result.path == Path("mine/model") and len(result.scores) == 2
    assert json.loads(Path("mine/plan.json").read_text())["settings"]["betas"] == [0.9, 0.95]
    with pytest.raises(UsageError, match="0 steps teaches nothing"):
        seeread.train("colours", steps=0)
