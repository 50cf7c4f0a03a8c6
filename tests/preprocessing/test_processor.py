"""A processor hands pictures to its transform and words to its tokenizer."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from seeread.errors import ImageError
from seeread.interface import Patches
from seeread.preprocessing.image import Limits
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import ImageTransform, PatchTransform
from tests.preprocessing.vocabularies import clip_folder

HALF = (0.5, 0.5, 0.5)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return Tokenizer.from_folder(clip_folder(tmp_path_factory.mktemp("clip")), "clip")


def test_images_and_texts(tokenizer: Tokenizer, tmp_path: Path) -> None:
    file = tmp_path / "red.png"
    Image.new("RGB", (40, 30), (255, 0, 0)).save(file)
    processor = Processor(ImageTransform(size=(16, 16), mean=HALF, std=HALF), tokenizer)
    images = processor.images([file, file.read_bytes()])
    assert isinstance(images, torch.Tensor) and images.shape == (2, 3, 16, 16)
    assert torch.equal(images[0, :, 0, 0], torch.tensor([1.0, -1.0, -1.0]))
    assert torch.equal(processor.texts(["a dog", "two dogs"]), tokenizer(["a dog", "two dogs"]))


def test_patches(tokenizer: Tokenizer) -> None:
    transform = PatchTransform(patch_size=4, max_patches=12, mean=HALF, std=HALF)
    patches = Processor(transform, tokenizer).images([Image.new("RGB", (40, 30))])
    assert isinstance(patches, Patches) and patches.pixels.shape == (1, 12, 48)


def test_limits_are_handed_on(tokenizer: Tokenizer) -> None:
    processor = Processor(ImageTransform(size=(16, 16), mean=HALF, std=HALF), tokenizer)
    with pytest.raises(ImageError):
        processor.images([b"no picture"])
    picture = Image.new("RGB", (200, 200))
    with pytest.raises(ImageError):
        processor.images([picture], Limits(pixels=100))
