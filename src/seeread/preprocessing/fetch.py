"""Pictures from the web, for callers who allow it: one checked address, few redirects, a time and a size limit."""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from seeread.errors import ImageError
from seeread.preprocessing.image import LIMITS, Limits, printable

_REDIRECTS = 3
_LONGEST_URL = 2048
_PORTS = (80, 443)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address in IPv6 clothes; counts as public by itself
_EMBEDDING = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))  # 6to4 and Teredo: the same


def fetch_image(
    url: str,
    limits: Limits = LIMITS,
    *,
    allow_http: bool = False,
    allow_private: bool = False,
    timeout: float = 10.0,
) -> bytes:
    """The bytes behind `url`, for `open_image`. Raises `ImageError`: "image_fetch" or "image_too_many_bytes".

    A host name is resolved once; every address it has must be public, and the connection goes to the very address
    that was checked, so that a name cannot change its mind in between. Each redirect is checked anew. Proxies and
    cookies are not used. `timeout` (seconds) is for everything together. `allow_private` is for one's own network.
    """
    deadline = time.monotonic() + timeout
    name = printable(url[:200])
    for _ in range(_REDIRECTS + 1):
        parts = _checked_url(url, name, allow_http, allow_private)
        plain = _connect(parts, name, allow_private, deadline)
        try:
            body, redirect = _request(plain, parts, name, limits, deadline)
        except ssl.SSLError:
            raise _failed(name, "its certificate cannot be trusted") from None
        except (OSError, http.client.HTTPException, ValueError):
            raise _failed(name, "the connection broke or took too long") from None
        finally:
            plain.close()
        if redirect is None:
            return body
        url = urljoin(parts.geturl(), redirect)
    raise _failed(name, f"it redirects more than {_REDIRECTS} times")


def _checked_url(url: str, name: str, allow_http: bool, allow_private: bool) -> SplitResult:
    if len(url) > _LONGEST_URL or not url.isprintable() or "\\" in url or " " in url:
        raise _failed(name, "the address is too long or holds characters that do not belong there")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _failed(name, "the address is malformed") from None
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        raise _failed(name, "only https addresses are fetched")
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise _failed(name, "the address has no host, or holds a user name")
    if port is not None and port not in _PORTS and not allow_private:
        raise _failed(name, f"port {port} is not one for web pages")
    return parts


def _connect(parts: SplitResult, name: str, allow_private: bool, deadline: float) -> socket.socket:
    """A connection to an address of the host that was found to be public."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(_host(parts), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _failed(name, "its host is not known") from None
    addresses = [str(address[0]) for *_, address in found]
    if not allow_private and not all(_is_public(address) for address in addresses):
        raise _failed(name, "its host is not on the public internet")
    for address in addresses:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=_left(deadline, name))
    raise _failed(name, "its host does not answer")


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(str(address.ipv4_mapped))
        if address in _NAT64 or any(address in network for network in _EMBEDDING):
            return False
    return address.is_global and not address.is_multicast


def _request(
    plain: socket.socket, parts: SplitResult, name: str, limits: Limits, deadline: float
) -> tuple[bytes, str | None]:
    """The body of the answer, or where it redirects to."""
    connection = http.client.HTTPConnection(_host(parts), parts.port)
    connection.sock = plain
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(_host(parts), parts.port)
        connection.sock = ssl.create_default_context().wrap_socket(
            plain, server_hostname=_host(parts), do_handshake_on_connect=False
        )
    with _cut_off(connection.sock, _left(deadline, name)) as over:
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
            "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?") if parts.query else ""
        )
        headers = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "seeread"}
        connection.request("GET", target, headers=headers | {"Connection": "close"})
        with connection.getresponse() as answer:
            redirect = answer.getheader("Location")
            if answer.status in (301, 302, 303, 307, 308) and redirect:
                return b"", redirect
            if answer.status != 200:
                raise _failed(name, f"the server answers {answer.status}")
            body = bytearray()
            while piece := answer.read1(65_536):
                body += piece
                if len(body) > limits.bytes:
                    raise ImageError(
                        "image_too_many_bytes",
                        f"{name} is larger than the {limits.bytes:,} bytes allowed: choose a smaller picture",
                    )
            if answer.length or over.is_set():  # less came than was promised
                raise _failed(name, "the connection broke or took too long")
            return bytes(body), None


@contextmanager
def _cut_off(connection: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """Break the connection when the time is over, and set the event.

    A socket's own timeout starts anew with every byte that drips in.
    """
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        yield over
    finally:
        watch.cancel()
        connection.close()


def _left(deadline: float, name: str) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _failed(name, "it takes too long")
    return left


def _failed(name: str, reason: str) -> ImageError:
    return ImageError("image_fetch", f"{name} cannot be fetched: {reason}; download the picture and give its path")
