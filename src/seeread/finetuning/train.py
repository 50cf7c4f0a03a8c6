"""`train`: from pictures of one's own to a better model, in one call."""

import os
from pathlib import Path

from seeread.errors import UsageError
from seeread.finetuning.request import Request
from seeread.finetuning.result import Result
from seeread.finetuning.run import Watch, finetune
from seeread.training.recipe import Mode

Place = str | os.PathLike[str]


def train(
    path: Place,
    model: str | None = None,
    *,
    steps: int | None = None,
    out: Place | None = None,
    mode: Mode | None = None,
    check: Place | None = None,
    full: bool = False,
    device: str = "auto",
    quiet: bool = True,
    **settings: object,
) -> Result | None:
    """Train on a set of pictures, or by a recipe file, and say what it brought.

    `path` is a folder or file in any layout that `read_set` knows, or a recipe (which is a program, and is run).
    `model` is the name or folder of what is begun with; by default a small bundled one that fits the pictures,
    "scratch" for that with weights drawn anew. `mode` is which weights learn. `settings` are those of
    `training.settings.Settings`, such as rate=1e-4. All is kept in the folder `out`, runs/NAME-1 by default; the same
    call goes on with a run that was stopped, and a finished one is never written over.

    The result has the trained `model`, ready to use, where it lies (`path`), and its `scores` on pictures that were
    held out and on a general check (drawn scenes, or the set `check`), before and after. None on ranks other than the
    first. Raises DataError for a set that teaches nothing, UsageError for what makes no sense, and StoppedError after a
    saved stop.
    """
    if steps is not None and steps < 1:
        raise UsageError(f"A training of {steps} steps teaches nothing. Give 1 or more.")
    request = Request(
        path=Path(path),
        start=model,
        steps=steps,
        out=None if out is None else Path(out),
        mode=mode,
        changes={name: str(value) for name, value in settings.items()},
        device=device,
        full=full,
        check=None if check is None else Path(check),
    )
    result = finetune(request, Watch(quiet=quiet))
    return result if isinstance(result, Result) else None
