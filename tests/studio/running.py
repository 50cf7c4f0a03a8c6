"""The studio as it runs, in a thread of the test, on a port that is free."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def studio(models: Sequence[str] = (), folder: Path | None = None) -> Iterator[str]:
    """The address of a studio, such as "http://127.0.0.1:54321/", for as long as the block lasts; with all models that
    are bundled where none are named. Skips where its packages are not installed."""
    uvicorn = pytest.importorskip("uvicorn", reason="needs the studio's packages")
    pytest.importorskip("fastapi", reason="needs the studio's packages")
    from seeread.serving.desk import Desk
    from seeread.serving.run import address_of, listen
    from seeread.serving.shelf import Shelf
    from seeread.studio.app import studio as application

    desk = Desk(Shelf(models)) if folder is None else Desk(Shelf(models), folder=folder)
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(application(desk), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield address_of(listening)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
