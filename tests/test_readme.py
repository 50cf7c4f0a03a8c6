"""What the README and the documentation show, run as shown: Python in one namespace a page, shell line by line.

A fence may be exempt, by a comment in front of it that says why; it must still compile.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.samples import copy_photographs

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
REASONS = {"needs the network", "installs packages", "takes minutes"}
FENCE = re.compile(
    r"(?:<!-- not run: (?P<why>.+?) -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)


class Snippet(NamedTuple):
    """A fence of a page, and why it is not run, if it is not."""

    line: int
    language: str
    code: str
    why: str | None


def snippets(page: Path) -> list[Snippet]:
    text = page.read_text()
    return [
        Snippet(text.count("\n", 0, found.start("code")) + 1, found["language"], found["code"], found["why"])
        for found in FENCE.finditer(text)
    ]


def shown(language: str, run: bool) -> list[Any]:
    """One `pytest.param` for each page that has such snippets."""
    pages = {page: [s for s in snippets(page) if s.language == language and (s.why is None) == run] for page in PAGES}
    return [pytest.param(p, found, id=p.relative_to(ROOT).as_posix()) for p, found in pages.items() if found]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with five photographs in `photos`."""
    copy_photographs(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("page", "found"), shown("python", run=True))
def test_python(page: Path, found: list[Snippet], folder: Path) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for snippet in found:
        # Blank lines in front, so that a traceback points at the line of the page.
        exec(compile("\n" * (snippet.line - 1) + snippet.code, page, "exec"), names)


@pytest.mark.parametrize(("page", "found"), shown("bash", run=True))
def test_shell(page: Path, found: list[Snippet], folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for snippet in found:
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", snippet.code],
            cwd=folder, env=os.environ | {"PATH": path}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=300,
        )  # fmt: skip
        assert run.returncode == 0, f"{page.name}:{snippet.line}\n{run.stdout}{run.stderr}"
        assert run.stdout.strip(), f"{page.name}:{snippet.line} prints nothing"
        assert "Traceback" not in run.stderr, run.stderr


@pytest.mark.parametrize(("page", "found"), [*shown("python", run=False), *shown("bash", run=False)])
def test_what_is_not_run_has_a_reason_and_compiles(page: Path, found: list[Snippet]) -> None:
    for snippet in found:
        assert snippet.why in REASONS, f"{page.name}:{snippet.line}: {snippet.why}"
        if snippet.language == "python":
            compile(snippet.code, page, "exec")
        else:
            run = subprocess.run(["bash", "-n"], input=snippet.code, capture_output=True, text=True, timeout=60)
            assert run.returncode == 0, f"{page.name}:{snippet.line}: {run.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_fence_is_known_and_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    assert text.count("\n```") == 2 * len(snippets(page)), "a fence without a language, or one that is not closed"
    assert {snippet.language for snippet in snippets(page)} <= {"python", "bash", "text", "json", "toml"}
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing, missing


def test_the_front_page_is_run() -> None:
    """The README shows both languages, and nothing in it but installing is exempt."""
    found = snippets(ROOT / "README.md")
    assert {"python", "bash"} <= {snippet.language for snippet in found if snippet.why is None}
    assert {snippet.why for snippet in found} <= {None, "installs packages", "takes minutes"}
