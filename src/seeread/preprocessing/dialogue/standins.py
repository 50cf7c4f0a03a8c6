"""Stand-ins: what people wrote, disguised while a template is at work, so that it can be told from the template's own.

A chat template is a program that glues together what people wrote and the tokens that steer a model. In its result
"<image>" may be an image place, or six letters that somebody typed. So the template is never shown anybody's letters:
each is replaced by a character of Unicode's private planes first, and put back when the tokens have been found. White
space stays what it is, for templates trim it. What a template does with a text as a whole (trim, split at white space,
join, repeat, measure) works as ever; what looks for letters in it finds none, and upper case does not reach it.
"""

import re
from collections.abc import Iterator

from seeread.errors import UsageError
from seeread.preprocessing.tokenizer.cleaning import encodable

_PRIVATE = (range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE))  # planes 15 and 16, 131,068 characters


class StandIns:
    """The disguise of one dialogue. What is hidden comes back from `reveal` as it was."""

    def __init__(self) -> None:
        self._hide: dict[int, str] = {}
        self._reveal: dict[int, str] = {}
        self._free = self._unused()

    def hide(self, text: str, keep: re.Pattern[str] | None = None) -> str:
        """The text with every character that is not white space replaced, except where `keep` matches."""
        text = encodable(text)
        for letter in set(text):
            if not letter.isspace() and ord(letter) not in self._hide:
                stand_in = next(self._free, None)
                if stand_in is None:
                    raise UsageError("A dialogue has more than 131,068 different characters. Shorten it.")
                self._hide[ord(letter)], self._reveal[ord(stand_in)] = stand_in, letter
        if keep is None:
            return text.translate(self._hide)
        kept = keep.findall(text)
        hidden = [between.translate(self._hide) for between in keep.split(text)]
        return hidden[0] + "".join(token + between for token, between in zip(kept, hidden[1:], strict=True))

    def reveal(self, text: str) -> str:
        """The text with every stand-in replaced by what it stands for."""
        return text.translate(self._reveal)

    @staticmethod
    def _unused() -> Iterator[str]:
        for plane in _PRIVATE:
            yield from map(chr, plane)
