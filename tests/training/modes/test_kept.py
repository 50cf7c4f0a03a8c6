"""In each mode those weights move that should, and no other: of every family, over two real steps."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.training.engine.trainer import train
from seeread.training.modes.kept import TOWERS, kept
from seeread.training.recipe import Mode
from seeread.training.settings import Settings
from tests.training.learners import LEARNERS

TWO = Settings(steps=2, rate=1e-2, precision="fp32", average=None, weight_decay=0.0, save_every=2)

CONNECTORS = {
    "dual_encoder": {"image_projection.weight", "text_projection.weight", "similarity.log_scale"},
    "llava": {
        "connector.first.weight",
        "connector.first.bias",
        "connector.second.weight",
        "connector.second.bias",
    },
    "paligemma": {"connector.weight", "connector.bias"},
    "pali": {"connector.weight", "connector.bias"},
    "fuyu": {"connector.weight", "connector.bias"},
}
"""Exactly what learns; of the larger ones, below, what begins with these."""
STARTS = {
    "flamingo": ("resampler.", "gates."),
    "hybrid": ("connector.", "tile_connector.", "tile_positions", "gates."),
    "coca": ("image_pool.", "image_projection.", "text_projection.", "similarity.", "cross.", "class_"),
}
WITHOUT = [
    "language_model",
    "t5",
    "chameleon",
    "perceiver_classifier",
    "perceiver_flow",
    "perceiver",
    "tower_probe",
]


def moved(name: str, mode: Mode, out: Path) -> set[str]:
    """The parameters and buffers that two steps changed."""
    learner = LEARNERS[name]
    model = learner.model()
    before: dict[str, Tensor] = {key: value.clone() for key, value in model.state_dict().items()}
    settings = replace(TWO, frozen=kept(model, mode))
    after = train(model, learner.objective, learner.stream(), settings, out).state_dict()
    assert after.keys() == before.keys()
    return {key for key, value in after.items() if not torch.equal(value, before[key])}


@pytest.mark.parametrize("name", CONNECTORS)
def test_connector(name: str, tmp_path: Path) -> None:
    assert moved(name, "connector", tmp_path) == CONNECTORS[name]


@pytest.mark.parametrize("name", STARTS)
def test_larger_connectors(name: str, tmp_path: Path) -> None:
    found = moved(name, "connector", tmp_path)
    assert all(key.startswith(STARTS[name]) for key in found)
    assert all(
        any(key.startswith(start) for key in found) for start in STARTS[name] if start != "tile_positions"
    )


@pytest.mark.parametrize("name", WITHOUT)
def test_nothing_to_connect(name: str) -> None:
    with pytest.raises(UsageError, match="nothing in it joins sight to language"):
        kept(LEARNERS[name].model(), "connector")


@pytest.mark.parametrize("name", ["dual_encoder", "coca", "llava", "paligemma", "pali", "flamingo", "hybrid"])
def test_lit(name: str, tmp_path: Path) -> None:
    """All that makes the vector of a picture stays; the texts learn."""
    found = moved(name, "lit", tmp_path)
    assert not any(key.startswith(("vision.", "image_pool.", "image_projection.")) for key in found)
    assert any(key.startswith("text.") for key in found)
    learner = LEARNERS[name]
    others = {key for key, _ in learner.model().named_parameters() if key.partition(".")[0] not in TOWERS}
    assert {key.partition(".")[0] for key in others - found} <= {
        "vision",
        "image_pool",
        "image_projection",
    } | {key.partition(".")[0] for key in others if name == "hybrid"}


@pytest.mark.parametrize("name", ["language_model", "fuyu", "t5", "perceiver"])
def test_lit_needs_two_towers(name: str) -> None:
    with pytest.raises(UsageError, match="not both a tower for pictures and one for texts"):
        kept(LEARNERS[name].model(), "lit")


def test_probe(tmp_path: Path) -> None:
    assert moved("tower_probe", "probe", tmp_path) == {"head.weight", "head.bias"}
    with pytest.raises(UsageError, match="no classes of its own"):
        kept(LEARNERS["llava"].model(), "probe")


@pytest.mark.parametrize("name", ["dual_encoder", "llava"])
def test_full(name: str) -> None:
    assert kept(LEARNERS[name].model(), "full") == ()
    assert kept(LEARNERS[name].model(), "full", ("vision",)) == ("vision",)


def test_what_is_frozen_anyway_stays_so() -> None:
    assert kept(LEARNERS["llava"].model(), "connector", ("connector.first",)) == (
        "connector.first",
        "vision",
        "text",
    )
