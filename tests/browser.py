"""Pages as people see them: in the system's Chromium, with all networks cut."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Opened:
    """A page, what it asked for, and what it complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium, driven by playwright; skips the test where either is absent."""
    driver = pytest.importorskip("playwright.sync_api", reason="needs playwright to look at pages")
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("needs chromium to look at pages")
    with driver.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def opened(chromium: Any, path: Path, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Opened]:
    """The page of a file, on a screen of that size. Whatever it asks for but itself is refused, and noted."""
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    )
    one = Opened(context.new_page())

    def request(route: Any) -> None:
        address = route.request.url
        if address == path.absolute().as_uri():
            route.continue_()
        else:
            one.requests.append(address)
            route.abort()

    context.route("**/*", request)
    one.page.on("console", lambda message: one.complaints.append(f"{message.type}: {message.text}"))
    one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
    one.page.on("dialog", lambda dialog: one.complaints.append(dialog.message) or dialog.dismiss())
    one.page.goto(path.absolute().as_uri())
    yield one
    context.close()


@contextmanager
def visited(chromium: Any, address: str, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Opened]:
    """A page of a server, such as "http://127.0.0.1:54321/". Whatever is asked of another server is refused, and
    noted."""
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    )
    one = Opened(context.new_page())
    home = urlsplit(address)

    def request(route: Any) -> None:
        asked = urlsplit(route.request.url)
        if (asked.scheme, asked.netloc) == (home.scheme, home.netloc):
            route.continue_()
        else:
            one.requests.append(route.request.url)
            route.abort()

    context.route("**/*", request)
    one.page.on("console", lambda message: one.complaints.append(f"{message.type}: {message.text}"))
    one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
    one.page.on("dialog", lambda dialog: one.complaints.append(dialog.message) or dialog.dismiss())
    one.page.goto(address)
    yield one
    context.close()
