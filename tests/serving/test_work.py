"""Jobs: their answers, their progress, their mistakes, and their end when nobody waits for them any more."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("fastapi")

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seeread.errors import UsageError
from seeread.serving.tell import JSON, Left, Tell
from seeread.serving.work import work
from tests.serving.asking import Answer, asked

STREAM = {"accept": "text/event-stream"}


def done(job: Callable[[Tell], Any], **options: Any) -> Answer:
    async def route(request: Request) -> Response:
        await request.body()
        return await work(request, job)

    return asked(Starlette(routes=[Route("/", route, methods=["POST"])]), "/", {}, **options)


def steps(tell: Tell) -> JSON:
    tell.doing("Reading")
    for _ in tell.progress(["a", "b"]):
        tell.piece("ä\n")
    return {"sum": 3}


def test_the_answer_is_plain_json() -> None:
    answer = done(steps)
    assert (answer.status, answer.json) == (200, {"sum": 3})


def test_a_stream_tells_how_far_it_is() -> None:
    answer = done(steps, headers=STREAM)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.events == [
        ("progress", {"what": "Reading", "done": 0, "total": None}),
        ("progress", {"what": "Reading", "done": 0, "total": 2}),
        ("piece", "ä\n"),
        ("progress", {"what": "Reading", "done": 1, "total": 2}),
        ("piece", "ä\n"),
        ("progress", {"what": "Reading", "done": 2, "total": 2}),
        ("result", {"sum": 3}),
    ]


def test_a_mistake_of_the_one_who_asks_is_explained_without_paths() -> None:
    def job(_: Tell) -> JSON:
        raise UsageError("/srv/ann/x.json makes no sense.")

    answer = done(job)
    assert (answer.status, answer.json) == (400, {"error": {"message": "x.json makes no sense."}})
    assert done(job, headers=STREAM).events == [("error", {"message": "x.json makes no sense."})]


@pytest.mark.parametrize("result", [float("nan"), float("inf"), {"x": object()}, {1, 2}])
def test_what_is_no_json_is_a_mistake_of_ours(result: object, caplog: pytest.LogCaptureFixture) -> None:
    for headers in ({}, STREAM):
        answer = done(lambda _: result, headers=headers)
        assert b"went wrong inside" in answer.body
        assert answer.status == (500 if not headers else 200)
    assert "A job failed" in caplog.text


def test_what_is_no_text_is_escaped() -> None:
    name = b"a\xff.png".decode("utf-8", "surrogateescape")
    assert done(lambda _: name).json == name
    assert done(lambda _: name, headers=STREAM).events == [("result", name)]


def test_nothing_of_a_traceback_gets_out(caplog: pytest.LogCaptureFixture) -> None:
    def job(_: Tell) -> JSON:
        raise RuntimeError("secret of /srv/ann")

    answer = done(job)
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert "secret" in caplog.text


@pytest.mark.parametrize("headers", [{}, STREAM], ids=["plain", "stream"])
def test_who_leaves_has_the_job_stopped(headers: dict[str, str]) -> None:
    stopped = threading.Event()

    def job(tell: Tell) -> JSON:
        try:
            for _ in range(2000):
                tell.piece("x")
                time.sleep(0.005)
        except Left:
            stopped.set()
            raise
        return None

    done(job, headers=headers, leave_after=0.05)
    assert stopped.wait(5)


def test_several_jobs_run_at_once() -> None:
    both = threading.Barrier(2, timeout=5)
    threads = [threading.Thread(target=done, args=(lambda _: both.wait() * 0,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not both.broken
