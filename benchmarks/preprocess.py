"""From a JPEG file to the tensor a model eats, beside `transformers`' own image processor.

    python -m benchmarks.preprocess [--rounds 25] [--photo picture.jpg]

Without `--photo` a photograph-like picture is drawn. Both sides start at the same file and end at (1, 3, 224, 224);
the largest difference between them is printed in 8-bit levels, before normalisation.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image, ImageFilter
from torch import Tensor

from benchmarks.interleaved import interleave, report
from seeread.preprocessing.transform import ImageTransform

SIZES = {"VGA": (640, 480), "12 MP": (4000, 3000)}


def drawn_photo() -> Image.Image:
    """Smooth colour, edges and grain, so that JPEG has as much to do as on a photograph."""
    noise = np.random.default_rng(0)
    colours = Image.fromarray(noise.integers(0, 256, (60, 80, 3), dtype=np.uint8))
    coarse = colours.resize((4000, 3000), Image.Resampling.BICUBIC)
    grain = noise.normal(0, 6, (3000, 4000, 3))
    pixels = np.asarray(coarse.filter(ImageFilter.EDGE_ENHANCE_MORE), dtype=np.float32) + grain
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def main() -> None:
    """Write the pictures, compare, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--photo", type=Path)
    options = parser.parse_args()
    photo = Image.open(options.photo).convert("RGB") if options.photo else drawn_photo()
    theirs = transformers.CLIPImageProcessorPil()
    ours = ImageTransform(size=(224, 224), rounding="down")
    with tempfile.TemporaryDirectory() as folder:
        for title, size in SIZES.items():
            path = Path(folder) / "photo.jpg"
            photo.resize(size, Image.Resampling.LANCZOS).save(path, quality=90)

            def peer(path: Path = path) -> Tensor:
                return theirs(Image.open(path), return_tensors="pt")["pixel_values"]

            contenders = {
                "transformers' CLIPImageProcessor": peer,
                "seeread, exact": lambda path=path: ours.load([path], exact=True),
                "seeread": lambda path=path: ours.load([path]),
            }
            difference = (peer() - ours.load([path])).abs() * torch.tensor(ours.std).view(3, 1, 1) * 255
            report(f"{title} JPEG to tensor", interleave(contenders, options.rounds))
            print(f"  largest difference: {difference.max():.2f} levels of 255")


if __name__ == "__main__":
    main()
