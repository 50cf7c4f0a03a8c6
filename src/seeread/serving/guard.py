"""Who may ask: pages of this very server and scripts of this machine, and nobody's web page in another tab.

A page of another site cannot read what is here (browsers see to that), but it can send requests, and by DNS rebinding
it can even pass for this server. So the name in `Host` must be one that this server goes by, the page in `Origin` must
be one of its own, and a body must be of a kind that a form of another site cannot send.
"""

from collections.abc import Collection, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seeread.serving.trouble import trouble

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of pages: everything from here, no script within a page. Charts style their tooltips inline."""

_SAFETY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_BODY = 2**20  # bytes of a request that brings no picture
_KINDS = ("application/json", "application/octet-stream", "image/")


class Guard:
    """Stands before an application. `names` are those of this server besides the addresses that are its own;
    `rooms` are the most bytes that a body may have, by path, where that is not 1 MiB. With `open_to_all` any address
    in numbers will do as a host: no name can be made to point elsewhere there."""

    def __init__(
        self,
        app: ASGIApp,
        names: Collection[str] = LOCAL,
        rooms: dict[str, int] | None = None,
        open_to_all: bool = False,
    ):
        self._app, self._rooms, self._open_to_all = app, rooms or {}, open_to_all
        self._names = {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        send = _with_headers(send, scope)
        room = self._rooms.get(scope["path"], _BODY)
        refused = self._refused(headers, scope, room)
        if refused is not None:
            await trouble(*refused)(scope, receive, send)
            return
        await self._app(scope, _limited(receive, room), send)

    def _refused(self, headers: Headers, scope: Scope, room: int) -> tuple[int, str] | None:
        """Status and reason, or None for a request that may be answered."""
        host = headers.get("host", "")
        if not self._goes_by(host):
            return 403, "This address is not one that the server goes by. Open the one that it printed when it started."
        origin = headers.get("origin")
        if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
            return 403, "Requests of other sites' pages are not answered."
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and scope["path"] != "/":
            return 403, "Requests of other sites' pages are not answered."
        if scope["method"] in ("GET", "HEAD"):
            return None
        if not headers.get("content-type", "").lower().startswith(_KINDS):
            return 415, "Send JSON (Content-Type: application/json), or a picture as it is (image/png, image/jpeg...)."
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > room:
            return 413, _too_large(room)
        return None

    def _goes_by(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        return name in self._names or (self._open_to_all and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _too_large(room: int) -> str:
    most = f"{room / 2**20:.0f} MiB"
    return f"That is larger than the {most} allowed: save the picture as JPEG, or smaller."


def _limited(receive: Receive, room: int) -> Receive:
    """The same body, up to so many bytes, whatever its header said."""
    came = 0

    async def limited() -> MutableMapping[str, Any]:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > room:
            raise HTTPException(413, _too_large(room))
        return message

    return limited


def _with_headers(send: Send, scope: Scope) -> Send:
    """Answers with what makes browsers careful; of those to questions nothing is kept."""
    asked = scope["path"].startswith("/api/")

    async def careful(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _SAFETY.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store" if asked else "no-cache")
        await send(message)

    return careful
