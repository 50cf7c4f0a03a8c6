"""Recipe files are run, and mistakes in them are told with their line."""

from pathlib import Path

import pytest

from seeread.errors import UsageError
from seeread.training.recipe_file import load_recipe

GOOD = """
from seeread.training.recipe import Recipe
from seeread.training.settings import Settings

recipe = Recipe(name="small", start="seeread/mini-clip", data=(), goal="contrast", settings=Settings(steps=1, rate=1.0))
full = recipe.but(steps=1000)
"""


def write(folder: Path, text: str) -> Path:
    (folder / "r.py").write_text(text)
    return folder / "r.py"


def test_reads_both_sizes(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert load_recipe(path).settings.steps == 1
    assert load_recipe(str(path), full=True).settings.steps == 1000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "its `recipe` is not there. A recipe file says `recipe = Recipe"),
        ("recipe = 3", "its `recipe` is none"),
        ("\n\nx = = 1", r"r\.py, line 3: this is no Python"),
        ("\nx = 1 / 0", r"r\.py, line 2: it failed with ZeroDivisionError: division by zero"),
        ("import seeread.nothing", "it failed with ModuleNotFoundError"),
        (GOOD.replace("steps=1,", "stepz=1,"), "line 5: it failed with TypeError"),
        (GOOD.replace("rate=1.0", "rate=-1.0"), "rate must be above 0"),
        ("import sys\nsys.exit(3)", r"r\.py, line 2: it failed with SystemExit: 3"),
        ("x = 1\0", r"r\.py: this is no Python \("),
    ],
)
def test_mistakes(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load_recipe(write(tmp_path, text))


def test_without_a_full_size(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no `full` one\. Leave --full out"):
        load_recipe(write(tmp_path, GOOD.replace("full =", "other =")), full=True)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        load_recipe(tmp_path / "none.py")


def test_a_folder_that_is_called_like_one(tmp_path: Path) -> None:
    (tmp_path / "r.py").mkdir()
    with pytest.raises(UsageError, match="is a folder, and no recipe"):
        load_recipe(tmp_path / "r.py")
