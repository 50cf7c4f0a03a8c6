"""`seeread`: the commands, and what becomes of their errors.

Nothing heavy is imported here, and a command's module only when that command is asked for: help is instant.
"""

import gc
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from inspect import getdoc
from typing import NoReturn

from cyclopts import App, CycloptsError, Group

from seeread import __version__
from seeread.errors import SeereadError, UsageError

OK, FAILED, MISUSED, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
"""What the process ends with: all went well; something could not be done; the command line made no sense; Ctrl-C;
and whoever read the output has gone, as after `| head` (the last two are 128 plus the signal's number)."""

ROOMS = {
    "looking": {
        "classify": "Which of these labels fits each picture?",
        "search": "The pictures of a folder that fit a text, or another picture, best.",
        "detect": "Where in each picture are these things?",
        "segment": "Which pixels of each picture are these things?",
        "space": "A folder of pictures as a model sees it, on a map with its texts.",
        "explain": "Where in the picture does an answer come from?",
        "embed": "Vectors of pictures and texts, for a program of your own.",
    },
    "talking": {
        "caption": "What does each picture show, in a sentence?",
        "ask": "The answer to a question about pictures.",
        "chat": "A conversation about pictures.",
        "fill": "What stood where a text says [MASK]?",
        "studio": "A page in your browser: ask models about your pictures, see through them, compare them.",
    },
    "measuring": {
        "evaluate": "How good are these models on these sets?",
        "report": "Records as one page with charts, which opens offline.",
        "rerun": "Does a number come out again?",
        "calibrate": "How far can this model be trusted, and when should it say nothing?",
        "audit": "Whom does a model serve worse? An audit for bias.",
    },
    "training": {
        "train": "From your pictures to a better model.",
    },
    "loading": {
        "models": "What can be loaded by name.",
        "inspect": "What is in a checkpoint, without running anything it contains.",
        "build": "A model put together from published halves, to be trained: PaLI.",
    },
}
"""The commands by the folder that each is a file of. One that is asked for says more, in its docstring."""

COMMANDS = {name: summary for commands in ROOMS.values() for name, summary in commands.items()}


def build_app(asked: str | None = None) -> App:
    """The parser; the help of the command that is `asked` for is its docstring."""
    app = App(
        name="seeread",
        help="Models that see and read: they compare pictures with words, talk about them, and point at what is there.",
        version=f"seeread {__version__}",
        help_format="plaintext",
        suppress_keyboard_interrupt=False,  # or it leaves by itself, from the middle of a program that calls `run`
    )
    for room, commands in ROOMS.items():
        group = Group.create_ordered(room.capitalize())
        for name, summary in commands.items():
            module = f"seeread.cli.{room}.{name}"
            app.command(
                f"{module}:{name}", name=name, group=group, help=_docstring(module, name) if name == asked else summary
            )
    return app


def _docstring(module: str, command: str) -> str:
    """What a command says of itself, its paragraphs unwrapped."""
    text = getdoc(getattr(import_module(module), command)) or ""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def main() -> NoReturn:
    """The process `seeread`."""
    gc.set_threshold(100_000, 50, 50)  # importing torch makes a million objects that stay: collecting finds nothing
    _hold_streams()
    status = run(sys.argv[1:])
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)  # unloading torch would take half a second more, for nothing


def _hold_streams() -> None:
    """Standard streams that were closed lead nowhere, and are there: who writes to them need not know."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # until the end


def run(arguments: Sequence[str]) -> int:
    """Runs a command line and gives its exit status."""
    warnings.showwarning = _warn
    try:
        app = build_app(arguments[0] if arguments else None)
        status = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _leave_stdout()
        return PIPE_CLOSED
    except CycloptsError as error:
        command = f" {arguments[0]}" if arguments[0] in COMMANDS else ""
        return _complain(f'{str(error).strip()} See "seeread{command} --help".', MISUSED)
    except UsageError as error:
        return _complain(str(error), MISUSED)
    except SeereadError as error:
        return _complain(str(error), FAILED)
    except OSError as error:
        if error.filename is not None:  # a file that a command should have spoken of: a bug, shown as one
            raise
        _leave_stdout()
        return _complain(f"The output cannot be written: {error.strerror}.", FAILED)
    except Exception as error:
        if type(error).__name__ != "OutOfMemoryError":
            raise
        return _complain("The device has too little memory. Use a smaller --batch-size, or --device cpu.", FAILED)
    return status if isinstance(status, int) else OK


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    print(f"seeread: warning: {message}", file=sys.stderr)


def _complain(message: str, status: int) -> int:
    print(f"seeread: {message}", file=sys.stderr)
    return status


def _leave_stdout() -> None:
    """What is still in its buffer is lost; without this Python complains once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
