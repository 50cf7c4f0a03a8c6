"""What a file is, told from its first bytes: the six picture formats that are read, and the many that are not."""

from collections.abc import Callable
from io import BytesIO

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

# One decoder per format, called directly: no guessing among Pillow's forty, most of them never needed and a
# source of its security advisories. JPEGs that carry several pictures (MPO) open as their first one.
DECODERS: dict[str, Callable[[BytesIO], ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}

_READ = (
    ("JPEG", b"\xff\xd8\xff"),
    ("PNG", b"\x89PNG\r\n\x1a\n"),
    ("GIF", b"GIF87a"),
    ("GIF", b"GIF89a"),
    ("TIFF", b"II*\0"),
    ("TIFF", b"MM\0*"),
    ("TIFF", b"II+\0"),
    ("TIFF", b"MM\0+"),
    ("BMP", b"BM"),
)

_NOT_READ = (
    ("a PDF document", b"%PDF"),
    ("a PostScript document", b"%!PS"),
    ("a PostScript document", b"\xc5\xd0\xd3\xc6"),
    ("a Photoshop document", b"8BPS"),
    ("a JPEG 2000 picture", b"\0\0\0\x0cjP  "),
    ("a JPEG 2000 picture", b"\xff\x4f\xff\x51"),
    ("a JPEG XL picture", b"\xff\x0a"),
    ("a JPEG XL picture", b"\0\0\0\x0cJXL "),
    ("an icon", b"\0\0\1\0"),
    ("a Matroska or WebM video", b"\x1aE\xdf\xa3"),
    ("a ZIP archive", b"PK\3\4"),
    ("a gzip archive", b"\x1f\x8b"),
)

_BRANDS = {b"avif": "an AVIF picture", b"avis": "an AVIF picture"} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "a HEIC picture"
)


def picture_format(data: bytes) -> str | None:
    """The format of `data`, a key of `DECODERS`, or None when its first bytes are of no format that is read."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    return next((name for name, magic in _READ if data.startswith(magic)), None)


def foreign_kind(data: bytes) -> str:
    """What `data` looks like when it is no picture that is read, in words for an error message."""
    for kind, magic in _NOT_READ:
        if data.startswith(magic):
            return kind
    if data[4:8] == b"ftyp":  # one container for HEIC, AVIF and MP4; the brand after the box name says which
        return _BRANDS.get(data[8:12], "a video")
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in start:
        return "an SVG drawing"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if start and all(byte >= 32 or byte in b"\t\n\r\f" for byte in start):
        return "text"
    return "of a kind that is not known"
