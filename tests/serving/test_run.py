"""The process: its port, its address, and its end."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("uvicorn")

import uvicorn
from fastapi import FastAPI

from seeread.errors import UsageError
from seeread.serving.run import address_of, listen, serve


def test_a_port_that_is_taken_is_a_clear_error() -> None:
    with listen("127.0.0.1", 0) as one:
        with pytest.raises(UsageError, match="is taken"):
            listen("127.0.0.1", one.getsockname()[1])
        assert address_of(one) == f"http://127.0.0.1:{one.getsockname()[1]}/"


@pytest.mark.parametrize("host", ["no such host", "203.0.113.9", ""])
def test_an_address_of_another_machine_is_one_too(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    if host != "203.0.113.9":
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UsageError, match="no address of this machine"):
        listen(host, 0)


def test_the_address_of_a_server_for_all_is_one_to_open() -> None:
    with listen("0.0.0.0", 0) as one:
        assert address_of(one).startswith("http://127.0.0.1:")


def test_no_web_sockets_are_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of any site may open one."""
    seen: list[uvicorn.Server] = []

    async def served(server: uvicorn.Server, _: socket.socket) -> None:
        seen.append(server)

    monkeypatch.setattr("seeread.serving.run._served", served)
    serve(FastAPI(), listen("127.0.0.1", 0))
    assert seen[0].config.ws == "none"


ENDLESS = """
import os, time
from starlette.applications import Starlette
from starlette.routing import Route
from seeread.serving.run import address_of, listen, serve
from seeread.serving.work import work

def job(tell):
    while True:
        tell.piece("x")
        time.sleep(0.01)

async def route(request):
    await request.body()
    return await work(request, job)

listening = listen("127.0.0.1", 0)
print(address_of(listening), flush=True)
serve(Starlette(routes=[Route("/", route, methods=["POST"])]), listening)
os._exit(0)
"""


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that serves, and its address."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+/", process.stdout.readline())
            assert found is not None
            yield process, found[0]
        finally:
            process.kill()


def test_ctrl_c_ends_the_command() -> None:
    with running("-m", "seeread", "studio", "mini-clip", "--no-browser", "--port", "0") as (process, address):
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert b"<studio-shell>" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[1] == ""
        assert process.returncode == 0


def test_ctrl_c_ends_answers_under_way() -> None:
    with running("-c", ENDLESS) as (process, address):
        request = urllib.request.Request(address, b"{}", {"Accept": "text/event-stream"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.readline() == b"event: piece\n"
            process.send_signal(signal.SIGINT)
            assert b"result" not in answer.read()  # which comes to an end, and is not cut off
        assert process.communicate(timeout=30)[1] == ""
        assert process.returncode == 0
