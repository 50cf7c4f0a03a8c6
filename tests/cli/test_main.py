"""The command line as a process: help without torch, statuses, pipes, signals."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import seeread
from seeread.cli.main import COMMANDS
from seeread.cli.main import run as run_command_line
from seeread.errors import CheckpointError
from tests.cli.conftest import Run

SEEREAD = [sys.executable, "-m", "seeread"]


@pytest.mark.parametrize("arguments", [["--help"], [], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_is_there_without_torch(arguments: list[str]) -> None:
    program = (
        f"import sys; from seeread.cli.main import run; status = run({arguments!r})\n"
        "heavy = {'torch', 'tokenizers', 'huggingface_hub', 'numpy', 'safetensors'} & set(sys.modules)\n"
        "sys.exit(status or (f'imports {heavy}' if heavy else 0))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "seeread" in ran.stdout


def test_version_and_module(tmp_path: Path) -> None:
    ran = subprocess.run([*SEEREAD, "--version"], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, f"seeread {seeread.__version__}\n")


def test_every_command_says_more_of_itself_than_the_list(run: Run) -> None:
    everything = run("--help").out
    for name, summary in COMMANDS.items():
        assert summary.split()[0] in everything
        said = run(name, "--help").out
        assert summary.split(",")[0][:40] in said
        assert len(said.splitlines()) > 8


def test_unknown_commands_are_guessed(run: Run) -> None:
    status, out, err = run("clasify", "x.png")
    assert (status, out) == (2, "")
    assert 'Did you mean "classify"?' in err


def test_a_reader_that_leaves() -> None:
    """As in `seeread models --json | head -1`."""
    process = subprocess.Popen([*SEEREAD, "models", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) in (0, 141)
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_a_full_disk() -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run([*SEEREAD, "models"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stderr == "seeread: The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize(("closed", "status"), [("<&- >&-", 0), (">&- 2>&-", 0), ("--nonsense 2>&-", 2)])
def test_streams_that_were_closed(closed: str, status: int) -> None:
    ran = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *SEEREAD, "models"], capture_output=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (status, b"", b"")


def test_no_colour_where_nobody_sees_it() -> None:
    environment = os.environ | {"TERM": "xterm-256color"}
    ran = subprocess.run([*SEEREAD, "models", "ViT-B/32"], capture_output=True, env=environment, timeout=60)
    assert b"\x1b" not in ran.stdout


def raising(error: BaseException):  # type: ignore[no-untyped-def]
    def load(*_: object, **__: object) -> None:
        raise error

    return load


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (CheckpointError("a.pt: it is cut. Download it again."), 1, "seeread: a.pt: it is cut. Download it again.\n"),
        (KeyboardInterrupt(), 130, ""),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA ..."), 1, "seeread: The device has too little memory."),
    ],
)
def test_errors_become_one_line(
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    said: str,
) -> None:
    monkeypatch.setattr("seeread.checkpoints.load.load", raising(error))
    assert run_command_line(["classify", str(photos / "red.png"), "--labels", "red"]) == status
    assert capsys.readouterr().err.startswith(said)


def test_a_bug_is_not_hidden(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seeread.checkpoints.load.load", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        run_command_line(["classify", str(photos / "red.png"), "--labels", "red"])


def test_options_reach_the_loader(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def load(name: str, **options: object) -> None:
        seen.update(options, name=name)
        raise KeyboardInterrupt

    monkeypatch.setattr("seeread.checkpoints.load.load", load)
    picture = str(photos / "red.png")
    run_command_line(["classify", picture, "--labels", "red"])
    usual = {"name": "seeread/mini-clip", "device": "auto", "precision": "auto"}
    assert seen == {**usual, "tokenizer": None, "architecture": None}
    other = {"device": "cpu", "precision": "fp32", "tokenizer": picture, "architecture": "openai"}
    options = [word for name, value in other.items() for word in (f"--{name}", value)]
    run_command_line(["search", str(photos), "red", "--model", "m", *options])
    assert seen == {**other, "name": "m", "tokenizer": Path(picture)}
