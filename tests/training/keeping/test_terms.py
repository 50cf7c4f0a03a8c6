"""A run is gone on with as it was begun, and with the model it was begun with."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from seeread.errors import DataError, UsageError
from seeread.training.keeping.terms import FREE, check_fit, check_settings, noted
from seeread.training.settings import Settings

SETTINGS = Settings(steps=100, rate=1e-3, frozen=("vision",))
PATH = Path("run/checkpoints/step-00000050")


def test_the_same_settings_are_taken() -> None:
    check_settings(PATH, json.loads(json.dumps(noted(SETTINGS))), SETTINGS)


@pytest.mark.parametrize("name", sorted(FREE))
def test_what_moves_no_weight_in_another_way_may_change(name: str) -> None:
    assert name in {field.name for field in fields(Settings)}
    changes: dict[str, Any] = {"sharding": "fsdp", "compile": True, "recompute": True, "broken_limit": 0.7}
    check_settings(PATH, noted(SETTINGS), replace(SETTINGS, **{name: changes.get(name, 7)}))


OTHERS = {"betas": (0.7, 0.77)} | dict.fromkeys(("average", "crop", "decay", "patch_dropout"), 0.7)
"""Values that may be, for those settings that not every number may be."""


@pytest.mark.parametrize("name", sorted({field.name for field in fields(Settings)} - FREE))
def test_what_moves_weights_in_another_way_is_named(name: str) -> None:
    other: Any = OTHERS.get(name, 77)
    with pytest.raises(UsageError, match=rf"begun with {name} .* and is now given .*7.*\. Go on with"):
        check_settings(PATH, noted(SETTINGS), replace(SETTINGS, **{name: other}))


def test_all_differences_are_named() -> None:
    with pytest.raises(
        UsageError, match=r"batch 64 and is now given 32, rate 0\.001 and is now given 0\.002"
    ):
        check_settings(PATH, noted(SETTINGS), replace(SETTINGS, rate=2e-3, batch=32))


def test_what_an_older_version_did_not_know_was_as_it_is_by_default() -> None:
    begun = {name: value for name, value in noted(SETTINGS).items() if name != "patch_dropout"}
    check_settings(PATH, begun, SETTINGS)
    with pytest.raises(UsageError, match=r"patch_dropout 0\.0 and is now given 0\.5"):
        check_settings(PATH, begun, replace(SETTINGS, patch_dropout=0.5))
    with pytest.raises(UsageError, match="forgotten 3 and is now given None"):
        check_settings(PATH, begun | {"forgotten": 3}, SETTINGS)


def test_another_model_is_refused() -> None:
    saved = {"a": torch.ones(2, 3), "b": torch.ones(4)}
    check_fit(PATH, saved, {name: tensor.shape for name, tensor in saved.items()})
    with pytest.raises(
        DataError, match=r"its a is \(2, 3\) and not \(2, 4\), it lacks c, it has b\. Train in another"
    ):
        check_fit(PATH, saved, {"a": torch.Size([2, 4]), "c": torch.Size([1])})
