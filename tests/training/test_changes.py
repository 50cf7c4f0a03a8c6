"""What people write behind --set becomes settings of the right type, or a sentence that says what is wrong."""

from typing import Any

import pytest

from seeread.errors import UsageError
from seeread.training.changes import changed
from seeread.training.recipe import Recipe
from seeread.training.settings import Settings

RECIPE = Recipe(
    name="r", start="seeread/mini-clip", data=(), goal="contrast", settings=Settings(steps=9, rate=1e-3)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rate=1e-4", 1e-4), ("rate=2", 2.0), ("steps=1e3", 1000), ("batch= 128 ", 128), ("average=none", None),
        ("average=0.9", 0.9), ("schedule=wsd", "wsd"), ("compile=yes", True), ("recompute=False", False),
        ("betas=0.9,0.95", (0.9, 0.95)), ("betas=(0.9, 0.95)", (0.9, 0.95)), ("frozen=vision,text", ("vision", "text")),
        ("frozen=", ()), ("precision=fp32", "fp32"),
    ],
)  # fmt: skip
def test_settings(text: str, value: object) -> None:
    found = getattr(changed(RECIPE, [text]).settings, text.partition("=")[0])
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("mode", "lora", "lora"),
        ("rank", "4", 4),
        ("alpha", "8", 8.0),
        ("start", "runs/x/model", "runs/x/model"),
    ]
    + [("stored", "fp16", "fp16"), ("stored", "none", None)],
)
def test_of_the_recipe(name: str, text: str, value: object) -> None:
    found = getattr(changed(RECIPE, {name: text}), name)
    assert found == value and type(found) is type(value)


def test_all_else_stays() -> None:
    assert changed(RECIPE, ["rate=1e-3", "steps=9"]) == RECIPE == changed(RECIPE, {})
    assert changed(RECIPE, {"rate": "1", "warmup": "3"}) == RECIPE.but(rate=1.0, warmup=3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raet=1", r"no setting 'raet'\. Did you mean rate"),
        ("xyzzy=1", "Did you mean accumulate, alpha, "),
        ("rate=fast", "rate is a number, and not 'fast'"),
        ("rate=nan", "rate is a number"),
        ("batch=1.5", "batch is a whole number, such as 64, and not '1.5'"),
        ("average=x", "average is a number or none, such as 0.998"),
        ("betas=0.9", "betas is 2 numbers with a comma, such as 0.9,0.98"),
        ("compile=maybe", "compile is yes or no, such as no"),
        ("schedule=linear", "schedule is one of cosine, wsd, constant, such as cosine"),
        ("mode=half", "mode is one of full, connector, lora, probe, lit"),
        ("rate", "a name and its value, such as rate=1e-4"),
        ("=3", "a name and its value"),
        ("name=other", "no setting 'name'"),
    ],
)
def test_mistakes(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        changed(RECIPE, [text])


def test_every_setting_can_be_said() -> None:
    """The usual value of each, written as the messages write it, is read as what it is."""
    from dataclasses import MISSING, fields

    from seeread.training.changes import _written

    for field in fields(Settings):
        if field.default not in (MISSING, None):
            value: Any = field.default
            assert getattr(changed(RECIPE, {field.name: _written(value)}).settings, field.name) == value
