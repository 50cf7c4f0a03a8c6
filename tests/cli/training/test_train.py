"""`seeread train`: what it says before, at the end, and to those who ask for what cannot be."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import seeread
from seeread.cli.main import run as run_command_line
from seeread.cli.training.train import SAVED
from seeread.finetuning import run
from seeread.finetuning.planning import prepare
from seeread.finetuning.planning.trial import Tried
from seeread.training.keeping.stopping import SAVED_AND_STOPPED, StoppedError
from tests.cli.conftest import Ran
from tests.finetuning import sets


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(run, "CHECKED", {"compare": 12, "write": 2})


@pytest.fixture
def train(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def command(*arguments: object) -> Ran:
        status = run_command_line(["train", *map(str, arguments)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Ran(status, captured.out, captured.err)

    return command


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No step is made to see how long it takes."""
    monkeypatch.setattr(prepare, "attempt", lambda recipe: Tried(0.5, 1000, 4000))


@pytest.mark.usefixtures("untried")
@pytest.mark.parametrize("layout", sets.LAYOUTS)
def test_every_layout_is_described_before_anything_starts(layout: str, train, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sets.LAYOUTS[layout](tmp_path / "set")
    ran = train("set", "--dry-run")
    assert ran.status == 0 and not (tmp_path / "runs").exists()
    model = {"questions": "mini-llava", "COCO boxes": "mini-paligemma"}.get(layout, "mini-clip")
    for words in ("24 pictures", f"seeread/{model} on cpu", "held out", "learns", ": about ", "runs/set-1"):
        assert words in ran.err, words
    assert ran.out == ""


@pytest.mark.usefixtures("untried")
def test_a_plan_for_programs(train, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sets.class_folders(tmp_path / "set")
    sets.tiny(tmp_path / "tiny")
    ran = train("set", "--from", "tiny", "--dry-run", "--json", "--steps", "7", "--set", "rate=2e-3")
    told = ran.json
    assert (told["settings"]["steps"], told["settings"]["rate"]) == (7, 2e-3)
    assert told["sets"][0]["knows"] == ["labels"] and told["out"] == "runs/set-1" and ran.err == ""


@pytest.mark.usefixtures("untried")
def test_settings_that_others_follow_from_are_as_good_as_options(train, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sets.class_folders(tmp_path / "set")
    sets.tiny(tmp_path / "tiny")
    said = train("set", "--from", "tiny", "--dry-run", "--json", "--steps", "50", "--mode", "lora").json
    assert (
        said
        == train(
            "set", "--dry-run", "--json", "--set", "start=tiny", "--set", "steps=50", "--set", "mode=lora"
        ).json
    )


@pytest.mark.usefixtures("untried")
def test_what_a_recipe_prints_is_no_result(train, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sets.class_folders(tmp_path / "set")
    sets.tiny(tmp_path / "tiny")
    (tmp_path / "mine.py").write_text(
        "from seeread.training.recipe import Portion, Recipe\nfrom seeread.training.settings import Settings\n"
        "print('hello')\n"
        "recipe = Recipe(name='mine', start='./tiny', data=(Portion(data='set'),), goal='contrast',\n"
        "    settings=Settings(steps=3, rate=1e-3, batch=4))\n"
    )
    ran = train("mine.py", "--dry-run", "--json")
    assert ran.json["settings"]["steps"] == 3 and "hello" in ran.err


@pytest.mark.usefixtures("untried")
def test_the_same_picture_in_two_classes_is_told(train, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sets.class_folders(tmp_path / "set")
    sets.tiny(tmp_path / "tiny")
    shutil.copy(tmp_path / "set/red/red-00.png", tmp_path / "set/blue/red-00.png")
    assert "1 pair of near copies are of two classes" in train("set", "--from", "tiny", "--dry-run").err


def test_from_captions_to_a_table_a_report_and_the_next_command(train, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sets.captioned(tmp_path / "set")
    sets.tiny(tmp_path / "tiny")
    ran = train("set", "--from", "tiny", "--steps", "4", "--out", "new")
    assert ran.status == 0
    assert "set, held out: text-to-image recall@1" in ran.out and "drawn scenes" in ran.out
    assert "new/report.html" in ran.err and "try it: seeread search" in ran.err
    assert seeread.load("new/model").origin.format == "native"
    again = train("set", "--from", "tiny", "--steps", "4", "--out", "new")
    assert again.status == 2 and "never written over" in again.err


def test_the_end_for_programs_is_one_document(train, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sets.class_folders(tmp_path / "set")
    sets.tiny(tmp_path / "tiny")
    ran = train("set", "--from", "tiny", "--steps", "3", "--json", "--mode", "lora", "--set", "rank=2")
    told = json.loads(ran.out)
    assert told["model"] == "runs/set-1/model" and Path(told["report"]).is_file()
    assert {"before", "after", "apart", "verdict", "name"} <= told["scores"][0].keys()
    assert ran.err == ""


@pytest.mark.usefixtures("untried")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nowhere",), "nowhere"),
        (("set", "--from", "tiny", "--set", "rate"), "such as rate=1e-4"),
        (("set", "--from", "tiny", "--set", "rats=3"), "Did you mean rate"),
        (("set", "--from", "tiny", "--set", "rate=fast"), "rate is a number"),
        (("set", "--from", "nobody/nothing"), "nobody/nothing"),
        (("set", "--from", "openai:gpt-4o"), "runs on a server, and cannot be trained"),
        (("set", "--from", "tiny", "--set", "batch=100"), "--set batch=19"),
        (("set", "--from", "tiny", "--steps", "3", "--set", "steps=10"), "say the same"),
        (("set", "--from", "tiny", "--mode", "full", "--set", "mode=lora"), "say the same"),
        (("set", "--set", "start=openai:gpt-4o"), "runs on a server"),
        (("set", "--from", "tiny", "--set", "mode=none"), "mode is one of"),
        (("set", "--from", "tiny", "--full"), "full size of a recipe"),
        (("set", "--from", "tiny", "--check", "nowhere"), "nowhere does not exist"),
        (("set", "--from", "tiny", "--check", "asked"), "tiny cannot be measured on asked"),
        (("nameless", "--from", "tiny"), "a class without a name"),
        (("asked", "--from", "tiny"), "Train a model that writes"),
        (("mine.py",), "there is no such file"),
        (("set", "--out", "set/new", "--from", "tiny"), "among the pictures"),
        (("set", "--steps", "0"), "steps"),
    ],
)
def test_mistakes_end_in_a_sentence_that_helps(arguments, reason: str, train, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sets.class_folders(tmp_path / "set")
    sets.questions(tmp_path / "asked")
    (sets.class_folders(tmp_path / "nameless") / "red").rename(tmp_path / "nameless" / " ")
    sets.tiny(tmp_path / "tiny")
    ran = train(*arguments)
    assert ran.status in (1, 2) and reason in ran.err, ran.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("untried")
def test_a_saved_stop_ends_with_its_own_status(
    train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    def stopped(*_: object, **__: object) -> None:
        raise StoppedError(
            "Stopped by SIGTERM after step 3 of 9. All is saved; start the same again to go on."
        )

    monkeypatch.setattr(run, "follow", stopped)
    sets.class_folders(tmp_path / "set")
    sets.tiny(tmp_path / "tiny")
    ran = train("set", "--from", "tiny")
    assert ran.status == SAVED == SAVED_AND_STOPPED == 75
    assert "All is saved" in ran.err and ran.out == ""


def test_two_processes_train_together_and_one_speaks(tmp_path: Path) -> None:
    sets.class_folders(tmp_path / "set")
    sets.tiny(tmp_path / "tiny")
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "seeread", "train", "set", "--from", "tiny", "--steps", "4", "--json", "--device", "cpu",
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(seeread.__file__).parents[1])}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert json.loads(ran.stdout)["model"] == "runs/set-1/model"
    assert (tmp_path / "runs/set-1/report.html").is_file() and not (tmp_path / "runs/set-2").exists()
