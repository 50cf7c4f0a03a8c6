"""Recipes as files of Python, each with a `recipe`, and often a `full` one."""

import runpy
from pathlib import Path

from seeread.errors import SeereadError, UsageError
from seeread.preprocessing.image import printable
from seeread.training.recipe import Recipe


def load_recipe(path: str | Path, full: bool = False) -> Recipe:
    """The `recipe` of a file, or with `full` the one of that name, its full size.

    **The file is a program, and is run**, as `python FILE` would run it: name only files that you would run. What
    comes with a checkpoint or with data is never read this way. Raises UsageError for a file that is not there, that
    fails, and that has no such recipe.
    """
    path, name = Path(path), "full" if full else "recipe"
    shown = printable(str(path))
    if path.is_dir():
        raise UsageError(
            f"{shown} is a folder, and no recipe. Name the file in it; pictures go into a folder without .py."
        )
    if not path.is_file():
        raise UsageError(f"{shown}: there is no such file. Name a recipe, such as recipes/clip.py.")
    try:
        said = runpy.run_path(str(path), run_name="recipe")
    except SeereadError:
        raise
    except SyntaxError as error:
        line = "" if error.lineno is None else f", line {error.lineno}"
        raise UsageError(f"{shown}{line}: this is no Python ({error.msg}).") from None
    except (Exception, SystemExit) as error:
        where = _line_in(error, str(path))
        raise UsageError(
            f"{shown}{where}: it failed with {type(error).__name__}: {printable(str(error))}."
        ) from error
    found = said.get(name)
    if isinstance(found, Recipe):
        return found
    if full and isinstance(said.get("recipe"), Recipe):
        raise UsageError(f"{shown} has a `recipe`, and no `full` one. Leave --full out.")
    there = "is none" if name in said else "is not there"
    raise UsageError(
        f"{shown}: its `{name}` {there}. A recipe file says `{name} = Recipe(...)`, with Recipe from "
        "seeread.training.recipe; recipes/clip.py is one."
    )


def _line_in(error: BaseException, path: str) -> str:
    """Where in the file it failed."""
    traceback, line = error.__traceback__, None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == path:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return "" if line is None else f", line {line}"
