"""Trains `seeread/mini-clip`, the small dual encoder that comes with the package, from scratch.

    python recipes/mini_clip.py --data DATA --out runs/mini-clip

DATA holds `tiny_imagenet/{train,val}.parquet` (columns image, name) and `flickr8k/{train,dev}.parquet` (columns
image, captions). A step sees 192 photographs of as many Tiny ImageNet classes, each with a caption made from a
template, and 64 captioned photographs of Flickr8k; the loss is CLIP's symmetric InfoNCE over all 256.
"""

import argparse
import random
from dataclasses import replace
from pathlib import Path

import tokenizers
import torch
import torch.nn.functional as F
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor

from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.save import write
from seeread.data.augment import colour_jitter, random_resized_crop
from seeread.data.captioned import CaptionedImages, read_parquet
from seeread.data.sampling import DistinctLabels, Shuffled
from seeread.models.dual_encoder import DualEncoder, DualEncoderConfig
from seeread.nn.initialise import initialise
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.rules import TokenizerRules
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import ImageTransform
from seeread.text.encoder import TextEncoderConfig
from seeread.training.objectives.contrast import contrastive, info_nce
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from seeread.training.trainer import train
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

ROUNDS = (
    (64, Settings(steps=4000, rate=1e-3, warmup=200, seed=0)),
    (SIDE, Settings(steps=1100, rate=6e-4, warmup=60, seed=1)),
)
"""Progressive resizing: most is learned on small pictures, which cost half; then once more down from a lower rate, from
the averaged weights, on the size that the model keeps."""

CLASSES, PHOTOS = 192, 64

TEMPLATES = (
    "{}", "{}.", "a photo of a {}.", "a photo of the {}.", "a photo of one {}.", "a close-up photo of a {}.",
    "a bright photo of a {}.", "a dark photo of a {}.", "a blurry photo of a {}.", "a cropped photo of a {}.",
    "a good photo of a {}.", "a bad photo of a {}.", "a photo of a large {}.", "a photo of a small {}.",
    "a picture of a {}.", "a {} in a photo.", "there is a {} here.", "this is a {}.", "many photos of {}.", "a {}",
)  # fmt: skip


EVERYDAY = {
    "African elephant": "elephant", "American alligator": "alligator", "American lobster": "lobster",
    "Arabian camel": "camel", "CD player": "music player", "Chihuahua": "dog", "Egyptian cat": "cat",
    "European fire salamander": "salamander", "German shepherd": "dog", "Labrador retriever": "dog",
    "Persian cat": "fluffy cat", "Yorkshire terrier": "small dog", "academic gown": "graduate", "albatross": "sea bird",
    "alp": "mountain", "baboon": "monkey", "bannister": "staircase", "barrel": "wooden barrel", "bathtub": "bathroom",
    "beach wagon": "car", "beacon": "lighthouse", "beaker": "glass", "bell pepper": "pepper", "bighorn": "sheep",
    "birdhouse": "bird house", "bison": "buffalo", "black stork": "stork", "black widow": "spider",
    "boa constrictor": "snake", "brain coral": "coral", "brown bear": "bear", "bullet train": "train",
    "bullfrog": "frog", "butcher shop": "shop", "chimpanzee": "ape", "cliff": "rocks", "cliff dwelling": "stone ruins",
    "computer keyboard": "keyboard", "confectionery": "sweets", "convertible": "car without a roof",
    "cougar": "mountain lion", "desk": "office", "dining table": "table", "dragonfly": "insect", "dugong": "manatee",
    "espresso": "cup of coffee", "freight car": "train wagon", "frying pan": "pan", "fur coat": "coat",
    "gasmask": "mask", "golden retriever": "dog", "goldfish": "fish", "goose": "bird", "gondola": "boat",
    "grasshopper": "insect", "hog": "pig", "jellyfish": "sea animal", "king penguin": "penguin",
    "koala": "bear in a tree",
    "ladybug": "beetle", "lakeside": "lake", "lampshade": "lamp", "lemon": "fruit", "lesser panda": "red panda",
    "lifeboat": "boat", "limousine": "long car", "lion": "big cat", "magnetic compass": "compass",
    "military uniform": "soldier", "monarch": "butterfly", "moving van": "truck", "obelisk": "stone monument",
    "orange": "oranges", "orangutan": "ape", "pay-phone": "telephone", "picket fence": "fence", "plate": "food",
    "pop bottle": "bottle", "police van": "police car", "projectile": "rocket", "refrigerator": "fridge",
    "rugby ball": "ball", "sandal": "shoe", "school bus": "bus", "seashore": "beach", "sombrero": "hat",
    "spider web": "web", "spiny lobster": "crayfish", "sports car": "fast car", "standard poodle": "poodle",
    "steel arch bridge": "bridge", "sulphur butterfly": "yellow butterfly", "sunglasses": "glasses",
    "suspension bridge": "long bridge", "tabby": "cat", "tailed frog": "small frog", "tarantula": "hairy spider",
    "teapot": "pot of tea", "teddy": "toy", "thatch": "hut", "triumphal arch": "arch", "trolleybus": "tram",
    "umbrella": "parasol", "viaduct": "old bridge", "volleyball": "ball game", "walking stick": "stick insect",
    "water jug": "jug", "wok": "cooking pan",
}  # fmt: skip
"""What people call things of these classes, beside the class's own words."""


def class_captions(row: dict[str, object]) -> tuple[str, ...]:
    """The words of a class, such as ("tabby", "tabby cat", "cat")."""
    words = [word.strip() for word in str(row["name"]).split(",")]
    return (*words, EVERYDAY[words[0]]) if words[0] in EVERYDAY else tuple(words)


def photo_captions(row: dict[str, object]) -> tuple[str, ...]:
    """What five people wrote about a photograph."""
    captions = row["captions"]
    assert isinstance(captions, list)
    return tuple(captions)


def learn_tokenizer(texts: list[str]) -> tokenizers.Tokenizer:
    """Lower-cased byte-pair encoding, learned from the captions."""
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token="<unknown>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.StripAccents()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    special = ["<pad>", "<start>", "<end>", "<unknown>"]
    trainer = trainers.BpeTrainer(
        vocab_size=MODEL.text.vocabulary,
        special_tokens=special,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


class Batches:
    """The pairs of a step, drawn, varied and tokenized by seed and step alone."""

    def __init__(
        self, classes: CaptionedImages, photos: CaptionedImages, tokenizer: Tokenizer, side: int, seed: int
    ):
        assert classes.labels is not None
        self.classes, self.photos, self.tokenizer, self.side, self.seed = (
            classes,
            photos,
            tokenizer,
            side,
            seed,
        )
        self.pick_classes = DistinctLabels(classes.labels, CLASSES, seed)
        self.pick_photos = Shuffled(len(photos), PHOTOS, seed)

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        words = random.Random(self.seed * 1_000_003 + step)
        images, texts = [], []
        for data, picked in ((self.classes, self.pick_classes(step)), (self.photos, self.pick_photos(step))):
            images.append(random_resized_crop(data.images[picked], self.side, generator))
            texts += [words.choice(data.captions[index]) for index in picked.tolist()]
        texts[:CLASSES] = [words.choice(TEMPLATES).replace("{}", text) for text in texts[:CLASSES]]
        return normalise(colour_jitter(torch.cat(images), generator)), self.tokenizer(texts)


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
    def __call__(self, step: int, model: torch.nn.Module) -> dict[str, float]:
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
    classes = read_parquet(options.data / "tiny_imagenet" / "train.parquet", 64, class_captions, label="name")
    photos = read_parquet(options.data / "flickr8k" / "train.parquet", 96, photo_captions)
    unseen = read_parquet(options.data / "tiny_imagenet" / "val.parquet", 64, class_captions, label="name")
    unseen_photos = read_parquet(options.data / "flickr8k" / "dev.parquet", 96, photo_captions)
    options.out.mkdir(parents=True, exist_ok=True)
    if not (options.out / "tokenizer.json").is_file():
        texts = [text for captions in photos.captions for text in captions]
        texts += [
            t.replace("{}", word) for words in set(classes.captions) for word in words for t in TEMPLATES
        ]
        learn_tokenizer(sorted(texts)).save(str(options.out / "tokenizer.json"))
    tokenizer = Tokenizer.load(options.out, RULES)

    torch.manual_seed(ROUNDS[0][1].seed)
    trained: torch.nn.Module = DualEncoder(of_side(ROUNDS[0][0])).to(memory_format=torch.channels_last)
    initialise(trained)
    print(f"{sum(p.numel() for p in trained.parameters()) / 1e6:.2f} M parameters", flush=True)
    for number, (side, recipe) in enumerate(ROUNDS, start=1):
        batches = Batches(classes, photos, tokenizer, side, recipe.seed)
        watch = Watch(unseen, unseen_photos, tokenizer, side)
        started = enlarged(trained, side)
        trained = train(
            started, contrastive(info_nce), Steps(batches), recipe, options.out / f"round-{number}", watch
        )
    halves = {name: to_half(tensor) for name, tensor in trained.state_dict().items()}
    write(
        Checkpoint(MODEL, halves, Processor(TRANSFORM, tokenizer), "native"),
        options.out / "model",
        overwrite=True,
    )
    print(f"Saved to {options.out / 'model'}. Try: seeread classify PICTURE --model {options.out / 'model'}")


def of_side(side: int) -> DualEncoderConfig:
    """The model, for pictures of `side` pixels."""
    assert isinstance(MODEL.vision, ResNetConfig)
    return replace(MODEL, vision=replace(MODEL.vision, image_size=side))


def enlarged(model: torch.nn.Module, side: int) -> DualEncoder:
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
