"""The process: its port, its address, and its end."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

pytest.importorskip("uvicorn")

from seeread.errors import UsageError
from seeread.serving.run import address_of, listen


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


def test_ctrl_c_ends_it_even_while_it_works() -> None:
    command = [sys.executable, "-m", "seeread", "studio", "mini-llava", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+/", process.stdout.readline())
        assert found is not None
        body = json.dumps({"model": "seeread/mini-llava", "picture": "scene-1", "max_tokens": 2000, "temperature": 5})
        kinds = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        request = urllib.request.Request(f"{found[0]}api/caption", body.encode(), kinds)
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.readline().startswith(b"event: ")
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            answer.read()  # it comes to an end, and is not cut off
            _, complaints = process.communicate(timeout=30)
        assert process.returncode == 0
        assert complaints == ""
        assert time.monotonic() - began < 6
