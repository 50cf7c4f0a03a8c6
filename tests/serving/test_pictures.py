"""Pictures are kept by what they are, as they came, and not for ever."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops

pytest.importorskip("fastapi")

from seeread.errors import ImageError, UsageError
from seeread.preprocessing.image import Limits, open_image
from seeread.serving.pictures import Pictures


def file_of(colour: str, size: tuple[int, int] = (40, 30), kind: str = "PNG", **more: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **more)
    return file.getvalue()


def test_what_is_kept_is_opened_again_as_it_came() -> None:
    pictures = Pictures()
    data = file_of("teal")
    kept = pictures.keep(data)
    assert (kept.width, kept.height) == (40, 30)
    assert pictures.keep(data) == kept
    assert pictures.keep(file_of("navy")).name != kept.name
    assert not ImageChops.difference(pictures.open(kept.name), open_image(data)).getbbox()


def test_a_photograph_that_lies_on_its_side_is_kept_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    kept = Pictures().keep(file_of("teal", (40, 30), "JPEG", exif=exif))
    assert (kept.width, kept.height) == (30, 40)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image_empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image_format"),
        (b"GIF89a", "image_truncated"),
        (file_of("red")[:60], "image_truncated"),
        (file_of("red", (300, 300)), "image_too_many_pixels"),
        (file_of("red") + bytes(50_000), "image_too_many_bytes"),
    ],
)
def test_what_is_no_picture_is_not_kept(data: bytes, code: str) -> None:
    pictures = Pictures(limits=Limits(bytes=40_000, pixels=80_000))
    with pytest.raises(ImageError, match="picture") as found:
        pictures.keep(data)
    assert found.value.code == code


def test_the_one_not_seen_for_longest_makes_room() -> None:
    files = [file_of(colour, (200, 200), "BMP") for colour in ("red", "green", "blue")]
    pictures = Pictures(room=len(files[0]) * 2)
    first, second = pictures.keep(files[0]), pictures.keep(files[1])
    pictures.open(first.name)
    third = pictures.keep(files[2])
    assert pictures.open(first.name)
    assert pictures.open(third.name)
    with pytest.raises(UsageError, match="Choose it again"):
        pictures.open(second.name)


def test_there_is_always_something_to_look_at() -> None:
    pictures = Pictures(room=1)
    assert len(pictures.examples) >= 4
    for kept in pictures.examples:
        assert pictures.open(kept.name).size == (kept.width, kept.height)
        assert not ImageChops.difference(pictures.open(kept.name), pictures.open(kept.name)).getbbox()


def test_browsers_get_a_file_of_the_size_they_want() -> None:
    pictures = Pictures()
    kept = pictures.keep(file_of("teal", (400, 100), "TIFF"))
    data, kind = pictures.encoded(kept.name, 64)
    assert kind == "image/jpeg"
    assert Image.open(BytesIO(data)).size == (64, 16)
    whole, kind = pictures.encoded(pictures.examples[0].name)
    assert kind == "image/png"
    assert not ImageChops.difference(Image.open(BytesIO(whole)), pictures.open(pictures.examples[0].name)).getbbox()
