"""The front door for images: every way a file can be odd, turned into the right picture or the right error."""

import io
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy
import pytest
from PIL import Image, TiffImagePlugin

from seeread.errors import ImageError, UsageError
from seeread.preprocessing.image import CODES, LIMITS, Limits, open_image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


def photo(width: int = 40, height: int = 24) -> Image.Image:
    """A picture without any symmetry: red grows to the right, green downwards, and one corner is blue."""
    rows, columns = numpy.mgrid[0:height, 0:width]
    pixels = numpy.stack([columns * 255 // max(1, width - 1), rows * 255 // max(1, height - 1), rows * 0], axis=2)
    pixels[: height // 3, : width // 3, 2] = 200
    return Image.fromarray(pixels.astype(numpy.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def values(image: Image.Image) -> numpy.ndarray:
    assert image.mode == "RGB"
    return numpy.asarray(image).astype(int)


def refusal(source: object, limits: Limits = LIMITS) -> ImageError:
    """The error for a source, after checking that its message is fit for a user."""
    with pytest.raises(ImageError) as caught:
        open_image(source, limits)
    message = str(caught.value)
    assert caught.value.code in CODES
    assert not re.search(r"0x[0-9a-fA-F]{6,}", message)
    assert not re.search(r"PIL|BytesIO|Error|Exception|Plugin|ImageFile|<class", message), message
    assert ":" in message  # what is wrong: what to do
    assert caught.value.__cause__ is None
    return caught.value


def png_claiming(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG whose header promises a size, whatever follows."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_opens_from_a_path_from_bytes_and_from_a_picture(kind, tmp_path):
    data = encoded(photo(), kind)
    path = tmp_path / "picture.bin"  # the name does not matter, the content does
    path.write_bytes(data)
    expected = values(Image.open(io.BytesIO(data)).convert("RGB"))
    for source in (path, str(path), data, Image.open(io.BytesIO(data))):
        assert (values(open_image(source)) == expected).all()


def test_an_array_must_say_its_layout():
    pixels = numpy.asarray(photo())
    assert (values(open_image(pixels)) == pixels).all()
    for wrong in (pixels.transpose(2, 0, 1), pixels[:, :, 0], pixels / 255, pixels.astype(numpy.int16)):
        assert refusal(wrong).code == "image_mode"
    with pytest.raises(UsageError, match="path"):
        open_image(7)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_turned_picture_comes_out_upright(kind, turn):
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    image = photo()
    # What a camera stores when it was held that way: the inverse of what makes the picture upright.
    inverse = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # values of Image.Transpose
    stored = image if turn == 1 else image.transpose(Image.Transpose(inverse[turn]))
    exif = Image.Exif()
    exif[0x0112] = turn
    data = encoded(stored, kind, exif=exif.tobytes() if kind != "TIFF" else exif, **options)
    for source in (data, Image.open(io.BytesIO(data))):
        upright = values(open_image(source))
        assert upright.shape == (24, 40, 3)
        assert abs(upright - values(image)).max() <= (12 if kind == "JPEG" else 0)


@pytest.mark.parametrize("value", [0, 9, 255, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(value):
    exif = Image.Exif()
    exif[0x0112] = value
    assert (values(open_image(encoded(photo(), exif=exif))) == values(photo())).all()


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "metadata",
    [
        b"Exif\0\0garbage!!!!",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0",  # a directory of 65,535 entries, cut after the first
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x1a\0\x05\0\0\0\x01\xff\xff\xff\xf0",  # an entry that points outside
        b"Exif\0\0II*\0\xff\xff\xff\xff",
    ],
)
def test_damaged_metadata_does_not_cost_the_picture(kind, metadata):
    assert open_image(encoded(photo(), kind, exif=metadata)).size == (40, 24)


def test_what_is_see_through_lies_over_white():
    colours = numpy.zeros((1, 3, 4), numpy.uint8)
    colours[0, :, 0] = 200
    colours[0, :, 3] = [0, 100, 255]
    expected = [[255, 255, 255], [233, 155, 155], [200, 0, 0]]
    image = Image.fromarray(colours)
    for kind in ("PNG", "TIFF", "WEBP"):
        assert abs(values(open_image(encoded(image, kind, lossless=True)))[0] - expected).max() <= 1
    assert abs(values(open_image(image))[0] - expected).max() <= 1


def test_transparency_in_every_other_mode_lies_over_white():
    grey = Image.new("LA", (4, 4), (0, 0))
    assert values(open_image(encoded(grey))).min() == 255
    palette = photo().quantize(8)
    hidden = palette.getpixel((0, 0))
    shown = values(open_image(encoded(palette, transparency=hidden)))
    assert (shown[0, 0] == 255).all()
    assert (shown[-1, -1] == values(palette.convert("RGB"))[-1, -1]).all()
    assert (values(open_image(encoded(palette, "GIF", transparency=hidden)))[0, 0] == 255).all()
    assert (values(open_image(encoded(palette, transparency=bytes(range(0, 256, 32)))))[0, 0] > 0).any()
    keyed = values(open_image(encoded(photo(), transparency=(255, 255, 0))))
    assert (keyed[-1, -1] == 255).all()
    assert (keyed[:-1] == values(photo())[:-1]).all()
    assert values(open_image(encoded(Image.new("L", (4, 4), 7), transparency=7))).min() == 255
    assert values(open_image(encoded(Image.new("1", (4, 4), 0), transparency=0))).min() == 255


def test_sixteen_bits_are_scaled_and_not_clipped():
    levels = numpy.arange(0, 65536, 16, dtype=numpy.uint16).reshape(64, 64)
    expected = numpy.round(levels / 257).astype(int)
    image = Image.fromarray(levels)
    for data in (encoded(image), encoded(image, "TIFF")):
        assert (values(open_image(data))[..., 1] == expected).all()
    assert (values(open_image(image))[..., 1] == expected).all()
    big_endian = Image.frombytes("I;16B", (64, 64), levels.byteswap().tobytes())
    assert (values(open_image(big_endian))[..., 1] == expected).all()
    assert (values(open_image(Image.fromarray(levels.astype(numpy.int32))))[..., 1] == expected).all()
    inverted = TiffImagePlugin.ImageFileDirectory_v2()
    inverted[262] = 0  # white is zero
    negative = Image.fromarray(65535 - levels)
    assert (values(open_image(encoded(negative, "TIFF", tiffinfo=inverted)))[..., 1] == expected).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"])
def test_every_colour_model_becomes_rgb(mode):
    if mode == "LAB":
        source = Image.new("LAB", (4, 4), (255, 128, 128))  # brightest, no colour
        assert values(open_image(encoded(source, "TIFF"))).min() >= 250
        return
    source = photo().convert(mode)
    assert abs(values(open_image(source)) - values(source.convert("RGB"))).max() == 0


def test_a_cmyk_jpeg_keeps_its_colours():
    red = Image.new("RGB", (16, 16), (220, 30, 40))
    opened = values(open_image(encoded(red.convert("CMYK"), "JPEG", quality=95)))
    assert abs(opened - (220, 30, 40)).max() <= 3


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_of_many_frames_the_first_is_seen(kind):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ["red", *["blue"] * 300]]
    frames = frames[: 3 if kind == "MPO" else 301]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert abs(values(open_image(data)) - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.02, 0.25, 0.5, 0.9])
def test_a_cut_file_is_refused(kind, part):
    noise = Image.fromarray(numpy.random.default_rng(0).integers(0, 256, (64, 64, 3), numpy.uint8))
    data = encoded(noise, kind)
    assert refusal(data[: int(len(data) * part)]).code == "image_truncated"


@pytest.mark.parametrize("kind", FORMATS)
def test_flipped_bits_give_a_picture_or_a_clear_error(kind):
    data = bytearray(encoded(photo(), kind))
    for place in numpy.random.default_rng(1).integers(0, len(data), 60):
        broken = data.copy()
        broken[place] ^= 1 << int(place) % 8
        try:
            assert open_image(bytes(broken)).mode == "RGB"
        except ImageError:
            refusal(bytes(broken))


@pytest.mark.parametrize("size", [(30_000, 30_000), (65_535, 65_535), (16_385, 10_000), (1, 2**31 - 1), (9_000, 9_000)])
def test_a_picture_that_claims_too_many_pixels_is_refused_on_its_header(size, recwarn):
    assert refusal(png_claiming(*size)).code == "image_too_many_pixels"
    assert not recwarn.list


def test_a_bomb_of_zeros_is_not_unpacked():
    bomb = png_claiming(13_000, 13_000, zlib.compress(bytes(13_000 * 13_001)))
    assert len(bomb) < 200_000
    assert refusal(bomb).code == "image_too_many_pixels"


@pytest.mark.parametrize("size", [(1, 1), (1, 150), (150, 1), (3, 3), (1, 2)])
def test_small_pictures_open(size):
    assert open_image(encoded(photo(*size))).size == size


@pytest.mark.parametrize("size", [(1, 4096), (4096, 1), (16_000, 79)])
def test_far_too_long_pictures_are_refused(size):
    assert refusal(encoded(Image.new("L", size))).code == "image_aspect"
    assert refusal(Image.new("RGB", size)).code == "image_aspect"


def test_limits_can_be_changed():
    data = encoded(photo(40, 24))
    assert refusal(data, Limits(bytes=50)).code == "image_too_many_bytes"
    assert refusal(data, Limits(pixels=959)).code == "image_too_many_pixels"
    assert refusal(data, Limits(side=39)).code == "image_too_many_pixels"
    assert refusal(data, Limits(aspect=1)).code == "image_aspect"
    assert open_image(data, Limits(pixels=960, side=40, aspect=2, bytes=len(data))).size == (40, 24)
    assert open_image(encoded(Image.new("1", (17_000, 100))), Limits(side=20_000)).width == 17_000


def test_a_large_file_is_not_read(tmp_path):
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(LIMITS.bytes + 1)
    assert refusal(path).code == "image_too_many_bytes"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a text that was named .jpg by mistake", "text"),
        (b"<!DOCTYPE html><html>404", "web page"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x1cftypisom\0\0\0\0", "video"),
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x0a\xff", "JPEG XL"),
        (b"PK\3\4", "ZIP"),
        (b"\0\1\2\3\4\5\6\7", "not known"),
        (b"P6 1 1 255 abc", "text"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(data, said, tmp_path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(data)
    error = refusal(path)
    assert error.code == "image_format"
    assert said in str(error)
    assert "holiday.jpg" in str(error)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"GIF89a", b"II*\0", b"RIFF\0\0\0\0WEBP"]
)
def test_nothing_but_a_beginning(data):
    assert refusal(data).code == ("image_truncated" if data else "image_empty")


def test_files_that_cannot_be_read(tmp_path):
    missing = tmp_path / "no\n\x1b[31msuch.jpg"
    error = refusal(missing)
    assert error.code == "image_missing"
    assert "no??[31msuch.jpg" in str(error)
    assert refusal(tmp_path).code == "image_missing"
    assert refusal(str(tmp_path / ("x" * 5000))).code == "image_missing"
    assert refusal("nul\0byte").code == "image_missing"
    assert refusal("/dev/zero").code == "image_missing"
    empty = tmp_path / "empty.jpg"
    empty.touch()
    assert refusal(empty).code == "image_empty"
    assert refusal("https://example.org/cat.jpg").code == "image_fetch"


def test_pixels_without_a_known_range_are_refused():
    assert refusal(encoded(Image.new("F", (4, 4), float("nan")), "TIFF")).code == "image_mode"
    assert refusal(Image.new("I", (4, 4), -5)).code == "image_mode"
    assert refusal(Image.new("I", (4, 4), 70_000)).code == "image_mode"
    assert refusal(Image.new("RGB", (0, 4))).code == "image_empty"


def test_a_picture_opened_elsewhere_that_turns_out_to_be_cut():
    data = encoded(photo(400, 240), "JPEG")
    assert refusal(Image.open(io.BytesIO(data[: len(data) * 2 // 3]))).code == "image_truncated"


def test_the_front_door_stays_light():
    check = "import sys, seeread.preprocessing.image; print([m for m in ('torch', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_picture_given_is_not_changed(tmp_path: Path):
    image = photo().convert("RGBA")
    before = image.tobytes()
    open_image(image)
    assert (image.mode, image.tobytes()) == ("RGBA", before)
