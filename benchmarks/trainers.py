"""Three trainers at the same small CLIP and the same pictures: open_clip's, `transformers`' and ours. Importing it
needs both of them."""

import csv
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from torch import Tensor, nn

import seeread
from seeread.training.engine.trainer import train
from seeread.training.objectives.contrast import contrastive
from seeread.training.recipe import Portion
from seeread.training.settings import Settings
from seeread.training.streams.build import build_stream
from seeread.training.streams.stream import Steps
from seeread.training.watching.watcher import Beginning, Moment
from tests.parity.reference_open_clip import created, open_clip, torchvision_in_name

with torchvision_in_name():
    import open_clip_train.train as theirs
    from open_clip_train.scheduler import cosine_lr

SIDE, PATCH, WIDTH, LAYERS, HEADS, LENGTH = 112, 16, 192, 4, 3, 77
MEAN, STD = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD
WORDS = "a the dog cat man woman child red blue small old runs sits plays on under near grass beach street".split()
RATE, BETAS, EPS, DECAY = 1e-4, (0.9, 0.98), 1e-6, 0.1

Contender = Callable[[], list[float]]
"""Trains for a few steps. When each of them ended, in seconds."""


@dataclass(frozen=True)
class Task:
    """Pictures and captions in `folder`, to be learned from in batches for so many steps at a time. If `ready`, they
    lie in main memory as the tensors that the models eat, every text padded to the full length."""

    folder: Path
    batch: int
    steps: int
    workers: int
    ready: bool

    @cached_property
    def rows(self) -> list[tuple[Path, str]]:
        """The files with their captions."""
        with (self.folder / "captions.csv").open() as file:
            return [(self.folder / row["image"], row["caption"]) for row in csv.DictReader(file)]

    @cached_property
    def tokenizer(self) -> Any:
        """open_clip's, whose words all sides know by the same numbers."""
        return open_clip.SimpleTokenizer()

    @cached_property
    def tensors(self) -> tuple[Tensor, Tensor]:
        """All pictures and texts, for those who need no files."""
        rows = self.rows[: 2 * self.batch]
        return torch.stack([cropped(path) for path, _ in rows]), self.tokenizer([text for _, text in rows])


def draw(folder: Path, count: int) -> None:
    """JPEG files of 320 x 240 pixels with as much in them as in a photograph, and a caption each of 5 to 16 words."""
    noise, chance = np.random.default_rng(0), random.Random(0)
    folder.mkdir(parents=True)
    with (folder / "captions.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["image", "caption"])
        for number in range(count):
            coarse = Image.fromarray(noise.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(
                (320, 240), 3
            )
            grain = noise.integers(-12, 13, (240, 320, 3))
            pixels = (np.asarray(coarse, dtype=np.int16) + grain).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:05d}.jpg", quality=90)
            lines.writerow([f"{number:05d}.jpg", " ".join(chance.choices(WORDS, k=chance.randint(5, 16)))])


def cropped(path: Path) -> Tensor:
    """As open_clip prepares a picture to be learned from, (3, side, side): 0.9 or more of it, cut out, resized, divided
    and normed. These are the operations of the torchvision classes that it names for that."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    share = random.uniform(0.9, 1.0) ** 0.5
    side = int(min(picture.size) * share)
    left, top = (random.randint(0, size - side) for size in picture.size)
    picture = picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC, (left, top, left + side, top + side))
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous().float().div(255)
    return pixels.sub_(torch.tensor(MEAN).view(3, 1, 1)).div_(torch.tensor(STD).view(3, 1, 1))


class Pictures(torch.utils.data.Dataset[Any]):
    """What both rivals read, by number: a picture and a text, as tensors or as a file and a caption."""

    def __init__(self, task: Task, tokens: bool):
        self.task, self.tokens = task, tokens

    def __len__(self) -> int:
        return self.task.batch * self.task.steps

    def __getitem__(self, number: int) -> tuple[Tensor, Any]:
        if self.task.ready:
            images, texts = self.task.tensors
            return images[number % len(images)], texts[number % len(texts)]
        path, caption = self.task.rows[number % len(self.task.rows)]
        return cropped(path), self.task.tokenizer([caption])[0] if self.tokens else caption


def of_open_clip(task: Task, precision: str) -> Contender:
    """Its own `train_one_epoch`, with the optimizer of its `main` and its tokenizer, which pads to the full length."""
    config = {
        "embed_dim": WIDTH,
        "vision_cfg": {"image_size": SIDE, "patch_size": PATCH, "width": WIDTH, "layers": LAYERS, "head_width": 64},
        "text_cfg": {"context_length": LENGTH, "vocab_size": 49408, "width": WIDTH, "heads": HEADS, "layers": LAYERS},
    }  # fmt: skip
    torch.manual_seed(0)
    model = created(config)
    model.output_dict = True
    named = list(model.named_parameters())
    vectors = [
        p for n, p in named if p.ndim < 2 or "bn" in n or "ln" in n or "bias" in n or "logit_scale" in n
    ]
    rest = [p for _, p in named if not any(p is vector for vector in vectors)]
    groups = [{"params": vectors, "weight_decay": 0.0}, {"params": rest, "weight_decay": DECAY}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=BETAS, eps=EPS)
    options = SimpleNamespace(
        device="cpu", precision=precision, distill=False, accum_freq=1, skip_scheduler=False, horovod=False,
        grad_clip_norm=1.0, rank=0, local_rank=0, log_local=False, log_every_n_steps=100, world_size=1,
        batch_size=task.batch, wandb=False, tensorboard=False, save_logs=False, log_on_rank=False,
    )  # fmt: skip

    def run() -> list[float]:
        loader = torch.utils.data.DataLoader(
            Pictures(task, tokens=True), task.batch, shuffle=True, num_workers=0 if task.ready else task.workers,
            drop_last=True,
        )  # fmt: skip
        loader.num_samples, loader.num_batches = len(loader.dataset), len(loader)  # type: ignore[attr-defined,arg-type]
        data = {"train": SimpleNamespace(dataloader=loader, set_epoch=lambda epoch: None)}
        adjust, ends = cosine_lr(optimizer, RATE, 0, 10_000), list[float]()

        def scheduler(step: int) -> None:
            ends.append(time.perf_counter())
            adjust(step)

        theirs.train_one_epoch(
            model, data, open_clip.ClipLoss(), 0, optimizer, None, scheduler, None, options
        )
        return ends

    return run


def of_transformers(task: Task, folder: Path, half: bool) -> Contender:
    """`transformers.Trainer` with texts padded to the longest of each batch."""
    model = transformers.CLIPModel.from_pretrained(folder)
    words = transformers.CLIPTokenizer.from_pretrained(folder)

    def together(rows: Sequence[tuple[Tensor, Any]]) -> dict[str, Any]:
        images, texts = zip(*rows, strict=True)
        given = {"pixel_values": torch.stack(images), "return_loss": True}
        if task.ready:
            return given | {"input_ids": torch.stack(texts)}
        return given | dict(words(list(texts), padding=True, truncation=True, return_tensors="pt"))

    class Clock(transformers.TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self.ends: list[float] = []

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.ends.append(time.perf_counter())

    def run() -> list[float]:
        clock = Clock()
        with tempfile.TemporaryDirectory() as place:
            options = transformers.TrainingArguments(
                place, max_steps=task.steps, per_device_train_batch_size=task.batch, learning_rate=RATE, bf16=half,
                adam_beta1=BETAS[0], adam_beta2=BETAS[1], adam_epsilon=EPS, weight_decay=DECAY, use_cpu=True,
                report_to=[], save_strategy="no", disable_tqdm=True, remove_unused_columns=False,
                dataloader_num_workers=0 if task.ready else task.workers,
            )  # fmt: skip
            data = Pictures(task, tokens=task.ready)
            trainer = transformers.Trainer(
                model, options, data_collator=together, train_dataset=data, callbacks=[clock]
            )
            trainer.remove_callback(transformers.PrinterCallback)
            trainer.train()
        return clock.ends

    return run


def of_seeread(task: Task, folder: Path, **changes: Any) -> Contender:
    """Ours, reading the folder of `transformers`."""
    model = seeread.load(folder, precision="fp32")

    class Clock:
        def began(self, beginning: Beginning) -> None:
            self.ends: list[float] = []

        def stepped(self, moment: Moment, model: nn.Module) -> None:
            self.ends.append(time.perf_counter())

        def ended(self, reason: str | None) -> None: ...

    def run() -> list[float]:
        clock = Clock()
        settings = Settings(
            steps=task.steps, rate=RATE, batch=task.batch, betas=BETAS, weight_decay=DECAY, average=None, **changes
        )  # fmt: skip
        if task.ready:
            images, texts = task.tensors
            stream: Any = Steps(
                lambda step: tuple(each[step % 2 * task.batch :][: task.batch] for each in (images, texts))
            )
        else:
            stream = build_stream(
                model, [Portion(data=str(task.folder))], "contrast", settings, workers=task.workers
            )
        with tempfile.TemporaryDirectory() as place:
            train(model.module, contrastive(), stream, settings, Path(place), watchers=[clock])
        return clock.ends

    return run


def write_model(folder: Path, tokenizer: Any) -> None:
    """The model as `transformers` writes it, with open_clip's words."""
    tower = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
    tower |= {"intermediate_size": 4 * WIDTH, "hidden_act": "gelu"}
    config = transformers.CLIPConfig(
        text_config=tower | {"vocab_size": 49408, "max_position_embeddings": LENGTH, "eos_token_id": 49407},
        vision_config=tower | {"image_size": SIDE, "patch_size": PATCH},
        projection_dim=WIDTH,
    )
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    transformers.CLIPModel(config).save_pretrained(folder)
    size = {"height": SIDE, "width": SIDE}
    transformers.CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=size).save_pretrained(folder)
    merges = [tuple(pair) for pair in tokenizer.bpe_ranks]
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {names.get(piece, piece): number for piece, number in tokenizer.encoder.items()}
    transformers.CLIPTokenizer(vocab=vocabulary, merges=merges).save_pretrained(folder)
