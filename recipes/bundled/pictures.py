"""Prepares what the bundled models that write learn from: a tokenizer, pictures, and what is asked and answered.

    python recipes/bundled/pictures.py --data DATA --out runs/mini-writer

DATA holds the folders easy_vqa, flickr8k, tiny_imagenet, nlvr, bccd and coco_mini; scenes are drawn. For every source
and split, OUT gets a folder `SOURCE-train` or `SOURCE-dev` with

    images.npy        (pictures, 128, 128, 3) uint8, RGB
    examples.jsonl    the number of its picture, what is asked in both ways, the answer, the boxes of detections
"""

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import numpy
import tokenizers
from PIL import Image
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, trainers

from seeread.data.example import Example
from seeread.data.readers.annotated import read_bccd, read_coco_mini
from seeread.data.readers.easy_vqa import read_easy_vqa
from seeread.data.readers.flickr8k import read_flickr8k
from seeread.data.readers.nlvr import read_nlvr
from seeread.data.readers.tiny_imagenet import read_tiny_imagenet
from seeread.data.scene_talk import scene_examples
from seeread.preprocessing.image import Source, open_image

SIDE, BINS, VOCABULARY = 128, 64, 4096
SPECIAL = ("<pad>", "<start>", "<end>", "<image>")
LOCATIONS = tuple(f"<loc{place:04d}>" for place in range(BINS))
CHAT = "USER: <image>\n{} ASSISTANT:"
UNSEEN_SCENES = 1_000_000
"""The seed of the first scene that is kept for measuring; training takes those from 0."""

SQUASHED = {"nlvr", "bccd", "coco_mini"}
"""Sources of which the whole picture counts; of the others the middle is cut out, as mini-clip's transform does."""


def sources(data: Path, scenes: int) -> dict[str, tuple[Callable[[], Sequence[Example]], ...]]:
    """The readers of every source: its training and its dev examples.

    NLVR's training drawings have no sentences here, so its dev set is learned from and its public test set is dev.
    """
    coco = data / "coco_mini"
    return {
        "easy_vqa": tuple(lambda s=s: read_easy_vqa(data / "easy_vqa", s) for s in ("train", "test")),
        "flickr8k": tuple(lambda s=s: read_flickr8k(data / "flickr8k", s) for s in ("train", "dev")),
        "tiny_imagenet": tuple(
            lambda s=s: read_tiny_imagenet(data / "tiny_imagenet", s) for s in ("train", "val")
        ),
        "nlvr": tuple(lambda s=s: read_nlvr(data / "nlvr", s) for s in ("dev", "test")),
        "bccd": tuple(lambda s=s: read_bccd(data / "bccd", s, BINS) for s in (("train", "val"), ("test",))),
        "coco_mini": tuple(
            lambda part=part: part(read_coco_mini(coco, BINS)) for part in (first_photos, last_photos)
        ),
        "scenes": tuple(
            lambda s=s: drawn(s) for s in (range(scenes), range(UNSEEN_SCENES, UNSEEN_SCENES + 1000))
        ),
    }


def drawn(seeds: Iterable[int]) -> list[Example]:
    """What there is to say about the scenes of some seeds."""
    return list(chain.from_iterable(scene_examples(seed, SIDE, BINS) for seed in seeds))


def first_photos(examples: Sequence[Example]) -> list[Example]:
    """Those of the first nine tenths of the pictures."""
    pictures = list(dict.fromkeys(example.image for example in examples))
    kept = set(pictures[: len(pictures) * 9 // 10])
    return [example for example in examples if example.image in kept]


def last_photos(examples: Sequence[Example]) -> list[Example]:
    """Those of the last tenth of the pictures."""
    learned = {example.image for example in first_photos(examples)}
    return [example for example in examples if example.image not in learned]


def learn_tokenizer(texts: Iterable[str]) -> tokenizers.Tokenizer:
    """Lower-casing byte-level byte-pair encoding; the special tokens first, then the location tokens, from id 4 on."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[AddedToken(token, normalized=False, special=True) for token in SPECIAL + LOCATIONS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    written = json.loads(
        tokenizer.to_str()
    )  # the trainer makes all its added tokens special; places are text
    for token in written["added_tokens"]:
        token["special"] = token["content"] in SPECIAL
    return tokenizers.Tokenizer.from_str(json.dumps(written))


def texts_of(examples: Iterable[Example]) -> Iterable[str]:
    """What is asked, in both ways, and the answers; no places, whose tokens are there already."""
    for number, example in enumerate(examples):
        yield example.prompt + "\n"
        yield CHAT.format(example.instruction(number)).replace("<image>", "")
        if example.task != "detect":
            yield example.answer


def picture(source: Source, squash: bool) -> numpy.ndarray[Any, Any]:
    """(128, 128, 3) uint8, bicubic."""
    image = open_image(source)
    if not squash and image.width != image.height:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    return numpy.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def write(folder: Path, examples: Sequence[Example], squash: bool) -> None:
    """One split of one source."""
    folder.mkdir(parents=True, exist_ok=True)
    places: dict[int | str, int] = {}
    images: list[Source] = []
    image_of = []
    for example in examples:
        key = id(example.image) if isinstance(example.image, bytes | Image.Image) else str(example.image)
        if key not in places:
            places[key] = len(images)
            images.append(example.image)
        image_of.append(places[key])
    pixels = numpy.lib.format.open_memmap(
        folder / "images.npy", mode="w+", dtype=numpy.uint8, shape=(len(images), SIDE, SIDE, 3)
    )
    with ThreadPoolExecutor(2) as pool:
        for place, drawn in enumerate(pool.map(lambda source: picture(source, squash), images)):
            pixels[place] = drawn
    prompts = [example.prompt + "\n" for example in examples]
    chats = [CHAT.format(example.instruction(number)) for number, example in enumerate(examples)]
    with (folder / "examples.jsonl").open("w") as file:
        for example, image, prompt, chat in zip(examples, image_of, prompts, chats, strict=True):
            row = {
                "image": image,
                "task": example.task,
                "about": example.about,
                "prompt": prompt,
                "chat": chat,
            }
            boxes = [[thing.label, *thing.box] for thing in example.boxes]
            file.write(
                json.dumps(row | {"answer": example.answer} | ({"boxes": boxes} if boxes else {})) + "\n"
            )


def main() -> None:
    """Read, learn the tokenizer, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/mini-writer"))
    parser.add_argument("--scenes", type=int, default=20_000)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    readers = sources(options.data, options.scenes)
    path = options.out / "tokenizer.json"
    if not path.is_file():
        learned = chain.from_iterable(
            texts_of(train()) for name, (train, _) in readers.items() if name != "scenes"
        )
        drawn = chain.from_iterable(texts_of(scene_examples(seed, 8, BINS)) for seed in range(3000))
        learn_tokenizer(chain(learned, drawn)).save(str(path))
    for name, splits in readers.items():
        for split, read in zip(("train", "dev"), splits, strict=True):
            examples = read()
            write(options.out / f"{name}-{split}", examples, name in SQUASHED)
            print(f"{name}-{split}: {len(examples)} examples", flush=True)


if __name__ == "__main__":
    main()
