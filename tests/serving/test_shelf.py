"""Models are loaded when wanted, called by names that tell nothing of the machine, and had by one at a time."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("fastapi")

from seeread.errors import CheckpointError, UsageError
from seeread.serving import shelf as module
from seeread.serving.shelf import Shelf
from seeread.serving.tell import JSON, Left, Tell


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What was loaded, and how."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def load(name: str, **options: Any) -> object:
        calls.append((name, options))
        if name == "broken":
            raise CheckpointError("broken: cannot be read.")
        return SimpleNamespace(name=name)

    monkeypatch.setattr(module, "load", load)
    monkeypatch.setattr(module, "usual_calibration", lambda *_: None)
    return calls


def test_all_that_is_bundled_where_none_is_named() -> None:
    assert len(Shelf().names) == 7
    assert "seeread/mini-clip" in Shelf().names


def test_names_are_those_of_the_catalogue_and_never_paths(tmp_path: Path) -> None:
    for folder in ("one/mine", "two/mine"):
        (tmp_path / folder).mkdir(parents=True)
    named = ["mini-clip", str(tmp_path / "one" / "mine"), str(tmp_path / "two" / "mine"), "mini-clip", "who/knows"]
    assert Shelf(named).names == ("seeread/mini-clip", "mine", "mine (2)", "who/knows")


def test_loads_once_and_when_wanted(loads: list[Any]) -> None:
    shelf = Shelf(["one", "two"])
    assert shelf.loaded("one") is None
    for _ in range(2):
        with shelf.model("one") as model:
            assert model.name == "one"
    assert [name for name, _ in loads] == ["one"]
    assert loads[0][1] == {"precision": "fp32", "device": "auto"}
    assert shelf.loaded("one") is not None
    assert shelf.loaded("two") is None


def test_a_remote_model_is_loaded_without_a_precision(loads: list[Any]) -> None:
    with Shelf(["openai:some"]).model("openai:some"):
        assert loads == [("openai:some", {})]


def test_one_that_is_not_here_is_named_with_those_that_are(loads: list[Any]) -> None:
    with pytest.raises(UsageError, match=r"no model 'three' here. Take one of these: one, two."), Shelf(
        ["one", "two"]
    ).model("three"):
        pass
    assert not loads


def test_what_cannot_be_loaded_says_so_each_time_and_frees_its_place(loads: list[Any]) -> None:
    shelf = Shelf(["broken"])
    for _ in range(2):
        with pytest.raises(CheckpointError), shelf.model("broken"):
            pass


@pytest.mark.usefixtures("loads")
def test_one_at_a_time_and_others_at_once() -> None:
    shelf = Shelf(["one", "two"])
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with shelf.model("one"):
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    with shelf.model("two"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert most == 1


@pytest.mark.usefixtures("loads")
def test_who_waits_is_told_so_and_may_leave() -> None:
    shelf, gone = Shelf(["one"]), threading.Event()
    told: list[JSON] = []
    outcome: list[str] = []

    def wait() -> None:
        try:
            with shelf.model("one", Tell(lambda _, data: told.append(data), gone)):
                outcome.append("had it")
        except Left:
            outcome.append("left")

    with shelf.model("one"):
        thread = threading.Thread(target=wait)
        thread.start()
        while not told:
            time.sleep(0.005)
        gone.set()
        thread.join(5)
    assert outcome == ["left"]
    assert "Waiting for one" in str(told)
    with shelf.model("one"):  # and nothing was left locked
        pass
