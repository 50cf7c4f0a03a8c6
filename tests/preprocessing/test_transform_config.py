"""Other libraries' preprocessing files: the real ones are understood, and nothing in them is passed over."""

import json

import numpy
import pytest
from PIL import Image

from seeread.errors import CheckpointError
from seeread.preprocessing.transform import OPENAI_MEAN, OPENAI_STD, ImageTransform, PatchTransform
from seeread.preprocessing.transform_config import (
    from_open_clip,
    from_transformers,
    to_open_clip,
    to_transformers,
)

HALF = (0.5, 0.5, 0.5)
OLD_CLIP = {  # as in openai/clip-vit-base-patch32 at first
    "crop_size": 224,
    "do_center_crop": True,
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "CLIPFeatureExtractor",
    "image_mean": list(OPENAI_MEAN),
    "image_std": list(OPENAI_STD),
    "resample": 3,
    "size": 224,
}
SIGLIP = {  # as in google/siglip-base-patch16-224
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_processor_type": "SiglipImageProcessor",
    "image_std": [0.5, 0.5, 0.5],
    "processor_class": "SiglipProcessor",
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 224, "width": 224},
}


def test_the_published_files_are_understood():
    assert from_transformers(OLD_CLIP) == ImageTransform(size=(224, 224), rounding="down")
    assert from_transformers(SIGLIP) == ImageTransform(size=(224, 224), mode="squash", mean=HALF, std=HALF)
    assert from_transformers({"image_processor": SIGLIP}) == from_transformers(SIGLIP)
    fixed = {"image_processor_type": "SiglipImageProcessorFast", "resample": 2, "size": {"height": 256, "width": 256}}
    assert from_transformers(fixed) == ImageTransform(
        size=(256, 256), mode="squash", interpolation="bilinear", mean=HALF, std=HALF
    )
    naflex = {"image_processor_type": "Siglip2ImageProcessorFast", "max_num_patches": 256, "patch_size": 16}
    assert from_transformers(naflex) == PatchTransform()
    larger = {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}
    assert from_transformers(OLD_CLIP | larger).short_side == 256
    assert from_transformers(OLD_CLIP | {"do_normalize": False}).std == (1, 1, 1)
    assert from_transformers(OLD_CLIP | {"do_center_crop": False, "size": {"height": 9, "width": 8}}).mode == "squash"


@pytest.mark.parametrize(
    "wrong",
    [
        {"do_resize": False},
        {"do_rescale": False},
        {"rescale_factor": 1 / 127.5},
        {"do_pad": True},
        {"resample": 4},
        {"resample": "bicubic"},
        {"do_center_crop": False},
        {"size": {"shortest_edge": 224, "longest_edge": 300}},
        {"size": {"height": 256, "width": 256}},
        {"size": {"longest_edge": 256}},
        {"size": "224"},
        {"size": -1},
        {"size": 10**9, "crop_size": 10**9},
        {"crop_size": 300},
        {"crop_size": [1, 2, 3]},
        {"image_mean": [0.5, 0.5]},
        {"image_mean": ["a", "b", "c"]},
        {"image_std": [0.5, 0.5, 0]},
        {"feature_extractor_type": "BlipImageProcessor"},
        {"feature_extractor_type": None},
    ],
)
def test_what_cannot_be_followed_is_refused(wrong):
    with pytest.raises(CheckpointError, match="not supported"):
        from_transformers(OLD_CLIP | wrong)


@pytest.mark.parametrize(
    "transform",
    [
        ImageTransform(size=(30, 30), rounding="down"),
        ImageTransform(size=(24, 20), short_side=30, rounding="down", interpolation="bilinear"),
        ImageTransform(size=(24, 20), mode="squash", interpolation="lanczos", mean=HALF, std=HALF),
        PatchTransform(patch_size=14, max_patches=49, mean=OPENAI_MEAN),
    ],
)
def test_what_is_written_is_read_back_by_us_and_by_transformers(transform):
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    config = json.loads(json.dumps(to_transformers(transform)))
    assert from_transformers(config) == transform
    known = (CLIPImageProcessorPil, SiglipImageProcessorPil, Siglip2ImageProcessorPil)
    reference = next(one for one in known if one.__name__ == config["image_processor_type"] + "Pil")
    image = Image.fromarray(numpy.random.default_rng(0).integers(0, 256, (50, 77, 3), numpy.uint8))
    ours = transform([image])
    theirs = reference.from_dict(config)(image, return_tensors="pt")["pixel_values"]
    assert ((ours if isinstance(transform, ImageTransform) else ours.pixels) - theirs).abs().max() <= 1e-6


def test_open_clip_files_are_understood():
    assert from_open_clip({}) == ImageTransform(size=(224, 224))
    config = {
        "size": [256, 256],
        "mode": "RGB",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "interpolation": "bicubic",
        "resize_mode": "squash",
        "fill_color": 0,
    }
    assert from_open_clip(config) == ImageTransform(size=(256, 256), mode="squash", mean=HALF, std=HALF)
    assert from_open_clip({"resize_mode": "longest", "size": 30, "fill_color": 5, "mean": None}) == ImageTransform(
        size=(30, 30), mode="pad", fill=5
    )
    for transform in (from_open_clip({}), from_open_clip(config), ImageTransform(size=(3, 5), mode="pad", fill=3)):
        assert from_open_clip(json.loads(json.dumps(to_open_clip(transform)))) == transform


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "L"},
        {"resize_mode": "fit"},
        {"interpolation": "lanczos"},
        {"crop": 3},
        {"size": 0},
        {"fill_color": "red"},
    ],
)
def test_open_clip_files_that_cannot_be_followed_are_refused(wrong):
    with pytest.raises(CheckpointError, match="not supported"):
        from_open_clip(wrong)


@pytest.mark.parametrize("transform", [ImageTransform(size=(3, 3), mode="pad"), ImageTransform(size=(3, 4))])
def test_what_transformers_has_not_is_not_written(transform):
    with pytest.raises(CheckpointError):
        to_transformers(transform)


@pytest.mark.parametrize(
    "transform",
    [PatchTransform(), ImageTransform(size=(3, 3), short_side=4), ImageTransform(size=(3, 3), interpolation="lanczos")],
)
def test_what_open_clip_has_not_is_not_written(transform):
    with pytest.raises(CheckpointError):
        to_open_clip(transform)
