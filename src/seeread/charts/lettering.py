"""Letters on pictures: which font has them, and what fits into the room there is."""

import unicodedata
from functools import cache

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

_FONTS = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc", "NotoSansArabic-Regular.ttf",
    "Arial Unicode.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc",
    "arial.ttf", "segoeui.ttf", "msyh.ttc", "meiryo.ttc", "malgun.ttf",
)  # fmt: skip


@cache
def font_for(text: str, size: int) -> FreeTypeFont:
    """Pillow's own font, or for letters that it lacks the first of the system's that has all of them."""
    own = ImageFont.load_default(size)
    assert isinstance(own, FreeTypeFont)
    if text.isascii():
        return own
    for name in _FONTS:
        try:
            font = ImageFont.truetype(name, size)
        except OSError:  # it is not on this machine
            continue
        if _has(font, text):
            return font
    return own


def _has(font: FreeTypeFont, text: str) -> bool:
    missing = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(letter)) != missing for letter in text if not letter.isspace())


def spelled(text: str, font: FreeTypeFont, room: float) -> str:
    """The text as this font can write it, cut where there is no more room."""
    if not _has(font, text):
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().strip()
        text = plain or "?"
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "...") > room:
        text = text[:-1]
    return text.rstrip() + "..."
