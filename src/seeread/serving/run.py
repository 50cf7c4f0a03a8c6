"""Running the application until somebody presses Ctrl-C."""

import asyncio
import errno
import logging
import socket
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from seeread.errors import UsageError
from seeread.serving.work import give_up

FAREWELL = 2
"""Seconds that answers under way have left when the server is to stop."""


def serve(app: FastAPI, listening: socket.socket) -> None:
    """Answers what comes in, until Ctrl-C."""
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=FAREWELL, server_header=False, ws="none"
    )
    with listening, suppress(KeyboardInterrupt):
        asyncio.run(_served(uvicorn.Server(config), listening))


async def _served(server: uvicorn.Server, listening: socket.socket) -> None:
    ending = asyncio.create_task(_ended(server))
    await server.serve(sockets=[listening])
    ending.cancel()


async def _ended(server: uvicorn.Server) -> None:
    """Stops jobs under way when the server is to end, and has no more said: what would be is of that alone."""
    while not server.should_exit:
        await asyncio.sleep(0.1)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    give_up()


def listen(host: str, port: int) -> socket.socket:
    """A socket at that address; with port 0 one that is free. Raises UsageError where it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, OverflowError, UnicodeError):
        raise UsageError(f"{host!r} is no address of this machine. Leave out --host, or give one that is.") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise UsageError(_reason(error, host, port)) from None
    return listening


def address_of(listening: socket.socket) -> str:
    """What to open in a browser."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken, perhaps by a studio that is still open. Take another: --port 0 finds a free one."
    if error.errno == errno.EACCES:
        return f"Port {port} is not for everybody. Take one above 1023, or --port 0 for a free one."
    return f"{host!r} is no address of this machine. Leave out --host, or give one that is."
