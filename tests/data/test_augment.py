"""Variation of training pictures."""

import torch

from seeread.data.augment import colour_jitter, random_resized_crop


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_a_whole_crop_is_the_picture_or_its_mirror() -> None:
    images = torch.randint(0, 256, (16, 3, 8, 8), dtype=torch.uint8)
    crops = random_resized_crop(images, 8, generator(), area=1.0, stretch=1.0)
    plain = images.float() / 255
    same = [torch.allclose(crop, image, atol=1e-5) for crop, image in zip(crops, plain, strict=True)]
    mirrored = [torch.allclose(crop, image.flip(-1), atol=1e-5) for crop, image in zip(crops, plain, strict=True)]
    assert all(a or b for a, b in zip(same, mirrored, strict=True)) and any(same) and any(mirrored)


def test_crops_stay_inside_the_picture() -> None:
    ramp = torch.arange(64, dtype=torch.uint8).view(1, 1, 8, 8).expand(200, 3, 8, 8).contiguous()
    crops = random_resized_crop(ramp, 5, generator(), area=0.3)
    assert crops.shape == (200, 3, 5, 5) and crops.min() >= 0 and crops.max() <= 63 / 255
    spread = crops.amax((1, 2, 3)) - crops.amin((1, 2, 3))
    assert spread.min() < 0.7 * spread.max()  # some are small parts, some nearly the whole


def test_jitter_keeps_the_range_and_greys_some() -> None:
    images = torch.rand(300, 3, 4, 4, generator=generator())
    varied = colour_jitter(images, generator())
    assert varied.min() >= 0 and varied.max() <= 1 and varied.shape == images.shape
    grey = (varied.amax(1) - varied.amin(1)).amax((1, 2)) < 1e-6
    assert 10 <= int(grey.sum()) <= 60


def test_the_same_generator_gives_the_same_variation() -> None:
    images = torch.randint(0, 256, (4, 3, 8, 8), dtype=torch.uint8)
    first, again = (colour_jitter(random_resized_crop(images, 8, g), g) for g in (generator(), generator()))
    assert torch.equal(first, again)
