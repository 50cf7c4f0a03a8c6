"""Small sets of coloured pictures in many layouts, and a small model that has yet to learn what colours are called."""

import json
import math
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random

import numpy
import torch
from PIL import Image

from seeread.checkpoints.save import save
from seeread.nn.initialise import initialise
from tests.tiny import tiny_model

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


def picture(colour: str, seed: int) -> Image.Image:
    """A picture of a colour that no other is a copy of: patches, darker and brighter."""
    chance = numpy.random.default_rng(seed)
    light = Image.fromarray(chance.integers(90, 255, (6, 6), numpy.uint8)).resize((24, 24), Image.Resampling.BICUBIC)
    pixels = numpy.asarray(light)[:, :, None] / 255 * numpy.array(COLOURS[colour])
    return Image.fromarray(pixels.astype(numpy.uint8))


def drawn(count: int) -> list[tuple[str, str, Image.Image]]:
    """As many of each colour: (name, colour, picture)."""
    return [
        (f"{colour}-{n:02d}.png", colour, picture(colour, 1000 * place + n))
        for place, colour in enumerate(COLOURS)
        for n in range(count)
    ]


def class_folders(folder: Path, count: int = 8) -> Path:
    for name, colour, made in drawn(count):
        (folder / colour).mkdir(parents=True, exist_ok=True)
        made.save(folder / colour / name)
    return folder


def captioned(folder: Path, count: int = 8) -> Path:
    folder.mkdir(parents=True)
    for name, colour, made in drawn(count):
        made.save(folder / name)
        (folder / name).with_suffix(".txt").write_text(f"a photo of the {colour}")
    return folder


def table(folder: Path, count: int = 8) -> Path:
    folder.mkdir(parents=True)
    rows = ["image,caption"]
    for name, colour, made in drawn(count):
        made.save(folder / name)
        rows.append(f"{name},a photo of the {colour}")
    (folder / "table.csv").write_text("\n".join(rows))
    return folder


def json_lines(folder: Path, count: int = 8) -> Path:
    folder.mkdir(parents=True)
    rows = []
    for name, colour, made in drawn(count):
        made.save(folder / name)
        rows.append(json.dumps({"image": name, "label": colour}))
    (folder / "rows.jsonl").write_text("\n".join(rows))
    return folder


def coco_captions(folder: Path, count: int = 8) -> Path:
    folder.mkdir(parents=True)
    images, annotations = [], []
    for number, (name, colour, made) in enumerate(drawn(count)):
        made.save(folder / name)
        images.append({"id": number, "file_name": name, "width": 24, "height": 24})
        annotations.append({"id": number, "image_id": number, "caption": f"a photo of the {colour}"})
    (folder / "captions.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    return folder


def coco_boxes(folder: Path, count: int = 8) -> Path:
    folder.mkdir(parents=True)
    chance = Random(0)
    images, annotations = [], []
    for number, (name, _, made) in enumerate(drawn(count)):
        x, y = chance.randrange(10), chance.randrange(10)
        made.paste((250, 250, 250), (x, y, x + 10, y + 10))
        made.save(folder / name)
        images.append({"id": number, "file_name": name, "width": 24, "height": 24})
        box = {"id": number, "image_id": number, "category_id": 1, "bbox": [x, y, 10, 10], "area": 100, "iscrowd": 0}
        annotations.append(box)
    told = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "square"}]}
    (folder / "boxes.json").write_text(json.dumps(told))
    return folder


def questions(folder: Path, count: int = 8) -> Path:
    folder.mkdir(parents=True)
    rows = []
    for name, colour, made in drawn(count):
        made.save(folder / name)
        rows.append(json.dumps({"image": name, "question": "what colour is this?", "answer": colour}))
    (folder / "rows.jsonl").write_text("\n".join(rows))
    return folder


def shards(folder: Path, count: int = 8) -> Path:
    folder.mkdir(parents=True)
    with tarfile.open(folder / "shard-000000.tar", "w") as tar:
        for name, colour, made in drawn(count):
            held = BytesIO()
            made.save(held, "PNG")
            for end, content in (("png", held.getvalue()), ("txt", f"a photo of the {colour}".encode())):
                info = tarfile.TarInfo(f"{Path(name).stem}.{end}")
                info.size = len(content)
                tar.addfile(info, BytesIO(content))
    return folder


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "class folders": class_folders,
    "captions beside": captioned,
    "CSV": table,
    "JSON lines": json_lines,
    "COCO captions": coco_captions,
    "COCO boxes": coco_boxes,
    "questions": questions,
    "shards": shards,
}


def tiny(folder: Path, seed: int = 3) -> Path:
    """A dual encoder of a few thousand weights on disk, which knows nothing and learns soon."""
    model = tiny_model()
    torch.manual_seed(seed)
    initialise(model.module)
    with torch.no_grad():
        dict(model.module.named_parameters())["similarity.log_scale"].fill_(math.log(10))
    save(model, folder)
    return folder
