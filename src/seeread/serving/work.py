"""How a job is done for somebody who waits: in a thread, with progress, and not at all once they have gone."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeAlias
from weakref import WeakSet

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from seeread.errors import SeereadError
from seeread.serving.sent import sent
from seeread.serving.tell import JSON, Left, Tell
from seeread.serving.trouble import INSIDE, told

Job: TypeAlias = Callable[[Tell], JSON]

AT_ONCE = 64
"""Jobs that have a thread at one time; others wait in line. Most of them wait, too: for their model."""

STREAM = "text/event-stream"

_threads = ThreadPoolExecutor(AT_ONCE, "work")
_waited_for: WeakSet[Event] = WeakSet()  # for each job under way what tells it that nobody waits any more
_log = logging.getLogger(__name__)


async def work(request: Request, job: Job) -> Response:
    """The answer to a request: what the job gives, as JSON.

    One who accepts `text/event-stream` gets events: `progress` {"what", "done", "total"}, `piece` (a text), and in the
    end `result`, or `error` {"message"}. A SeereadError is an answer of status 400 with its message; of anything else
    people are told that something went wrong, and the log has the rest.
    """
    gone = Event()
    _waited_for.add(gone)
    if STREAM in request.headers.get("accept", ""):
        return StreamingResponse(_events(job, gone), media_type=STREAM)
    loop, leaving = asyncio.get_running_loop(), asyncio.create_task(_leaves(request, gone))
    try:
        status, content = await loop.run_in_executor(_threads, _outcome, job, Tell(_unheard, gone))
    finally:
        leaving.cancel()
    return sent(content, status)


def give_up() -> None:
    """Stops all jobs, as if everybody had left: the server is about to end."""
    for gone in tuple(_waited_for):
        gone.set()


async def _leaves(request: Request, gone: Event) -> None:
    """Sets the event when the other end hangs up."""
    while not gone.is_set():
        if (await request.receive())["type"] == "http.disconnect":
            gone.set()


async def _events(job: Job, gone: Event) -> AsyncIterator[str]:
    """What a job tells, as it tells it, and last what came of it."""
    loop = asyncio.get_running_loop()
    events: asyncio.Queue[tuple[str, JSON]] = asyncio.Queue()

    def say(name: str, data: JSON) -> None:
        loop.call_soon_threadsafe(events.put_nowait, (name, data))

    def run() -> None:
        status, content = _outcome(job, Tell(say, gone))
        if status == 200:
            say("result", content)
        elif isinstance(content, dict):
            say("error", content["error"])
        else:
            say("left", None)

    loop.run_in_executor(_threads, run)
    name = ""
    try:
        while name not in ("result", "error"):
            name, data = await events.get()
            if name == "left":
                return
            yield f"event: {name}\ndata: {json.dumps(data, allow_nan=False)}\n\n"
    finally:
        gone.set()


def _outcome(job: Job, tell: Tell) -> tuple[int, JSON]:
    """A status, and the content of the answer."""
    try:
        content = job(tell)
        json.dumps(content, allow_nan=False)  # what is no JSON is found here, where it can be told
    except Left:
        return 499, None
    except SeereadError as error:
        return 400, told(str(error))
    except Exception:
        _log.exception("A job failed.")
        return 500, told(INSIDE)
    return 200, content


def _unheard(_name: str, _data: JSON) -> None:
    """For those who want the answer alone."""
