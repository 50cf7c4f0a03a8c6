"""A recipe is followed to a model that loads and says what it was trained on, whether or not it was stopped."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import seeread
from seeread.checkpoints.formats.recognise import read
from seeread.checkpoints.save import save
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item, Question
from seeread.errors import UsageError
from seeread.interface import Classifies
from seeread.pretrained import Pretrained
from seeread.training.follow import begin, follow
from seeread.training.modes.adapter import with_adapter
from seeread.training.recipe import Goal, Mode, Portion, Recipe
from seeread.training.settings import Settings
from seeread.training.watching.watcher import Beginning, Moment
from tests.training.learners import COLOURS, LEARNERS, PICTURES, QUESTION

ITEMS = tuple(
    Item(
        colour, picture, label=colour, captions=(colour,), questions=(Question(QUESTION, (colour,), colour),)
    )
    for colour, picture in zip(COLOURS, PICTURES, strict=True)
)
DATA = DataSet("colours", Path("colours"), "drawn", ITEMS, labels=COLOURS)
SETTINGS = Settings(
    steps=6, rate=1e-2, batch=4, precision="fp32", average=0.5, save_every=2, crop=1.0, weight_decay=0.0
)
GOALS: dict[str, Goal] = {"dual_encoder": "contrast", "coca": "contrast and write", "tower_probe": "classify"}


def start(name: str) -> Callable[[], Pretrained]:
    return lambda: LEARNERS[name].pretrained(LEARNERS[name].model())


def recipe(model: str, mode: Mode = "full", **changes: Any) -> Recipe:
    made = Recipe(
        name=f"learn {model}", start=start(model), data=(Portion(data=DATA),), goal=GOALS.get(model, "write"),
        settings=SETTINGS, mode=mode,
    )  # fmt: skip
    return replace(made, **changes)


def weights(model: Pretrained) -> dict[str, Tensor]:
    return dict(model.module.state_dict())


def same(a: Pretrained, b: Pretrained) -> bool:
    one, other = weights(a), weights(b)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def loaded(out: Path) -> Pretrained:
    return seeread.load(out / "model", device="cpu", precision="fp32")


@pytest.mark.parametrize(
    "name", ["dual_encoder", "coca", "llava", "paligemma", "pali", "flamingo", "tower_probe"]
)
def test_learns_and_loads(name: str, tmp_path: Path) -> None:
    found = follow(recipe(name).but(steps=LEARNERS[name].steps), tmp_path)
    assert same(found, loaded(tmp_path))
    with torch.inference_mode():
        assert LEARNERS[name].loss(found.module) < 0.7 < LEARNERS[name].loss(start(name)().module)


def test_says_what_it_was_trained_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    follow(recipe("llava", "connector"), tmp_path)
    said = json.loads((tmp_path / "model" / "training.json").read_text())
    assert (said["recipe"], said["goal"], said["mode"], said["steps"]) == (
        "learn llava",
        "write",
        "connector",
        6,
    )
    assert said["start"] == {"name": "learned"}
    assert said["data"] == [
        {
            "name": "colours", "pictures": 4, "digest": DATA.digest(COLOURS), "weight": None, "task": None,
        }
    ]  # fmt: skip
    connector = LEARNERS["llava"].model().get_submodule("connector")
    assert said["learning"] == sum(weight.numel() for weight in connector.parameters())
    assert said["parameters"] == sum(weight.numel() for weight in LEARNERS["llava"].model().parameters())
    assert said["settings"]["rate"] == 1e-2 and said["seeread"] == seeread.__version__ and said["seconds"] > 0
    card = (tmp_path / "model" / "README.md").read_text()
    assert card.startswith("# learn llava\n\nA LLaVA, trained with seeread")
    assert "colours (4 pictures)" in card and "what joins sight to language learned" in card
    assert read(tmp_path / "model").training == said


class Stops:
    """Ends a run after some steps, as a crash would."""

    def __init__(self, after: int):
        self.after = after

    def began(self, beginning: Beginning) -> None: ...

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        if moment.step == self.after:
            raise ZeroDivisionError

    def ended(self, reason: str | None) -> None: ...


@pytest.mark.parametrize(
    ("name", "mode"), [("dual_encoder", "full"), ("llava", "lora"), ("dual_encoder", "probe")]
)
def test_goes_on_as_if_it_had_never_stopped(name: str, mode: Mode, tmp_path: Path) -> None:
    wanted = recipe(name, mode, goal="classify") if mode == "probe" else recipe(name, mode)
    whole = follow(wanted, tmp_path / "whole")
    torch.manual_seed(7)  # whatever was drawn before by others
    with pytest.raises(ZeroDivisionError):
        follow(wanted, tmp_path / "cut", watchers=[Stops(5)])
    assert not (tmp_path / "cut" / "model").exists()
    assert (tmp_path / "cut" / "checkpoints" / "step-00000004").exists()
    assert same(follow(wanted, tmp_path / "cut"), whole)


def test_what_is_done_is_done(tmp_path: Path) -> None:
    """Followed again nothing moves; with more steps it goes on."""
    first = follow(recipe("dual_encoder"), tmp_path)
    assert same(follow(recipe("dual_encoder"), tmp_path), first)
    assert not same(follow(recipe("dual_encoder").but(steps=8), tmp_path), first)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": "lora"}, r"begun otherwise \(alpha, mode, rank\)"),
        ({"name": "other"}, r"\(recipe\)"),
        ({"data": (Portion(data=replace(DATA, items=ITEMS[:3])),)}, r"\(data\)"),
        ({"settings": replace(SETTINGS, rate=0.5)}, r"begun with rate 0\.01 and is now given 0\.5"),
    ],
)
def test_refuses_the_folder_of_another_run(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    follow(recipe("dual_encoder"), tmp_path)
    with pytest.raises(UsageError, match=words):
        follow(recipe("dual_encoder", **change), tmp_path)
    with pytest.raises(UsageError, match="there is a run already"):
        follow(recipe("dual_encoder"), tmp_path, resume=False)


def test_lora_leaves_an_adapter(tmp_path: Path) -> None:
    found = follow(recipe("llava", "lora", rank=2, alpha=4.0), tmp_path)
    assert weights(found).keys() == weights(start("llava")()).keys()  # merged: a LLaVA as any other
    again = with_adapter(start("llava")(), tmp_path / "adapter")
    assert all(
        torch.allclose(value, weights(found)[name], atol=1e-6) for name, value in weights(again).items()
    )
    said = read(tmp_path / "model").training or {}
    assert said["rank"] == 2 and said["alpha"] == 4.0 and 0 < said["learning"] < said["parameters"] / 4


@pytest.mark.parametrize("name", ["dual_encoder", "llava"])
def test_probe(name: str, tmp_path: Path) -> None:
    wanted = recipe(name, "probe", goal="classify").but(steps=20)
    follow(wanted, tmp_path)
    model = loaded(tmp_path)
    assert isinstance(model.model, Classifies) and model.processor.labels == COLOURS
    assert [seeread.classify(model, picture).label for picture in PICTURES] == list(COLOURS)
    tower = start(name)().module.get_submodule("vision").state_dict()
    assert all(torch.equal(value, weights(model)[f"vision.{key}"]) for key, value in tower.items())


def test_a_probe_classifies(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='mode probe is for the goal "classify"'):
        follow(recipe("dual_encoder", "probe"), tmp_path)


def in_half(folder: Path) -> Path:
    """The tiny dual encoder in float16, its temperature in float32."""
    model = start("dual_encoder")()
    for name, part in model.module.named_children():
        if name != "similarity":
            part.half()
    save(model, folder)
    return folder


@pytest.mark.parametrize("stored", [None, "fp32", "bf16"])
def test_keeps_the_precision_that_it_came_in(stored: Any, tmp_path: Path) -> None:
    wanted = recipe("dual_encoder", "lit", start=str(in_half(tmp_path / "start")), stored=stored)
    assert {weight.dtype for weight in begin(wanted).module.parameters()} == {torch.float32}
    found = follow(wanted, tmp_path / "out")
    kept = {name: tensor.dtype for name, tensor in read(tmp_path / "out" / "model").tensors.items()}
    small = {None: torch.float16, "fp32": torch.float32, "bf16": torch.bfloat16}[stored]
    rest = {None: torch.float32, "fp32": torch.float32, "bf16": torch.bfloat16}[stored]
    assert all(dtype == (rest if name.startswith("similarity.") else small) for name, dtype in kept.items())
    assert same(found, loaded(tmp_path / "out"))
    stood = read(tmp_path / "start").tensors
    assert stored == "bf16" or all(  # what did not learn is what it was, bit for bit
        torch.equal(tensor.to(stood[name].dtype), stood[name])
        for name, tensor in read(tmp_path / "out" / "model").tensors.items()
        if name.startswith("vision.")
    )


def test_starts_from_what_another_left(tmp_path: Path) -> None:
    """And says what that was trained on."""
    follow(recipe("llava", "connector"), tmp_path / "one")
    second = recipe("llava", start=str(tmp_path / "one" / "model"), name="stage 2")
    follow(second, tmp_path / "two")
    said = read(tmp_path / "two" / "model").training or {}
    assert said["start"]["training"]["recipe"] == "learn llava" and said["recipe"] == "stage 2"


def test_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"that folder is not there\. If it is what another recipe leaves behind"
    ):
        follow(recipe("llava", start=str(tmp_path / "one" / "model")), tmp_path / "two")


def test_what_cannot_be_saved_is_not_trained(tmp_path: Path) -> None:
    def perceiver() -> Pretrained:
        return replace(start("llava")(), model=LEARNERS["perceiver"].model())  # type: ignore[arg-type]

    with pytest.raises(UsageError, match="of no family that has a format"):
        follow(recipe("llava", start=perceiver), tmp_path)
    assert not (tmp_path / "checkpoints").exists()


def test_saved_again_it_says_the_same(tmp_path: Path) -> None:
    """Unless its weights were changed since: then nobody knows."""
    follow(recipe("dual_encoder"), tmp_path)
    model = loaded(tmp_path)
    save(model, tmp_path / "copy")
    assert read(tmp_path / "copy").training == read(tmp_path / "model").training
    with torch.no_grad():
        next(model.module.parameters()).add_(1)
    save(model, tmp_path / "other")
    assert read(tmp_path / "other").training is None


def test_measures_and_tells(tmp_path: Path) -> None:
    steps: list[int] = []

    def measure(step: int, model: nn.Module) -> dict[str, float]:
        steps.append(step)
        return {"one": 1.0}

    follow(recipe("dual_encoder").but(measure_every=3), tmp_path, measure=measure)
    assert steps == [3, 6]


def test_inspect_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from seeread.cli.main import run

    follow(recipe("llava", "connector"), tmp_path)
    assert run(["inspect", str(tmp_path / "model")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "training recipe learn llava goal write mode connector steps 6" in shown
    assert "started from learned data colours (4 pictures)" in shown
