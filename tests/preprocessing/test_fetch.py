"""Fetching pictures: only from the public internet, only what was checked, within time and size."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from seeread.errors import ImageError
from seeread.preprocessing import fetch
from seeread.preprocessing.fetch import fetch_image
from seeread.preprocessing.image import Limits

BODY = bytes(range(256)) * 40


class Site(BaseHTTPRequestHandler):
    """A web site with every fault that a picture's address can have."""

    def do_GET(self) -> None:
        page = self.path.partition("?")[0]
        if page.startswith("/hops/"):
            left = int(page.removeprefix("/hops/"))
            return self.redirect(f"/hops/{left - 1}" if left else "/picture")
        if page == "/elsewhere":
            return self.redirect(self.path.partition("?")[2])
        if page == "/missing":
            return self.answer(404, b"")
        if page == "/short":
            return self.answer(200, BODY[:100], length=len(BODY))
        if page == "/endless":
            return self.drip(b"x" * 65_536, 0)
        if page == "/slow":
            return self.drip(b"x", 0.05)
        if page == "/slow-header":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while True:
                self.wfile.write(b"x")
                time.sleep(0.05)
        return self.answer(200, BODY)

    def redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self, piece: bytes, pause: float) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(piece)
            time.sleep(pause)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.handle_error = lambda *_: None  # the client hangs up on purpose
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def refusal(act: Callable[[], object]) -> ImageError:
    with pytest.raises(ImageError) as caught:
        act()
    assert not re.search(r"0x[0-9a-fA-F]{6,}|Errno|socket|<class|Error\b", str(caught.value))
    assert len(str(caught.value)) < 400
    return caught.value


def fetched(url: str, **options: object) -> bytes:
    return fetch_image(url, **({"allow_http": True, "allow_private": True, "timeout": 5.0} | options))


def test_a_picture_is_fetched(site):
    assert fetched(f"{site}/picture") == BODY
    assert fetched(f"{site}/a%20b/ü?x=1&y=é#part") == BODY
    assert fetched(f"http://localhost:{site.rpartition(':')[2]}/picture") == BODY


def test_a_few_redirects_are_followed(site):
    assert fetched(f"{site}/hops/2") == BODY
    assert "redirects" in str(refusal(lambda: fetched(f"{site}/hops/3")))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://user@127.0.0.1/", "gopher://x"])
def test_each_redirect_is_checked(site, target):
    assert refusal(lambda: fetched(f"{site}/elsewhere?{target}")).code == "image_fetch"


def test_a_redirect_into_the_private_network_is_refused(site, monkeypatch):
    # The first host counts as public, the second as what it is.
    monkeypatch.setattr(fetch, "_is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(fetch, "_PORTS", range(65_536))
    url = f"{site}/elsewhere?{site.replace('127.0.0.1', '127.0.0.2')}/picture"
    assert fetched(f"{site}/picture", allow_private=False) == BODY
    assert "public" in str(refusal(lambda: fetched(url, allow_private=False)))


def test_the_connection_goes_to_the_address_that_was_checked(site, monkeypatch):
    port = int(site.rpartition(":")[2])
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.pop())  # a second question would fail
    real = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda where, timeout: _connect_to_number(real, where, timeout))
    assert fetched(f"http://cat.example:{port}/picture") == BODY


def _connect_to_number(real, where, timeout):
    family, kind = socket.AF_INET, socket.SOCK_STREAM
    assert where[0] == "127.0.0.1"
    connection = socket.socket(family, kind)
    connection.settimeout(timeout)
    connection.connect(where)
    return connection


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[fd00::1]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "１２７.0.0.1",
    ],
)
def test_private_addresses_are_refused(host, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    for scheme in ("https", "http"):
        error = refusal(lambda: fetch_image(f"{scheme}://{host}/x.jpg", allow_http=True))  # noqa: B023
        assert error.code == "image_fetch"


def test_a_host_with_one_private_address_is_refused(monkeypatch):
    found = [(2, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    assert "public" in str(refusal(lambda: fetch_image("https://rebinding.example/x.jpg")))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x.jpg",
        "ftp://example.org/x.jpg",
        "file:///etc/passwd",
        "//example.org/x.jpg",
        "https:///x.jpg",
        "https://user:password@example.org/x.jpg",
        "https://example.org\\@127.0.0.1/x.jpg",
        "https://example.org/a b.jpg",
        "https://example.org/\r\nHost: elsewhere",
        "https://example.org:22/x.jpg",
        "https://example.org:99999/x.jpg",
        "https://[::1/x.jpg",
        "https://example.org/" + "x" * 3000,
        "",
    ],
)
def test_addresses_that_are_not_fetched(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("asked for an address"))
    assert refusal(lambda: fetch_image(url)).code == "image_fetch"


def test_faults_of_the_server(site):
    assert "404" in str(refusal(lambda: fetched(f"{site}/missing")))
    assert "broke" in str(refusal(lambda: fetched(f"{site}/short")))
    assert refusal(lambda: fetched(f"{site}/endless", limits=Limits(bytes=10**6))).code == "image_too_many_bytes"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert "answer" in str(refusal(lambda: fetched(f"http://127.0.0.1:{free.getsockname()[1]}/")))
    assert "certificate" in str(refusal(lambda: fetched(site.replace("http:", "https:"))))


@pytest.mark.parametrize("page", ["slow", "slow-header"])
def test_a_server_that_drips_does_not_hold_us_up(site, page):
    start = time.monotonic()
    assert refusal(lambda: fetched(f"{site}/{page}", timeout=0.4)).code == "image_fetch"
    assert time.monotonic() - start < 3
