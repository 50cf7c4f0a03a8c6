"""A signal is noted and looked at later; a second one is not."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from seeread.training.keeping.stopping import Stopping, stopping


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1"])
def test_a_signal_is_noted(name: str) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with stopping() as asked:
        assert not asked
        os.kill(os.getpid(), number)
        assert asked and asked.by == name
    assert signal.getsignal(number) is before


def test_the_handlers_are_put_back_when_something_fails() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="bad"), stopping():
        raise ValueError("bad")
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_nobody_can_ask() -> None:
    found: list[Stopping] = []

    def work() -> None:
        with stopping() as asked:
            found.append(asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [bool(asked) for asked in found] == [False]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1"])
def test_a_second_signal_ends_it_at_once(name: str) -> None:
    program = (
        "import os, signal, sys\n"
        "from seeread.training.keeping.stopping import stopping\n"
        "with stopping() as asked:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('still here', flush=True)\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
        "    print('and still', flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.stdout == "still here\n" and done.stderr == ""
    assert done.returncode == -getattr(signal, name)
