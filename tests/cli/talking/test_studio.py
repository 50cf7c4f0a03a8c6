"""`seeread studio`: what it opens, and what it says where it cannot."""

import builtins
import socket
from typing import Any

import pytest

from seeread.cli.main import run

pytest.importorskip("uvicorn")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been served, and opened in a browser."""
    seen: list[Any] = []

    def serve(app: Any, listening: socket.socket) -> None:
        seen.append(app)
        listening.close()

    monkeypatch.setattr("seeread.serving.run.serve", serve)
    monkeypatch.setattr("webbrowser.open", lambda address: seen.append(address) or True)
    return seen


def test_opens_the_browser_where_it_listens(served: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["studio", "mini-clip", "--port", "0"]) == 0
    assert served[0].startswith("http://127.0.0.1:")
    assert capsys.readouterr().out.strip() == f"The studio is at {served[0]}"


def test_opens_none_where_none_is_wanted(served: list[Any]) -> None:
    assert run(["studio", "--no-browser", "--port", "0"]) == 0
    assert not any(isinstance(each, str) for each in served)


def test_a_model_that_is_not_there_is_told_at_once(served: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["studio", "./mistyped", "--no-browser", "--port", "0"]) == 1
    assert not served and "mistyped" in capsys.readouterr().err


def test_says_that_others_may_come_in(served: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["studio", "--host", "0.0.0.0", "--no-browser", "--port", "0"]) == 0
    assert "no passwords" in capsys.readouterr().err


def test_a_taken_port_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["studio", "--no-browser", "--port", str(taken.getsockname()[1])]) == 2
    assert "--port 0 finds a free one" in capsys.readouterr().err


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plain = builtins.__import__

    def without(name: str, *more: Any, **others: Any) -> Any:
        if name == "fastapi":
            raise ImportError(name)
        return plain(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    assert run(["studio"]) == 2
    assert "pip install 'seeread[studio]'" in capsys.readouterr().err
