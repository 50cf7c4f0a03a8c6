"""`seeread studio`: pages in a browser that ask models, look inside them and compare them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from seeread.cli.input import options
from seeread.cli.output.console import is_terminal, note
from seeread.errors import UsageError

if TYPE_CHECKING:
    import socket

    from seeread.serving.desk import Desk

PORT = 8600


def studio(
    *models: Annotated[
        str, Parameter(help="The models to be there, by name, folder or file. By default all that came with seeread.")
    ],
    port: Annotated[
        int, Parameter(help="Where to listen; 0 takes one that is free.", validator=Number(gte=0, lte=65535))
    ] = PORT,
    host: Annotated[
        str, Parameter(help="The address to listen at. Any other than the usual one lets other machines in.")
    ] = "127.0.0.1",
    browser: Annotated[bool, Parameter(help="Whether to open the page in a browser.")] = True,
    mask_decoder: Annotated[
        Path | None,
        Parameter(help="The file vae-oid.npz, from gs://big_vision/paligemma, which makes masks of a model's codes."),
    ] = None,
    precision: options.Precision = "fp32",
    device: options.Device = "auto",
) -> int:
    """A page in your browser: ask models about your pictures, see through them, compare them.

    It runs on this machine alone, works without a network, and asks nobody else. Models are loaded when they are first
    wanted, in fp32, in which all that they say can be explained; --precision auto is faster, and for those who only
    ask. The pages' own REST interface is at /api, and described at /api/openapi.json. Ctrl-C ends it.

    With --host 0.0.0.0 other machines of your network can use it, too: there are no passwords, so only do this where
    you trust all of them.
    """
    _require_packages()
    from seeread.checkpoints.formats.mask_decoder import load_mask_decoder
    from seeread.checkpoints.hub import locate
    from seeread.remote.connect import is_remote
    from seeread.serving.desk import Desk
    from seeread.serving.run import address_of, listen
    from seeread.serving.shelf import Shelf

    for model in models:
        if not is_remote(model):
            locate(model)  # what cannot be found is told now, and not when it is first asked for
    decoder = None if mask_decoder is None else load_mask_decoder(mask_decoder)
    desk = Desk(Shelf(models, precision, device), mask_decoder=decoder)
    listening = listen(host, port)
    _welcome(address_of(listening), host)
    if browser:
        _open(address_of(listening))
    return _run(desk, listening, host)


def _run(desk: "Desk", listening: "socket.socket", host: str) -> int:
    from seeread.serving.guard import LOCAL
    from seeread.serving.run import serve
    from seeread.studio.app import studio as application

    serve(application(desk, {*LOCAL, host}, open_to_all=host not in LOCAL), listening)
    if is_terminal():
        print()
    return 0


def _require_packages() -> None:
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise UsageError("The studio needs FastAPI and uvicorn. Install them: pip install 'seeread[studio]'") from None


def _welcome(address: str, host: str) -> None:
    from seeread.serving.guard import LOCAL

    print(f"The studio is at {address}" + ("  (Ctrl-C ends it)" if is_terminal() else ""), flush=True)
    if host not in LOCAL:
        note("other machines can reach it, and there are no passwords")


def _open(address: str) -> None:
    """In the browser that the system likes best, where there is one."""
    import webbrowser

    if not webbrowser.open(address):
        note("no browser was found: open the address yourself")
