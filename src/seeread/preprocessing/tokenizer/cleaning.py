"""What is done to a text before it is cut into tokens: the cleaning that each family was trained or published with."""

import html
import re
import string
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal

Clean = Literal["none", "clip", "canonical", "siglip"]

CURLY_QUOTES = {"'": "\u02bc\u2018\u2019\u201a\u201b", '"': "\u201c\u201d\u201e\u201f"}
LIGATURES = "ĲĳŉǄǅǆǇǈǉǊǋǌǱǲǳﬀﬁﬂﬃﬄﬆ"
TERMINAL_COLOUR = re.compile("\033\\[[\\d;]*[a-zA-Z]")
ENTITY = re.compile("&#?[0-9A-Za-z]{1,24};")
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def repair(text: str) -> str:
    """Tidied typography, HTML entities resolved, composed characters (NFC): `basic_clean` of openai/CLIP and open_clip.

    The originals call the `ftfy` package. This does what `ftfy` does except for its guessing game: text that was
    decoded with the wrong encoding ("cafÃ©") is left as it is. That keeps a dependency and a statistical
    heuristic out of every text; captions and labels typed by people are not affected.
    """
    if text.isascii() and text.isprintable() and "&" not in text:
        return text.strip()
    while (tidied := _tidy(text)) != text:
        text = tidied
    return html.unescape(html.unescape(text)).strip()


def collapse(text: str) -> str:
    """White space of any kind and length to single spaces; none at the ends."""
    return " ".join(text.split())


def clip(text: str) -> str:
    """As openai/CLIP and open_clip read a text (case is the affair of `TokenizerRules.lower_case`)."""
    return collapse(repair(text))


def canonical(text: str) -> str:
    """As open_clip reads a text for SigLIP: underscores are spaces, ASCII punctuation is dropped.

    Source: `canonicalize_text` of google-research/big_vision, preceded by open_clip's `basic_clean`.
    """
    return collapse(repair(text).replace("_", " ").translate(NO_PUNCTUATION))


def siglip(text: str) -> str:
    """As `transformers` reads a text for SigLIP: ASCII punctuation is dropped, underscores too, nothing is repaired."""
    return collapse(text.replace("\u2581", " ").translate(NO_PUNCTUATION))


def none(text: str) -> str:
    """The text as it is."""
    return text


CLEANERS: dict[Clean, Callable[[str], str]] = {"none": none, "clip": clip, "canonical": canonical, "siglip": siglip}


def encodable(text: str) -> str:
    """The text with halves of UTF-16 pairs joined, or replaced by U+FFFD: such strings have no UTF-8 form."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _tidy(text: str) -> str:
    """One round of typographic repair; repeated until nothing changes, since one repair may uncover another."""
    if "<" not in text:  # where there are tags, an entity may be meant to stay one: as ftfy, leave it to `repair`
        text = ENTITY.sub(_resolve, text)
    text = TERMINAL_COLOUR.sub("", encodable(text.translate(PLAIN_FORMS)))
    return unicodedata.normalize("NFC", text.translate(CONTROLS))


def _resolve(entity: re.Match[str]) -> str:
    character = html.unescape(entity[0])
    if character == entity[0] and entity[0].isupper():  # "P&EACUTE;REZ"
        character = html.unescape(entity[0].lower()).upper()
    return entity[0] if ";" in character else character


def _plain_forms() -> dict[int, str]:
    forms = {ligature: unicodedata.normalize("NFKC", ligature) for ligature in LIGATURES}
    forms["ﬅ"] = "ſt"
    forms |= {chr(wide): unicodedata.normalize("NFKC", chr(wide)) for wide in [0x3000, *range(0xFF01, 0xFFF0)]}
    # Characters U+0080 to U+009F are Windows-1252 that was taken for Latin-1 (five of them exist in neither).
    forms |= {chr(byte): bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0xA0)}
    forms |= {curly: plain for plain, several in CURLY_QUOTES.items() for curly in several}
    return {ord(odd): plain for odd, plain in forms.items() if plain not in (odd, "\ufffd")}


PLAIN_FORMS: Mapping[int, str] = _plain_forms()
CONTROLS: Mapping[int, None] = dict.fromkeys(
    [*range(9), 0x0B, *range(0x0E, 0x20), 0x7F, *range(0x206A, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFD)]
)
