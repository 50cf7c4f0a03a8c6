"""Trains `seeread/mini-clip`, the small dual encoder that comes with the package, from scratch.

    python recipes/bundled/clip.py --data DATA --out runs/mini-clip

DATA holds `tiny_imagenet/{train,val}.parquet` (columns image, name), `flickr8k/{train,dev}.parquet` (columns image,
captions), `easy_vqa/train` and `weights/mobilenet_v2`. A step sees 256 pictures: photographs of as many Tiny ImageNet
classes, each with a caption made from a template, captioned photographs of Flickr8k, and drawn shapes. The loss is
CLIP's symmetric InfoNCE over all of them; in the last two rounds the vectors of photographs must also tell what a
MobileNetV2 says of them.
"""

import argparse
import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from teacher import Teacher, scores
from torch import Tensor, nn
from words import (
    COLOURS,
    SHAPE_TEMPLATES,
    SHAPES,
    TEMPLATES,
    class_captions,
    learn_tokenizer,
    photo_captions,
)

from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.files import read_tensors, write_safetensors
from seeread.checkpoints.save import write
from seeread.data.augment import colour_jitter, random_resized_crop
from seeread.data.captioned import CaptionedImages, decode, read_parquet
from seeread.data.sampling import DistinctLabels, Shuffled
from seeread.models.dual_encoder import DualEncoder, DualEncoderConfig
from seeread.nn.initialise import initialise
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.rules import TokenizerRules
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import ImageTransform
from seeread.text.encoder import TextEncoderConfig
from seeread.training.engine.trainer import train
from seeread.training.objectives.contrast import info_nce
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from seeread.training.watching.usual import usual
from seeread.vision.resnet import ResNetConfig

CONTEXT = 32
PAD, START, END = 0, 1, 2
SIDE = 96
TRANSFORM = ImageTransform(size=(SIDE, SIDE))
RULES = TokenizerRules(context_length=CONTEXT, pad_id=PAD, start_id=START, end_id=END)

MODEL = DualEncoderConfig(
    vision=ResNetConfig(layers=(2, 2, 2, 2), stem=32, heads=16, image_size=SIDE),
    image_pool="spatial attention",
    image_projection=False,
    text=TextEncoderConfig(
        transformer=TransformerConfig(width=256, layers=3, heads=4, hidden=1024),
        vocabulary=4096,
        context_length=CONTEXT,
        pool="end",
        end_id=END,
    ),
    embedding=256,
)


@dataclass(frozen=True)
class Round:
    """Pictures of `side` pixels, of which a step sees so many of classes, of captioned photographs and of drawn shapes;
    whether a teacher is listened to; and the least share of a picture that is kept, of each of the three."""

    side: int
    settings: Settings
    classes: int = 192
    photos: int = 64
    shapes: int = 0
    taught: bool = False
    kept: tuple[float, float, float] = (0.4, 0.4, 0.8)


TAUGHT = {"classes": 176, "photos": 64, "shapes": 16, "taught": True, "kept": (0.35, 0.5, 0.8)}
ROUNDS = (
    Round(64, Settings(steps=4000, rate=1e-3, warmup=200, seed=0)),
    Round(SIDE, Settings(steps=1100, rate=6e-4, warmup=60, seed=1)),
    Round(64, Settings(steps=1400, rate=1e-3, warmup=100, weight_decay=0.2, seed=11), **TAUGHT),
    Round(SIDE, Settings(steps=350, rate=5e-4, warmup=30, weight_decay=0.2, seed=12), **TAUGHT),
)
"""Progressive resizing, twice: most is learned on small pictures, which cost half; then once more down from a lower
rate, from the averaged weights, on the size that the model keeps. The last two rounds also listen to a teacher."""

SOFTNESS, HEED = 2.0, 0.5
"""The temperature at which the teacher's scores are taken, and the weight of what it says."""


@dataclass(frozen=True)
class Sources:
    """What there is to learn from, and what the teacher says of classes and photographs, in this order."""

    classes: CaptionedImages
    photos: CaptionedImages
    shapes: CaptionedImages
    taught: tuple[Tensor, Tensor] | None = None


class Batches:
    """The pairs of a step, drawn, varied and tokenized by seed and step alone; and what the teacher says of the first
    of them, if it is asked."""

    def __init__(self, sources: Sources, tokenizer: Tokenizer, round: Round):
        self.sources, self.tokenizer, self.round = sources, tokenizer, round
        self.seed = seed = round.settings.seed
        labels, shapes = sources.classes.labels, sources.shapes.labels
        assert labels is not None and shapes is not None
        self.picks = [
            DistinctLabels(labels, round.classes, seed),
            Shuffled(len(sources.photos), round.photos, seed),
        ]
        if round.shapes:
            self.picks.append(DistinctLabels(shapes, round.shapes, seed))

    def __call__(self, step: int) -> tuple[Tensor, Tensor, Tensor | None]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        words = random.Random(self.seed * 1_000_003 + step)
        images, texts, heard = [], [], []
        kinds = (self.sources.classes, self.sources.photos, self.sources.shapes)
        for number, (data, pick) in enumerate(zip(kinds, self.picks, strict=False)):
            picked = pick(step)
            kept = self.round.kept[number]
            images.append(random_resized_crop(data.images[picked], self.round.side, generator, area=kept))
            said = [words.choice(data.captions[index]) for index in picked.tolist()]
            templates = (TEMPLATES, ("{}",), SHAPE_TEMPLATES)[number]
            texts += [words.choice(templates).replace("{}", text) for text in said]
            if number < 2 and self.round.taught and self.sources.taught is not None:
                heard.append(self.sources.taught[number][picked].float())
        images[:2] = [
            colour_jitter(torch.cat(images[:2]), generator)
        ]  # the colours of shapes are what is asked for
        pixels = normalise(torch.cat(images)).contiguous(memory_format=torch.channels_last)
        return pixels, self.tokenizer(texts), torch.cat(heard) if heard else None


class Taught(nn.Module):
    """A dual encoder with a layer that says, from its pictures' vectors, what the teacher says; it is left away in the
    end."""

    def __init__(self, model: DualEncoder):
        super().__init__()
        self.model, self.head = model, nn.Linear(MODEL.embedding, 1001)
        nn.init.normal_(self.head.weight, std=0.05)
        nn.init.zeros_(self.head.bias)


def contrast_and_heed(taught: Taught, batch: tuple[Tensor, Tensor, Tensor | None]) -> Tensor:
    """InfoNCE, and how far the pictures' scores are from the teacher's (knowledge distillation, arXiv:1503.02531)."""
    images, tokens, heard = batch
    vectors = taught.model.embed_image(images)
    loss = info_nce(taught.model.compare(vectors, taught.model.embed_text(tokens)).float())
    if heard is None:
        return loss
    said = F.log_softmax(taught.head(16 * vectors[: len(heard)]).float() / SOFTNESS, dim=1)
    told = F.log_softmax(heard / SOFTNESS, dim=1)
    return loss + HEED * SOFTNESS**2 * F.kl_div(said, told, log_target=True, reduction="batchmean")


def normalise(images: Tensor) -> Tensor:
    """Images (images, 3, height, width) from 0 to 1, as the model's own transform scales them."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (TRANSFORM.mean, TRANSFORM.std))
    return (images - mean) / std


class Watch:
    """Tiny ImageNet zero-shot top-1 and Flickr8k recall@1 while the run goes on; both in percent."""

    def __init__(self, classes: CaptionedImages, photos: CaptionedImages, tokenizer: Tokenizer, side: int):
        assert classes.labels is not None
        words = {
            label: names[0] for label, names in zip(classes.labels.tolist(), classes.captions, strict=True)
        }
        self.names = [words[label] for label in sorted(words)]
        self.classes, self.photos, self.tokenizer, self.side = classes, photos, tokenizer, side

    @torch.inference_mode()
    def __call__(self, step: int, taught: nn.Module) -> dict[str, float]:
        model = taught.model
        assert isinstance(model, DualEncoder) and self.classes.labels is not None
        prompts = self.tokenizer([f"a photo of a {name}." for name in self.names])
        scores = self._see(model, self.classes) @ model.embed_text(prompts).T
        top1 = (scores.argmax(1) == self.classes.labels).float().mean()
        texts = model.embed_text(self.tokenizer([captions[0] for captions in self.photos.captions]))
        found = (texts @ self._see(model, self.photos).T).argmax(1)
        recall = (found == torch.arange(len(found))).float().mean()
        return {
            "zero_shot_top1": round(100 * top1.item(), 2),
            "text_to_image_recall1": round(100 * recall.item(), 2),
        }

    def _see(self, model: DualEncoder, data: CaptionedImages) -> Tensor:
        parts = []
        for images in data.images.split(250):
            resized = images.float() / 255
            if resized.shape[-1] != self.side:
                resized = F.interpolate(resized, (self.side, self.side), mode="bicubic", antialias=True)
            parts.append(model.embed_image(normalise(resized)))
        return torch.cat(parts)


def main() -> None:
    """Read, train, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/mini-clip"))
    options = parser.parse_args()
    sources = read(options.data, options.out)
    unseen = read_parquet(options.data / "tiny_imagenet" / "val.parquet", 64, class_captions, label="name")
    unseen_photos = read_parquet(options.data / "flickr8k" / "dev.parquet", 96, photo_captions)
    if not (options.out / "tokenizer.json").is_file():
        texts = [text for captions in sources.photos.captions for text in captions]
        names = set(sources.classes.captions)
        texts += [t.replace("{}", word) for words in names for word in words for t in TEMPLATES]
        learn_tokenizer(sorted(texts), MODEL.text.vocabulary).save(str(options.out / "tokenizer.json"))
    tokenizer = Tokenizer.load(options.out, RULES)

    torch.manual_seed(ROUNDS[0].settings.seed)
    model = DualEncoder(of_side(ROUNDS[0].side)).to(memory_format=torch.channels_last)
    initialise(model)
    trained: nn.Module = Taught(model)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    for number, round in enumerate(ROUNDS, start=1):
        trained.model = enlarged(trained.model, round.side)
        stream = Steps(Batches(sources, tokenizer, round))
        watch = Watch(unseen, unseen_photos, tokenizer, round.side)
        folder = options.out / f"round-{number}"
        trained = train(
            trained, contrast_and_heed, stream, round.settings, folder, measure=watch, watchers=usual(folder)
        )
    halves = {name: to_half(tensor) for name, tensor in trained.model.state_dict().items()}
    write(
        Checkpoint(MODEL, halves, Processor(TRANSFORM, tokenizer), "native"),
        options.out / "model",
        overwrite=True,
    )
    print(f"Saved to {options.out / 'model'}. Try: seeread classify PICTURE --model {options.out / 'model'}")


def read(data: Path, out: Path) -> Sources:
    """All pictures, in memory; and what the teacher says of them, which takes a quarter of an hour once."""
    out.mkdir(parents=True, exist_ok=True)
    classes = read_parquet(data / "tiny_imagenet" / "train.parquet", 64, class_captions, label="name")
    photos = read_parquet(data / "flickr8k" / "train.parquet", 96, photo_captions)
    heard = out / "teacher.safetensors"
    if not heard.is_file():
        teacher = Teacher(data / "weights" / "mobilenet_v2")
        large = read_parquet(data / "flickr8k" / "train.parquet", 128, photo_captions).images
        of_classes = scores(teacher, classes.images, ((160, False), (128, True)))
        write_safetensors(heard, {"classes": of_classes, "photos": scores(teacher, large, ((160, False),))})
    said = read_tensors(heard)
    return Sources(
        classes, photos, drawn_shapes(data / "easy_vqa" / "train"), (said["classes"], said["photos"])
    )


def drawn_shapes(folder: Path) -> CaptionedImages:
    """easy-VQA's pictures of which questions and answers tell both colour and shape: "red circle"."""
    told: dict[int, dict[str, str]] = {}
    for question, answer, picture in json.loads((folder / "questions.json").read_text()):
        words = set(question.replace("?", "").split())
        affirmed = words if answer == "yes" and not words & {"no", "not"} else set()
        for kind, known in (("colour", COLOURS), ("shape", SHAPES)):
            for word in known & (affirmed | {answer}):
                told.setdefault(picture, {}).setdefault(kind, word)
    kinds = {
        picture: f"{said['colour']} {said['shape']}"
        for picture, said in sorted(told.items())
        if len(said) == 2
    }
    names = sorted(set(kinds.values()))
    images = decode([(folder / "images" / f"{picture}.png").read_bytes() for picture in kinds], 64)
    labels = torch.tensor([names.index(kind) for kind in kinds.values()])
    return CaptionedImages(images, tuple((kind,) for kind in kinds.values()), labels)


def of_side(side: int) -> DualEncoderConfig:
    """The model, for pictures of `side` pixels."""
    assert isinstance(MODEL.vision, ResNetConfig)
    return replace(MODEL, vision=replace(MODEL.vision, image_size=side))


def enlarged(model: nn.Module, side: int) -> DualEncoder:
    """The same weights for pictures of `side` pixels: only the places that the pooling looks at are more, and they
    are drawn out between those that were learned."""
    state = dict(model.state_dict())
    mean, places = state["image_pool.positions"].split((1, len(state["image_pool.positions"]) - 1))
    old, new = int(len(places) ** 0.5), side // 32
    square = places.T.reshape(1, -1, old, old)
    stretched = F.interpolate(square, (new, new), mode="bilinear", align_corners=False)
    state["image_pool.positions"] = torch.cat((mean, stretched.flatten(2)[0].T))
    larger = DualEncoder(of_side(side)).to(memory_format=torch.channels_last)
    larger.load_state_dict(state)
    return larger


def to_half(tensor: Tensor) -> Tensor:
    """In half the bytes, if it is a number with a point."""
    return tensor.half() if tensor.is_floating_point() else tensor


if __name__ == "__main__":
    main()
