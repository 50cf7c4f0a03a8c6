"""Fetches what is needed of a repository into the hub's cache, through `huggingface_hub`."""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from seeread.checkpoints.catalogue import Format
from seeread.checkpoints.hub.cache import cached, folder_of, snapshot_of
from seeread.checkpoints.hub.refused import Request, explaining
from seeread.checkpoints.hub.wanted import Wanted, wanted

Answer = TypeVar("Answer")

PATIENCE = 15.0
"""Seconds to wait for the hub's first answer, from the look-up of its address on: nothing else bounds all of that."""


def download(request: Request, form: Format | None) -> Path:
    """The folder in the cache with everything that loading needs, fetched from the hub.

    Weights come last: where they are, all else is. What is there already is not fetched again, and a download that
    was cut goes on where it stopped.

    Raises `CheckpointError` if the hub cannot be reached, has no such thing, or stops.
    """
    with explaining(request):
        sizes = within(PATIENCE, lambda: _listed(request))
    choice = wanted(sizes, form)
    if choice is None:
        raise request.error(
            "its repository holds no model in a format that seeread reads (`transformers`, open_clip, LLaVA's authors',"
            " with weights in safetensors or .bin; big_vision's .npz). Look for another copy with `seeread models`."
        )
    _check_room(request, choice, sizes)
    with explaining(request, downloading=True):
        _fetch(request, choice.settings, silent=True)
        _fetch(request, choice.weights)
    found = cached(request.cache, request.repository, request.revision, form)
    if found is None:
        raise request.error("it was changed on the hub while it was being downloaded. Run it again.")
    return found.folder


def download_only(request: Request, names: tuple[str, ...]) -> Path | None:
    """The folder in the cache after these files, and no others, were fetched."""
    with explaining(request):
        within(PATIENCE, lambda: _listed(request))
    with explaining(request, downloading=True):
        _fetch(request, names, silent=True)
    return snapshot_of(request.cache, request.repository, request.revision)


def _listed(request: Request) -> dict[str, int]:
    """Name and bytes of every file in the repository."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=_endpoint(), library_name="seeread")
    info = api.model_info(request.repository, revision=request.revision, files_metadata=True, timeout=PATIENCE)
    return {file.rfilename: file.size or 0 for file in info.siblings or []}


def _fetch(request: Request, names: tuple[str, ...], silent: bool = False) -> None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils.tqdm import tqdm

    class Silent(tqdm):
        """No bars for a handful of small files."""

        def __init__(self, *arguments: Any, **options: Any):
            super().__init__(*arguments, **{**options, "disable": True})  # type: ignore[no-untyped-call]

    snapshot_download(
        request.repository,
        revision=request.revision,
        cache_dir=request.cache,
        allow_patterns=list(names),
        etag_timeout=PATIENCE,
        library_name="seeread",
        tqdm_class=Silent if silent else None,
        endpoint=_endpoint(),
    )


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


def _check_room(request: Request, choice: Wanted, sizes: dict[str, int]) -> None:
    """A full disk is better known before gigabytes have come."""
    folder = snapshot_of(request.cache, request.repository, request.revision)
    needed = sum(sizes[name] for name in choice.weights if folder is None or not (folder / name).exists())
    begun = folder_of(request.cache, request.repository).glob("blobs/*.incomplete")
    cache = request.cache.absolute()
    free = shutil.disk_usage(next(place for place in (cache, *cache.parents) if place.exists())).free
    if needed > free + sum(file.stat().st_size for file in begun):
        raise request.error(
            f"its weights take {needed / 1e9:.1f} GB, and the disk with the cache {request.cache} has"
            f" {free / 1e9:.1f} GB left. Make room, or name another cache."
        )


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """The answer of `ask`, or TimeoutError after so many seconds, whatever it waits for: no timeout of a socket bounds
    the look-up of a name."""
    answer: Future[Answer] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as problem:
            answer.set_exception(problem)

    Thread(target=work, daemon=True).start()
    return answer.result(timeout=seconds)
