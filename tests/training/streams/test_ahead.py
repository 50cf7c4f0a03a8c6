"""Threads that make batches ahead: they change nothing, and they end."""

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from seeread.training.recipe import Portion
from seeread.training.streams.ahead import DEPTH, Ahead, Workers
from seeread.training.streams.build import build_stream
from tests.tiny import tiny_model
from tests.training.streams.makers import data, equal, settings


def until(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within two seconds."""
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def threads() -> int:
    return sum(each.name.startswith(("examples", "batches")) for each in threading.enumerate())


def test_values_come_in_order_and_so_many_are_made_ahead() -> None:
    made: list[int] = []
    workers = Workers(2)
    ahead = Ahead(lambda number: made.append(number) or number * number, 5, workers)  # type: ignore[func-returns-value]
    assert [ahead(number) for number in (0, 5, 10)] == [0, 25, 100]
    assert until(lambda: sorted(made) == [5 * step for step in range(3 + DEPTH)])
    assert ahead(100) == 10_000  # somewhere else
    workers.close()


def test_without_workers_nothing_is_made_ahead() -> None:
    made: list[int] = []
    ahead = Ahead(lambda number: made.append(number) or number, 1, Workers(0))  # type: ignore[func-returns-value]
    assert ahead(3) == 3 and made == [3]


def test_an_error_comes_with_its_batch_and_not_before() -> None:
    workers = Workers(2)
    ahead = Ahead(lambda number: 1 // (2 - number), 1, workers)
    assert [ahead(0), ahead(1)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        ahead(2)
    assert ahead(3) == -1
    workers.close()


@pytest.mark.parametrize("close", [True, False])
def test_threads_end_with_the_stream(close: bool) -> None:
    before = threads()
    stream = build_stream(tiny_model(), [Portion(data=data(20))], "contrast", settings(), workers=3)
    first = next(stream)
    assert threads() > before
    if close:
        stream.close()
        assert threads() == before
        assert not equal(first, next(stream))  # it can still be asked
    del stream
    gc.collect()
    assert until(lambda: threads() == before)


def test_a_process_that_ends_does_not_wait() -> None:
    code = (
        "from tests.training.streams.test_ahead import *\n"
        "stream = build_stream(tiny_model(), [Portion(data=data(20))], 'contrast', settings(), workers=3)\n"
        "next(stream); print('done', flush=True)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "done\n" and not ended.stderr
