"""Where a run lies: an unfinished one is gone on with by the same request, a finished one is never written over."""

from dataclasses import replace
from pathlib import Path

import pytest

from seeread.errors import DataError, UsageError
from seeread.finetuning.folder import PLAN, RESULT, folder_for, write_json
from seeread.finetuning.request import Request


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def began(folder: Path, request: Request) -> None:
    write_json(folder / PLAN, {"request": request.as_json()})


def test_runs_are_numbered_and_an_unfinished_one_goes_on() -> None:
    request = Request(path=Path("my photos"))
    first, kept = folder_for(request)
    assert (first, kept) == (Path("runs/my-photos-1"), None)
    began(first, request)
    assert folder_for(request)[0] == first and folder_for(request)[1] is not None
    assert folder_for(replace(request, steps=7)) == (Path("runs/my-photos-2"), None)
    write_json(first / RESULT, {})
    assert folder_for(request) == (Path("runs/my-photos-2"), None)


def test_where_it_computes_makes_no_other_run() -> None:
    began(Path("runs/a-1"), Request(path=Path("a"), device="cpu"))
    assert folder_for(Request(path=Path("a"), device="cuda"))[0] == Path("runs/a-1")


def test_a_named_folder_is_only_taken_if_it_is_free_or_the_same() -> None:
    request = Request(path=Path("photos"), out=Path("here"))
    assert folder_for(request) == (Path("here"), None)
    began(Path("here"), request)
    assert folder_for(request)[1] is not None
    with pytest.raises(UsageError, match=r"unfinished run of another request \(steps None\)"):
        folder_for(replace(request, steps=5))
    write_json(Path("here") / RESULT, {})
    with pytest.raises(UsageError, match="never written over"):
        folder_for(request)


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    Path("letters").mkdir()
    Path("letters/mother.txt").write_text("dear")
    with pytest.raises(UsageError, match="no run, and not empty"):
        folder_for(Request(path=Path("photos"), out=Path("letters")))
    with pytest.raises(UsageError, match="is a file"):
        folder_for(Request(path=Path("photos"), out=Path("letters/mother.txt")))


def test_a_damaged_plan_is_told() -> None:
    Path("here").mkdir()
    Path("here/plan.json").write_text("{")
    with pytest.raises(DataError, match="is not JSON"):
        folder_for(Request(path=Path("photos"), out=Path("here")))
