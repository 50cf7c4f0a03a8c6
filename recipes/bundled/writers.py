"""Trains the small models that write and come with the package, one family after the other.

    python recipes/bundled/pictures.py --data DATA
    python recipes/bundled/writers.py llava
    python recipes/bundled/writers.py flamingo   (or hybrid, fuyu: they go on from llava's language model)
    python recipes/bundled/writers.py paligemma  (or pali: they do not)

Towers are those of `seeread/mini-clip`, frozen: what they see of every picture, as it is and mirrored, is computed once
and kept. All the rest of a model learns, from nothing or from where mini-llava's language model stands.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy
import torch
import torch.nn.functional as F
from families import FAMILIES, PATCH, RULES, SIDE, TILE, Family
from PIL import Image
from torch import Tensor, nn

import seeread
from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.files import read_tensors, write_safetensors
from seeread.checkpoints.save import write
from seeread.interface import Batch, Images, Patches, Tiles
from seeread.models.families import build_model
from seeread.nn.initialise import initialise
from seeread.preprocessing.dialogue import Dialogue, ask
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import ImageTransform
from seeread.training.engine.trainer import train
from seeread.training.objectives.writing import writing
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from seeread.training.watching.report import write_report
from seeread.training.watching.usual import usual

LONGEST = 64
"""Answers of more words and boxes, in characters by four, are left out: a picture full of blood cells."""

MOST = 8_000
"""Pictures of a source."""

VIEWS = 2
"""Of a picture: as it is, and mirrored where nothing is said of places."""

PLACES = ":places"
"""Behind the name of a source: only what is answered with boxes; without it, only what is answered with words."""

GENERAL = {"flickr8k": 0.42, "easy_vqa": 0.46, "tiny_imagenet": 0.12}
MIXTURES: Mapping[str, Mapping[str, float]] = {
    "llava": {"flickr8k": 0.36, "easy_vqa": 0.34, "tiny_imagenet": 0.14, "scenes": 0.12, "nlvr": 0.04},
    "paligemma": {
        "flickr8k": 0.10, "easy_vqa": 0.16, "tiny_imagenet": 0.03, "scenes": 0.13, "scenes:places": 0.50,
        "bccd:places": 0.05, "coco_mini:places": 0.03,
    },
    "flamingo": GENERAL,
    "pali": GENERAL,
    "hybrid": GENERAL,
    "fuyu": {"flickr8k": 0.35, "easy_vqa": 0.60, "tiny_imagenet": 0.05},
}  # fmt: skip
ASKED = {"flickr8k": 0.30, "easy_vqa": 0.60, "tiny_imagenet": 0.05, "scenes": 0.05}
"""The share of each source in a step; and with more questions, until a model begins to compare what they name with what
it sees."""

MIRRORED = {"flickr8k", "tiny_imagenet"}


@dataclass(frozen=True)
class Round:
    """`fair`: of each yes-or-no question, "yes" is as often right as "no". In easy-VQA it is right one time in eight,
    and who always says "no" is told so too seldom to begin to look. `mixture` is the model's own, or another."""

    steps: int
    rate: float = 1.5e-3
    fair: bool = True
    mixture: Mapping[str, float] | None = None

    @property
    def settings(self) -> Settings:
        """The rest is always the same."""
        return Settings(
            steps=self.steps, rate=self.rate, batch=96, warmup=min(60, self.steps // 6), average=0.99,
            measure_every=100, save_every=100,
        )  # fmt: skip


ROUNDS = {
    "llava": (
        Round(1600, fair=False),
        Round(400, rate=1e-3),
        Round(700, mixture=ASKED),
        Round(400, rate=1.2e-3, mixture=ASKED),
        Round(300, rate=1e-3, fair=False, mixture=ASKED),
    ),
    "paligemma": (Round(850, rate=1.2e-3, fair=False), Round(400, rate=1.2e-3, fair=False)),
    "flamingo": (Round(400, mixture=ASKED),),
    "pali": (Round(1000, fair=False), Round(300, rate=1e-3)),
    "hybrid": (Round(180, mixture=ASKED),),
    "fuyu": (Round(180),),
}

_NO_PICTURE = Image.new("RGB", (1, 1))
"""Says that there is one: what is in it has been seen."""


class Seen(nn.Module):
    """Stands for a tower: what it is given has been seen already."""

    def forward(self, features: Tensor) -> Tensor:
        """(images, tokens, width), as they are."""
        return features

    def features(self, features: Tensor, skip_last: int = 0) -> Tensor:
        """The same."""
        return features


class Source:
    """One split of one source: what is asked and answered, and what the tower saw of its pictures."""

    def __init__(
        self, folder: Path, kept: Literal["words", "places"], processor: Processor, fair: bool = False
    ):
        with (folder / "examples.jsonl").open() as file:
            rows = [json.loads(line) for line in file]
        places = kept == "places"
        self.rows = [
            row for row in rows
            if row["image"] < MOST and len(row["answer"]) < 4 * LONGEST and row["answer"]
            and (row["task"] == "detect") == places
        ]  # fmt: skip
        if fair:
            self.rows += missing_answers(self.rows)
        self.processor = processor

    def dialogue(self, row: Mapping[str, Any], picture: Image.Image = _NO_PICTURE) -> Dialogue:
        """As the tasks ask this model."""
        style = self.processor.style
        assert style is not None
        if style.kind == "prefix":
            return ask(row["prompt"].rstrip("\n"), picture)
        words = row["chat"].removeprefix("USER: <image>\n").removesuffix(" ASSISTANT:")
        if row["task"] == "answer":
            words = (style.answer or "{question}").format(question=words)
        return ask(words, picture)


def missing_answers(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows to repeat so that of each question "yes" is as often the answer as "no", where both occur."""
    by_answer: dict[str, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: {"yes": [], "no": []})
    for row in rows:
        if row["answer"] in ("yes", "no"):
            by_answer[row["about"]][row["answer"]].append(row)
    repeated = []
    for answers in by_answer.values():
        few, many = sorted(answers.values(), key=len)
        repeated += [few[number % len(few)] for number in range(len(many) - len(few))] if few else []
    return repeated


class Rows:
    """The batch of a step, drawn by seed and step alone: of each source its share."""

    def __init__(
        self, sources: Mapping[str, Source], seen: Mapping[str, Tensor], mixture: Mapping[str, float], family: Family,
        size: int, seed: int = 0,
    ):  # fmt: skip
        self.sources, self.seen, self.family, self.size, self.seed = sources, seen, family, size, seed
        self.names, self.shares = list(mixture), torch.tensor(list(mixture.values()))

    def __call__(self, step: int) -> Batch:
        chance = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        drawn = torch.multinomial(self.shares, self.size, replacement=True, generator=chance)
        chosen = []
        for source in drawn.tolist():
            rows = self.sources[self.names[source]].rows
            chosen.append((self.names[source], rows[int(torch.randint(len(rows), (), generator=chance))]))
        views = torch.randint(VIEWS, (self.size,), generator=chance).tolist()
        return self.batch(chosen, views)

    def batch(self, chosen: Sequence[tuple[str, Mapping[str, Any]]], views: Sequence[int]) -> Batch:
        """These examples, seen in these views."""
        processor = next(iter(self.sources.values())).processor
        looks = []
        for (name, row), view in zip(chosen, views, strict=True):
            of = name.removesuffix(PLACES)
            looks.append(self.seen[of][view if of in MIRRORED else 0, row["image"]])
        images = as_images(torch.stack(looks).float(), self.family)
        dialogues = [self.sources[name].dialogue(row) for name, row in chosen]
        answers = [row["answer"] for _, row in chosen]
        words = processor.words(dialogues, processor.image_tokens(images), answers)
        return Batch(words.tokens, words.roles, images)


def as_images(looks: Tensor, family: Family) -> Images:
    """What was seen, or pixels, (images, ...), as the model takes its pictures."""
    if family.config.__class__.__name__ == "FuyuConfig":
        return Patches(looks, torch.full((len(looks), 2), TILE // PATCH))
    if family.config.__class__.__name__ == "HybridConfig":
        count = len(looks)
        return Tiles(looks.flatten(0, 1), torch.full((count, 2), 2), torch.full((count, 2), SIDE), apart=True)
    return looks


class Watch:
    """The loss on unseen examples of each source."""

    def __init__(self, rows: Rows):
        self.rows = rows

    @torch.inference_mode()
    def __call__(self, step: int, model: nn.Module) -> dict[str, float]:
        told = {}
        for name in self.rows.names:
            rows = self.rows.sources[name].rows
            spread = rows[:: max(1, len(rows) // 96)][:96]
            batch = self.rows.batch([(name, row) for row in spread], [0] * len(spread))
            told[name] = round(writing(model, batch).item(), 4)
        return told


@torch.inference_mode()
def look(tower: nn.Module | None, folder: Path, family: Family, kept: Path, views: int) -> Tensor:
    """What the tower sees of every picture of a source, (views, pictures, ...), bf16; computed once."""
    if not kept.is_file():
        images = numpy.load(folder / "images.npy", mmap_mode="r")[:MOST]
        parts: list[list[Tensor]] = [[] for _ in range(views)]
        for start in range(0, len(images), 200):
            some = torch.from_numpy(images[start : start + 200].copy())
            for view in range(views):
                parts[view].append(_look(tower, some.flip(2) if view else some, family).bfloat16())
        write_safetensors(kept, {"seen": torch.stack([torch.cat(part) for part in parts])})
    print(f"seen: {kept}", flush=True)
    return read_tensors(kept)["seen"]


def _look(tower: nn.Module | None, images: Tensor, family: Family) -> Tensor:
    if tower is None:
        small = scaled(images, TILE) * 2 - 1
        cut = small.unflatten(2, (-1, PATCH)).unflatten(4, (-1, PATCH)).permute(0, 2, 4, 3, 5, 1)
        return cut.flatten(3).flatten(1, 2)
    with torch.autocast("cpu", torch.bfloat16):
        if family.config.__class__.__name__ != "HybridConfig":
            return tower(normal(scaled(images, SIDE)))
        whole = scaled(images, SIDE)
        tiles = whole.unflatten(2, (2, TILE)).unflatten(4, (2, TILE)).permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
        every = torch.cat((scaled(images, TILE)[:, None], tiles), dim=1)
        return tower(normal(every.flatten(0, 1))).unflatten(0, every.shape[:2])


def scaled(images: Tensor, side: int) -> Tensor:
    """(images, height, width, 3) uint8 to (images, 3, side, side), 0 to 1."""
    pixels = images.permute(0, 3, 1, 2).float() / 255
    if pixels.shape[-1] != side:
        pixels = F.interpolate(pixels, (side, side), mode="bicubic", antialias=True, align_corners=False)
    return pixels.clamp(0, 1)


def normal(pixels: Tensor) -> Tensor:
    """As mini-clip's transform scales them."""
    transform = ImageTransform(size=(1, 1))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (transform.mean, transform.std))
    return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last)


def tower_of_mini_clip(vision: nn.Module, clip: str) -> None:
    """Give a tower the weights of the bundled dual encoder's, as far as it goes."""
    trained = seeread.load(clip, precision="fp32").module.get_submodule("vision").state_dict()
    vision.load_state_dict({name: trained[name] for name in vision.state_dict()})
    vision.to(memory_format=torch.channels_last)


@torch.no_grad()
def prepare(model: nn.Module, seen: Tensor) -> None:
    """Start what joins sight to words where image tokens have mean 0 and the variance of words, whatever the tower's
    features are; and tell places apart by sines and cosines of their rows and columns where the tower does not: what
    is common to all tokens would drown the rest."""
    flat = seen[0, :: max(1, len(seen[0]) // 500)].float().flatten(0, -2)
    mean, deviation = flat.mean(0), flat.std(0) + 1e-3
    for name, linear in model.named_modules():
        if isinstance(linear, nn.Linear) and "connector" in name and linear.in_features == len(mean):
            weight = torch.randn_like(linear.weight) / (len(mean) ** 0.5 * deviation)
            linear.weight.copy_(weight)
            linear.bias.copy_(-weight @ mean)
    if (places := dict(model.named_parameters()).get("places.positions")) is not None:
        side, width = int(len(places) ** 0.5), places.shape[1]
        waves = torch.arange(side)[:, None] * 3.0 ** -torch.arange(width // 4)
        line = torch.cat((waves.sin(), waves.cos()), dim=1)
        rows, columns = line[:, None].expand(side, side, -1), line[None].expand(side, side, -1)
        places.copy_(torch.cat((rows, columns), dim=2).flatten(0, 1))


def all_told(
    options: argparse.Namespace,
    mixture: Mapping[str, float],
    split: str,
    processor: Processor,
    fair: bool = False,
) -> dict[str, Source]:
    """What is asked and answered in every source of a mixture."""
    sources = {}
    for name in mixture:
        kept: Literal["words", "places"] = "places" if name.endswith(PLACES) else "words"
        sources[name] = Source(options.data / f"{name.removesuffix(PLACES)}-{split}", kept, processor, fair)
    return sources


def all_seen(
    options: argparse.Namespace,
    family: Family,
    tower: nn.Module | None,
    sources: Sequence[str],
    split: str,
) -> dict[str, Tensor]:
    """What the tower sees of these sources."""
    kept = options.out / "seen"
    kept.mkdir(parents=True, exist_ok=True)
    by = "none" if tower is None else f"{len(family.config.vision.layers)}-{family.config.vision.image_size}"
    seen: dict[str, Tensor] = {}
    for name in dict.fromkeys(source.removesuffix(PLACES) for source in sources):
        file = kept / f"{name}-{split}-{by}.safetensors"
        seen[name] = look(
            tower, options.data / f"{name}-{split}", family, file, VIEWS if name in MIRRORED else 1
        )
    return seen


def main() -> None:
    """Read, look, train, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("family", choices=[*FAMILIES])
    parser.add_argument("--data", type=Path, default=Path("runs/mini-writer"))
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--clip", default="seeread/mini-clip")
    options = parser.parse_args()
    name, family = options.family, FAMILIES[options.family]
    out = options.out / f"mini-{name}"
    processor = family.processor(Tokenizer.load(options.data, RULES))
    torch.manual_seed(0)
    model: Any = build_model(family.config)
    initialise(model)
    nn.init.normal_(model.text.embedding.weight, std=0.02)
    if family.start is not None:
        start = seeread.load(options.out / f"mini-{family.start}" / "model", precision="fp32").module
        model.text.load_state_dict(start.get_submodule("text").state_dict())
    mixture, tower = MIXTURES[name], getattr(model, "vision", None)
    if tower is not None:
        tower_of_mini_clip(tower, options.clip)
        tower.eval()
    sources = list(dict.fromkeys(chain(mixture, *(round.mixture or {} for round in ROUNDS[name]))))
    seen = {split: all_seen(options, family, tower, sources, split) for split in ("train", "dev")}
    prepare(model, seen["train"][next(iter(mixture)).removesuffix(PLACES)])
    if tower is not None:
        model.vision = Seen()
    for number, round in enumerate(ROUNDS[name], start=1):
        shares = round.mixture or mixture
        train_rows = Rows(all_told(options, shares, "train", processor, round.fair), seen["train"], shares, family, 96)
        dev_rows = Rows(all_told(options, shares, "dev", processor), seen["dev"], shares, family, 96)
        run = out / f"run-{number}"
        model = train(
            model,
            writing,
            Steps(train_rows),
            round.settings,
            run,
            measure=Watch(dev_rows),
            watchers=usual(run),
        )
        write_report(run, title=f"mini-{name}, round {number}")
    trained = model
    if tower is not None:
        trained.vision = tower
    halves = {key: t.half() if t.is_floating_point() else t for key, t in trained.state_dict().items()}
    write(Checkpoint(family.config, halves, processor, "native"), out / "model", overwrite=True)
    print(f"Saved to {out / 'model'}. Try: seeread caption PICTURE --model {out / 'model'}")


if __name__ == "__main__":
    main()
