"""Nobody's web page in another tab is answered, whatever it calls itself; and no body is endless."""

from typing import Any

import pytest

pytest.importorskip("starlette")

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seeread.serving.guard import Guard
from tests.serving.asking import asked


async def echo(request: Request) -> Response:
    return Response(str(len(await request.body())))


def app(**options: Any) -> Guard:
    inner = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST"])])
    return Guard(inner, rooms={"/api/pictures": 3000_000}, **options)


@pytest.mark.parametrize("host", ["127.0.0.1:8600", "localhost", "LOCALHOST:1", "[::1]:8600"])
def test_answers_to_its_own_names(host: str) -> None:
    assert asked(app(), "/", headers={"host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.0.7", "", "[", "[::2]"],
)
def test_a_name_that_was_made_to_point_here_is_refused(host: str) -> None:
    answer = asked(app(), "/", headers={"host": host})
    assert answer.status == 403
    assert "one that it printed" in answer.message


def test_open_to_all_means_addresses_and_no_names() -> None:
    opened = app(open_to_all=True, names={"localhost", "studio.home"})
    for host, status in (("192.168.0.7:8600", 200), ("[fe80::1]", 200), ("studio.home", 200), ("evil.example", 403)):
        assert asked(opened, "/", headers={"host": host}).status == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8600", 200),
        ("https://127.0.0.1:8600", 200),
        ("http://127.0.0.1:8601", 403),
        ("http://localhost:8600", 403),
        ("http://evil.example", 403),
        ("null", 403),
    ],
)
def test_only_its_own_pages_may_ask(origin: str, status: int) -> None:
    for path, body in (("/api/ask", {}), ("/api/models", None)):
        assert asked(app(), path, body, headers={"origin": origin}).status == status


def test_a_link_from_elsewhere_opens_the_page_and_asks_nothing() -> None:
    for site in ("cross-site", "same-site"):
        from_elsewhere = {"sec-fetch-site": site}
        assert asked(app(), "/", headers=from_elsewhere).status == 200
        assert asked(app(), "/api/models", headers=from_elsewhere).status == 403
        assert asked(app(), "/web/app.js", headers=from_elsewhere).status == 403
    assert asked(app(), "/api/models", headers={"sec-fetch-site": "same-origin"}).status == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("image/png", 200),
        ("application/octet-stream", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_a_form_of_another_page_cannot_send_such_a_body(kind: str, status: int) -> None:
    assert asked(app(), "/api/ask", b"{}", headers={"content-type": kind}).status == status


def test_large_bodies_are_refused_by_what_they_say_and_by_what_they_are() -> None:
    for path, size, status in (
        ("/api/ask", 2**20, 200),
        ("/api/ask", 2**20 + 1, 413),
        ("/api/pictures", 2**20 + 1, 200),
        ("/api/pictures", 3_000_001, 413),
    ):
        assert asked(app(), path, bytes(size)).status == status
        pieces = [bytes(size // 2), bytes(size - size // 2)]
        chunked = asked(app(), path, headers={"content-type": "application/json"}, pieces=pieces)
        assert chunked.status == status
    assert asked(app(), "/api/ask", b"{}", headers={"content-length": "-1"}).status == 413


def test_every_answer_makes_browsers_careful() -> None:
    for answer in (asked(app(), "/"), asked(app(), "/", headers={"host": "evil.example"}), asked(app(), "/api/x")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert asked(app(), "/api/x").headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in asked(app(), "/").headers
