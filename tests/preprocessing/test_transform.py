"""Image transforms: equal to CLIP's published tensors, to `transformers`, and to open_clip's rules."""

import io
import os
from pathlib import Path

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seeread.errors import ImageError, UsageError
from seeread.preprocessing import pixels
from seeread.preprocessing.image import Limits, open_image
from seeread.preprocessing.transform import (
    OPENAI_MEAN,
    OPENAI_STD,
    ImageTransform,
    PatchTransform,
    transform_from_dict,
)
from tests.shared import shared

CLIP = ImageTransform(size=(224, 224))
SIZES = [(1, 1), (1, 150), (150, 1), (3, 7), (31, 33), (224, 224), (225, 227), (300, 231), (640, 427), (97, 640)]
SMALL = ImageTransform(size=(48, 48))
SQUASH = ImageTransform(size=(48, 48), mode="squash")
LEVEL = 1 / 255 / min(OPENAI_STD)  # one 8-bit step, after normalisation


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(numpy.random.default_rng(seed).integers(0, 256, (height, width, 3), numpy.uint8))


def jpeg(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def photographs() -> list[Path]:
    return sorted(
        [*shared("photos_misc").glob("*/*.jpg"), *shared("clip_assets", "clip_retrieval", "test_images").glob("*.jpg")]
    )


# ---- equal to the references


def test_the_seven_pictures_of_clip_give_its_tensors():
    reference = numpy.load(shared("clip_assets", "clip_reference.npz"))
    paths = sorted(shared("clip_assets", "clip_retrieval", "test_images").iterdir())
    assert len(paths) == 7
    expected = torch.stack([torch.from_numpy(reference[f"tensor_{path.stem}"]).reshape(3, 224, 224) for path in paths])
    assert (CLIP([open_image(path) for path in paths]) - expected).abs().max() < 1e-5
    assert (CLIP.load(paths, exact=True) - expected).abs().max() < 1e-5
    assert (CLIP.load(paths) - expected).abs().max() <= LEVEL * 1.01


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_clip_equals_transformers(size, mode):
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    image = noise(*size).convert(mode)
    for sizes in ({}, {"size": {"shortest_edge": 40}, "crop_size": {"height": 37, "width": 29}}):
        expected = CLIPImageProcessorPil(**sizes)(image, return_tensors="pt")["pixel_values"]
        transform = ImageTransform(size=(224, 224), rounding="down")
        if sizes:
            transform = ImageTransform(size=(37, 29), short_side=40, rounding="down")
        assert (transform([image]) - expected).abs().max() <= 1e-6


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear", "lanczos", "nearest"])
def test_siglip_equals_transformers(size, interpolation):
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    image = noise(*size)
    reference = SiglipImageProcessorPil(size={"height": 48, "width": 64}, resample=pixels.FILTERS[interpolation])
    half = (0.5, 0.5, 0.5)
    transform = ImageTransform(size=(48, 64), mode="squash", interpolation=interpolation, mean=half, std=half)
    assert (transform([image]) - reference(image, return_tensors="pt")["pixel_values"]).abs().max() <= 1e-6


@pytest.mark.parametrize("size", [*SIZES, (2000, 11)])
@pytest.mark.parametrize(("patch_size", "max_patches"), [(16, 256), (14, 64), (16, 1), (8, 17)])
def test_naflex_equals_transformers(size, patch_size, max_patches):
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    images = [noise(*size), noise(50, 40)]
    reference = Siglip2ImageProcessorPil(patch_size=patch_size, max_num_patches=max_patches)
    expected = reference(images, return_tensors="pt")
    patches = PatchTransform(patch_size=patch_size, max_patches=max_patches)(images)
    assert (patches.grid == expected["spatial_shapes"]).all()
    assert (patches.valid == expected["pixel_attention_mask"].bool()).all()
    assert (patches.pixels - expected["pixel_values"]).abs().max() <= 1e-6


def test_a_see_through_picture_is_put_on_white_before_it_is_resized():
    image = Image.fromarray(numpy.random.default_rng(2).integers(0, 256, (50, 60, 4), numpy.uint8))
    assert (CLIP([image]) == CLIP([open_image(image)])).all()
    see_through = Image.new("RGBA", (9, 9), (0, 0, 0, 0))
    assert CLIP([see_through])[0, 0, 0, 0] == pytest.approx((1 - OPENAI_MEAN[0]) / OPENAI_STD[0])


# ---- where the pixels come from, told by a picture whose columns are numbered


def columns_seen(transform: ImageTransform, width: int, height: int) -> list[int]:
    """Of a picture whose red is its column: the columns in the middle row of the result."""
    ramp = numpy.zeros((height, width, 3), numpy.uint8)
    ramp[..., 0] = numpy.arange(width)
    result = transform([Image.fromarray(ramp)])[0, 0] * 255
    return result[result.shape[0] // 2].round().int().tolist()


@pytest.mark.parametrize(("spare", "first"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 2), (6, 3), (7, 4)])
def test_the_middle_is_where_torchvision_has_it(spare, first):
    plain = {"size": (20, 20), "mean": (0, 0, 0), "std": (1, 1, 1)}
    assert columns_seen(ImageTransform(**plain), 20 + spare, 20)[0] == first
    assert columns_seen(ImageTransform(**plain, rounding="down"), 20 + spare, 20)[0] == spare // 2


def test_padding_surrounds_the_picture():
    pad = ImageTransform(size=(20, 31), mode="pad", fill=9, mean=(0, 0, 0), std=(1, 1, 1))
    seen = columns_seen(pad, 20, 20)
    assert seen == [9] * 5 + list(range(20)) + [9] * 6
    tall = pad([Image.new("RGB", (10, 100), "white")])[0, 0] * 255
    assert tall[:, 14:16].min() == 255
    assert tall[:, :14].max() == tall[:, 17:].max() == 9


@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from(["crop", "squash", "pad"]))
def test_any_size_fits(width, height, mode):
    transform = ImageTransform(size=(12, 18), mode=mode)
    assert transform([Image.new("RGB", (width, height))]).shape == (1, 3, 12, 18)
    rows, columns = transform.resized_size(height, width)
    if mode == "crop":  # open_clip's rule for what is not square: the picture just covers the size
        assert (rows >= 12 and columns >= 18) and (rows == 12 or columns == 18)
    if mode == "pad":
        assert (rows <= 12 and columns <= 18) and (rows == 12 or columns == 18)


def test_a_batch_is_its_pictures_one_by_one():
    images = [noise(50, 60, seed=1), noise(31, 90, seed=2)]
    assert (CLIP(images) == torch.cat([CLIP(images[:1]), CLIP(images[1:])])).all()
    assert CLIP([]).shape == (0, 3, 224, 224)
    assert len(PatchTransform()([])) == 0
    assert CLIP(images).is_contiguous()


# ---- the fast way


@pytest.fixture
def simplejpeg():
    return pytest.importorskip("simplejpeg")


@pytest.mark.parametrize("number", range(16))
def test_photographs_are_within_one_level_of_pillow(number, simplejpeg):
    path = photographs()[number]
    for transform in (CLIP, ImageTransform(size=(100, 160), mode="squash", interpolation="bilinear"), SMALL):
        assert (transform.load([path], exact=True) == transform([open_image(path)])).all()
        difference = (transform.load([path]) - transform([open_image(path)])).abs()
        assert difference.max() <= LEVEL * 1.01
        assert (difference > 1e-5).float().mean() < 0.01
    fast, exact = PatchTransform().load([path]), PatchTransform().load([path], exact=True)
    assert (fast.grid == exact.grid).all()
    assert (fast.pixels - exact.pixels).abs().max() <= 2 / 255 * 1.01  # std 0.5


@pytest.mark.parametrize("turn", range(1, 9))
def test_turned_photographs_are_within_one_level_too(turn, simplejpeg, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = turn
    patches = PatchTransform(max_patches=40)
    for path in photographs()[4:9]:
        with Image.open(path) as photo:
            data = jpeg(photo, quality=95, exif=exif)
        upright = open_image(data)
        assert (CLIP.load([data], exact=True) == CLIP([upright])).all()
        with monkeypatch.context() as patch:
            if upright.height < 1.7 * upright.width:
                patch.setattr(pixels, "resize", lambda *_: pytest.fail("this is for the fast way"))
            small, cut = SMALL.load([data]), patches.load([data])
        assert (small - SMALL([upright])).abs().max() <= LEVEL * 1.01
        assert (cut.grid == patches([upright]).grid).all()
        assert (cut.pixels - patches([upright]).pixels).abs().max() <= 2 / 255 * 1.01


@pytest.mark.parametrize(
    "options",
    [{"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"keep_rgb": True}, {"restart_marker_rows": 1}],
)
def test_both_decoders_agree_to_the_bit(options, simplejpeg):
    with Image.open(photographs()[7]) as photo:
        for image in (photo, photo.crop((3, 5, 200, 204)), photo.convert("L")):
            if image.mode == "L" and "keep_rgb" in options:
                continue
            data = jpeg(image, **options)
            assert (simplejpeg.decode_jpeg(data) == numpy.asarray(open_image(data))).all()


def test_what_the_fast_way_cannot_do_pillow_does(simplejpeg, monkeypatch):
    sources = {
        "cmyk": jpeg(noise(300, 260).convert("CMYK")),
        "small": jpeg(noise(300, 200)),  # it must grow
        "extra": jpeg(noise(300, 260)).replace(b"\xff\xda", b"\xff\xff\xff\xda"),  # fill bytes before a marker
        "array": numpy.asarray(noise(300, 260)),
        "picture": noise(300, 260),
    }
    for source in sources.values():
        assert (CLIP.load([source]) == CLIP([open_image(source)])).float().mean() > 0.95
    assert (CLIP.load([sources["small"]]) == CLIP([open_image(sources["small"])])).all()
    plain = jpeg(noise(300, 260))
    monkeypatch.setattr(pixels, "simplejpeg", None)  # the extra is not installed
    assert (CLIP.load([plain]) == CLIP([open_image(plain)])).all()


def test_errors_are_those_of_the_front_door_and_say_which_picture(tmp_path):
    good = jpeg(noise(300, 260))
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(good[: len(good) // 2])
    long = jpeg(Image.new("RGB", (3000, 10)))
    for bad, said, limits in [
        (cut, "cut.jpg", Limits()),
        (cut.read_bytes(), "image 2 of 3", Limits()),
        (long, "image 2 of 3", Limits()),
        (Image.new("RGB", (3000, 10)), "image 2 of 3", Limits()),
        (b"", "image 2 of 3", Limits()),
        (tmp_path / "missing.png", "missing.png", Limits()),
        (jpeg(noise(400, 300)), "image 2 of 3", Limits(pixels=100_000)),
    ]:
        for transform in (CLIP, PatchTransform()):
            with pytest.raises(ImageError) as loaded:
                transform.load([good, bad, b"also bad"], limits)
            with pytest.raises(ImageError) as opened:
                open_image(bad, limits)
            assert loaded.value.code == opened.value.code
            assert said in str(loaded.value)


@pytest.mark.parametrize("size", [(300, 560), (300, 580), (300, 660), (300, 900), (560, 300)])
@pytest.mark.parametrize("transform", [SMALL, SQUASH, PatchTransform(max_patches=9)])
def test_tall_pictures_are_resized_in_the_order_of_pillow(size, transform, simplejpeg):
    data = jpeg(noise(*size))
    fast, exact = transform.load([data]), transform.load([data], exact=True)
    if isinstance(transform, PatchTransform):
        fast, exact = fast.pixels, exact.pixels
    assert ((fast - exact).abs() > 1e-5).float().mean() < 0.01  # in the other order 15 %


def test_many_pictures_come_back_in_order():
    sources = [jpeg(Image.new("RGB", (240 + 10 * number, 230), (number * 8,) * 3), quality=95) for number in range(30)]
    means = CLIP.load(sources).mean(dim=(1, 2, 3))
    assert (means.diff() > 0).all()
    assert os.cpu_count()


# ---- as data


@pytest.mark.parametrize(
    "transform",
    [CLIP, ImageTransform(size=(3, 4), mode="pad", fill=7, interpolation="nearest"), PatchTransform(max_patches=9)],
)
def test_a_transform_survives_being_written(transform):
    import json

    written = json.loads(json.dumps(transform.to_dict()))
    assert transform_from_dict(written) == transform
    for spoiled in (written | {"sise": 3}, {key: value for key, value in written.items() if key != "std"}, {}):
        with pytest.raises(UsageError):
            transform_from_dict(spoiled)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": (0, 4)},
        {"size": (4,)},
        {"size": (4.0, 4.0)},
        {"mode": "stretch"},
        {"interpolation": "cubic"},
        {"rounding": "up"},
        {"std": (1.0, 0.0, 1.0)},
        {"std": (1.0, 1.0)},
        {"mean": (float("nan"), 0.0, 0.0)},
        {"fill": 256},
        {"short_side": 100},
        {"short_side": 300, "mode": "squash"},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError):
        ImageTransform(**({"size": (224, 224)} | wrong))
