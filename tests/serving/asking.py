"""Asks an application as a server would, without one."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])

    @property
    def events(self) -> list[tuple[str, Any]]:
        """The events of a stream."""
        lines = [event.split("\n") for event in self.body.decode().split("\n\n") if event]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in lines]


def asked(
    app: Any,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    pieces: Sequence[bytes] | None = None,
    leave_after: float | None = None,
) -> Answer:
    """The answer to GET, or with a `body` (bytes, or what becomes JSON) or `pieces` of one to POST. `leave_after` hangs
    up so many seconds later."""
    sent = {"host": "127.0.0.1:8600", **(headers or {})}
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        pieces = [data]
        sent = {"content-type": "application/json", "content-length": str(len(data)), **sent}
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "scheme": "http",
        "method": "GET" if pieces is None else "POST", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": query.encode(), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8600),
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
    }  # fmt: skip
    return asyncio.run(_run(app, scope, list(pieces or [b""]), leave_after))


async def _run(app: Any, scope: dict[str, Any], pieces: list[bytes], leave_after: float | None) -> Answer:
    answer = Answer()
    waiting = list(pieces)

    async def receive() -> dict[str, Any]:
        if waiting:
            piece = waiting.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(waiting)}
        await asyncio.sleep(3600 if leave_after is None else leave_after)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        answer.body += message.get("body", b"")

    await asyncio.wait_for(app(scope, receive, send), 60)
    return answer
