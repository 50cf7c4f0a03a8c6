"""`/api/space`: a folder of pictures as a model sees it, words typed into it, and more like what was chosen."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import asdict
from dataclasses import dataclass as plain
from hashlib import sha256
from io import BytesIO
from threading import Lock
from typing import Annotated, Any, Literal

import torch.nn.functional as F
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from PIL.Image import Resampling
from pydantic import Field
from pydantic.dataclasses import dataclass

from seeread.errors import SeereadError, UsageError
from seeread.preprocessing.image import open_image
from seeread.pretrained import Progress
from seeread.search.query import check_query
from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.sent import sent
from seeread.serving.tell import JSON, Tell
from seeread.serving.trouble import trouble
from seeread.serving.work import work
from seeread.spaces.example import scenes
from seeread.spaces.folders import folders, inside
from seeread.spaces.gather import Gathered, Text, gather
from seeread.spaces.page import SCRIPTS, cell_for, own
from seeread.spaces.space import Space, space
from seeread.spaces.thumbnails import Sheet, sheets
from seeread.spaces.told import drawn, found, texts_drawn

_KEPT = 3  # spaces that are kept; the one that was not asked for longest is let go
_MANY = 36  # pictures that are like what was chosen


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, a folder below the one that the studio was started in (None: drawn scenes), and how the map is made."""

    model: str
    folder: str | None = None
    by: Literal["pca", "umap", "pacmap"] = "pca"
    labels: Annotated[list[str], Field(max_length=2000)] | None = None
    limit: Annotated[int, Field(ge=2, le=20_000)] = 5000


@dataclass(frozen=True, config=STRICT)
class Words:
    """A text that was typed."""

    text: Annotated[str, Field(min_length=1, max_length=300)]


@dataclass(frozen=True, config=STRICT)
class Chosen:
    """Pictures of a space, by their numbers."""

    pictures: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=20_000)]


@plain
class _Kept:
    """A space, the sheets of its thumbnails, and what its model is called here."""

    space: Space
    sheets: list[Sheet]
    model: str


class _Room:
    """The spaces that were made last."""

    def __init__(self) -> None:
        self._spaces: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: str, one: _Kept) -> None:
        with self._lock:
            self._spaces[key] = one
            self._spaces.move_to_end(key)
            while len(self._spaces) > _KEPT:
                self._spaces.popitem(last=False)

    def get(self, key: str) -> _Kept:
        with self._lock:
            if key not in self._spaces:
                raise UsageError("This map is no longer kept here. Show the folder again.")
            self._spaces.move_to_end(key)
            return self._spaces[key]


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes, room = APIRouter(), _Room()

    @routes.get("/web/spaces/{name}", include_in_schema=False)
    def script(name: str) -> Response:
        """What draws a space, which pages that open offline have inside."""
        if name not in SCRIPTS:
            return trouble(404, "There is nothing at this address.")
        return Response(own(name), media_type="text/javascript")

    @routes.get("/api/space/folders")
    async def listed() -> Response:
        """The folders to choose from: {"name", "pictures"} each; "" is that in which the studio was started."""
        return sent([asdict(each) for each in await run_in_threadpool(folders, desk.folder)])

    @routes.post("/api/space")
    async def shown(body: Body, request: Request) -> Response:
        """The space, as pages draw it, and the `key` that it is called by in what is asked next."""

        def job(tell: Tell) -> JSON:
            gathered, name = _gathered(desk, body, tell)
            with desk.shelf.model(body.model, tell) as model:
                one = space(model, gathered, by=body.by, labels=body.labels, name=name, telling=_telling(tell))
            tell.doing("Putting thumbnails on sheets")
            pages = sheets(one.thumbnails, cell_for(len(one)))
            key = sha256(repr((body, len(one), one.vectors.sum().item())).encode()).hexdigest()[:20]
            room.keep(key, _Kept(one, pages, body.model))
            told = drawn(one, pages, lambda number, _: f"/api/space/{key}/sheets/{number}.jpg")
            return {**told, "key": key, "model": body.model}

        return await work(request, job)

    @routes.post("/api/space/{key}/words")
    async def placed(key: str, body: Words, request: Request) -> Response:
        """Where a text lies on both maps, how like it each picture is (`scores`), and the `best` of them."""

        def job(tell: Tell) -> JSON:
            kept = room.get(key)
            with desk.shelf.model(kept.model, tell) as model:
                vectors = model.embed_texts([check_query(body.text)])
            placed = texts_drawn([Text(body.text, "typed")], *kept.space.place(vectors))
            return {**placed, **found(kept.space, body.text, vectors[0])}

        return await work(request, job)

    @routes.post("/api/space/{key}/like")
    async def alike(key: str, body: Chosen, request: Request) -> Response:
        """The `pictures` most like the mean of those that were chosen, of the others."""

        def job(_: Tell) -> JSON:
            one = room.get(key).space
            chosen = set(body.pictures)
            if max(chosen) >= len(one):
                raise UsageError(f"This map has {len(one):,} pictures, and no picture {max(chosen):,}.")
            others = [place for place in range(len(one)) if place not in chosen]
            mean = F.normalize(one.vectors[sorted(chosen)].mean(dim=0), dim=-1)
            return {"pictures": [place for place, _ in one.like(mean, others, _MANY)] if others else []}

        return await work(request, job)

    @routes.get("/api/space/{key}/sheets/{number}.jpg")
    async def sheet(key: str, number: int) -> Response:
        """Thumbnails on a sheet."""
        return await _jpeg(lambda: _nth(room.get(key).sheets, number).jpeg)

    @routes.get("/api/space/{key}/pictures/{number}.jpg")
    async def picture(key: str, number: int, side: Annotated[int, Query(ge=16, le=2048)] = 640) -> Response:
        """A picture, its longer side at most `side` pixels."""
        return await _jpeg(lambda: _small(room.get(key).space, number, side))

    return routes


def _gathered(desk: Desk, body: Body, tell: Tell) -> tuple[Gathered, str]:
    """What goes into the space, and what it is called."""
    if body.folder is None:
        tell.doing("Drawing scenes")
        return scenes(), "drawn scenes"
    tell.doing("Looking through the folder")
    path = inside(desk.folder, body.folder)
    return gather(path, limit=body.limit), path.name


def _telling(tell: Tell) -> Callable[[str], Progress]:
    """Says what is being done, again when its batches begin: several may have been named by then."""

    def telling(what: str) -> Progress:
        tell.doing(what)

        def wrap(batches: Iterable[Any], /) -> Iterable[Any]:
            tell.doing(what)
            return tell.progress(batches)

        return wrap

    return telling


async def _jpeg(make: Callable[[], bytes]) -> Response:
    try:
        content = await run_in_threadpool(make)
    except SeereadError as error:
        return trouble(404, str(error))
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


def _nth(pages: list[Sheet], number: int) -> Sheet:
    if not 0 <= number < len(pages):
        raise UsageError(f"There is no sheet {number} here.")
    return pages[number]


def _small(one: Space, number: int, side: int) -> bytes:
    if not 0 <= number < len(one):
        raise UsageError(f"There is no picture {number} here.")
    image = open_image(one.items[number].source).copy()
    image.thumbnail((side, side), Resampling.LANCZOS, reducing_gap=3.0)
    file = BytesIO()
    image.save(file, "JPEG", quality=88)
    return file.getvalue()
