"""Encoding images and texts with ViT-B/32, beside `transformers` and `open_clip`, at the same random weights.

    python -m benchmarks.encode [--rounds 15] [--threads 2]

The first contender of each table is what the others are compared with: `transformers` as it comes (fp32) for
images, and for texts the fixed 77 tokens in fp32 that openai/CLIP and open_clip compute. Our weights are read from
the folder that `transformers` wrote, and before anything is timed all fp32 contenders must agree.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from torch import Tensor

import seeread
from benchmarks.interleaved import interleave, report
from benchmarks.vit_b_32 import END, START, random_model, write
from seeread.nn.packed import can_pack

TEXTS = ["a photo of a cat", "a diagram", "two dogs on a beach", "a red car in front of a house",
         "a plate of food", "an astronaut", "a cup of coffee", "a rocket at night"]  # fmt: skip

Contenders = dict[str, Callable[[], Tensor]]


def tokens(count: int, pad_to: int | None) -> Tensor:
    """Short texts as CLIP's tokenizer gives them, 4 to 8 tokens and two marks, padded with zeros."""
    rows = [[START, *(1000 + 7 * place for place in range(len(text.split()))), END] for text in TEXTS[:count]]
    longest = pad_to or max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows])


def main() -> None:
    """Build, compare, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, {options.threads} threads")

    theirs = random_model()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        exact = seeread.load(folder, precision="fp32")
        fast = seeread.load(folder, precision="auto")
    print(f"seeread's own choice of precision here: {fast.precision}; packed weights: {can_pack()}")
    models = Models(theirs, random_model().to(torch.bfloat16), exact, fast, rival_open_clip())
    with torch.inference_mode():
        for count in (1, 8):
            race(f"images, batch of {count}", image_contenders(models, count), options.rounds)
        for count in (1, 8):
            race(f"short texts, batch of {count}", text_contenders(models, count), options.rounds)


@dataclass(frozen=True)
class Models:
    """The same ViT-B/32, five times."""

    theirs: transformers.CLIPModel
    theirs_half: transformers.CLIPModel
    exact: seeread.Pretrained
    fast: seeread.Pretrained
    open_clip: torch.nn.Module | None


def image_contenders(models: Models, count: int) -> Contenders:
    """Who encodes `count` images of 224 x 224 pixels."""
    images = torch.randn(count, 3, 224, 224)
    images_half, images_fast = images.bfloat16(), images.to(models.fast.precision)
    contenders: Contenders = {
        "transformers, fp32 (its default)": lambda: feature(models.theirs.get_image_features(images)),
        "transformers, bf16": lambda: feature(models.theirs_half.get_image_features(images_half)),
        "seeread, fp32": lambda: models.exact.model.embed_image(images),
        "seeread, its default here": lambda: models.fast.model.embed_image(images_fast),
    }
    if rival := models.open_clip:
        contenders["open_clip, fp32 (its default)"] = lambda: rival.encode_image(images)
    return contenders


def text_contenders(models: Models, count: int) -> Contenders:
    """Who encodes `count` short texts."""
    whole, cut = tokens(count, 77), tokens(count, None)
    mask = (cut != 0).long()
    contenders: Contenders = {
        "transformers, fp32, padded to 77": lambda: feature(models.theirs.get_text_features(whole)),
        "transformers, fp32, padded to the longest": lambda: feature(models.theirs.get_text_features(cut, mask)),
        "seeread, fp32": lambda: models.exact.model.embed_text(cut),
        "seeread, its default here": lambda: models.fast.model.embed_text(cut),
    }
    if rival := models.open_clip:
        contenders["open_clip, fp32 (its default), padded to 77"] = lambda: rival.encode_text(whole)
    return contenders


def race(title: str, contenders: Contenders, rounds: int) -> None:
    """First see that they agree, then time them."""
    agree(contenders)
    report(title, interleave(contenders, rounds))


def feature(output: object) -> Tensor:
    """The projected feature as a unit vector, whichever way this version of `transformers` gives it."""
    tensor = output if isinstance(output, Tensor) else output.pooler_output  # type: ignore[attr-defined]
    return tensor / tensor.norm(dim=-1, keepdim=True)


def rival_open_clip() -> torch.nn.Module | None:
    """open_clip's ViT-B/32 at random weights of its own (its speed does not depend on them); None if not installed."""
    try:
        from tests.parity.reference_open_clip import torchvision_in_name

        with torchvision_in_name():
            import open_clip

            return open_clip.create_model("ViT-B-32-quickgelu", pretrained=None).eval()
    except ImportError as error:
        print(f"open_clip is left out: {error}")
        return None


def agree(contenders: Contenders) -> None:
    """Nobody is fast at something else: in the same weights, fp32 gives the same vectors and bf16 nearly so."""
    first, *others = ((name, run().float()) for name, run in contenders.items() if "open_clip" not in name)
    for name, vectors in others:
        cosine = torch.cosine_similarity(first[1], vectors).min().item()
        least = 0.99999 if "fp32" in name else 0.999
        if cosine < least:
            raise SystemExit(f"{name} disagrees with {first[0]}: cosine {cosine:.6f}")


if __name__ == "__main__":
    main()
