"""Stand-ins hide every letter, keep white space, and give back what they hid."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from seeread.errors import UsageError
from seeread.preprocessing.dialogue.standins import StandIns


@given(some.lists(some.text(), max_size=4))
def test_what_is_hidden_comes_back(texts: list[str]) -> None:
    standins = StandIns()
    hidden = [standins.hide(text) for text in texts]
    assert [standins.reveal(one) for one in hidden] == texts
    for text, one in zip(texts, hidden, strict=True):
        assert [letter if letter.isspace() else None for letter in text] == [
            letter if letter.isspace() else None for letter in one
        ]
        assert all(letter.isspace() or ord(letter) >= 0xF0000 for letter in one)


@given(some.text(alphabet="\U000f0000\U000f0001\U0010fffd ab"))
def test_private_letters_of_ones_own_are_letters_too(text: str) -> None:
    standins = StandIns()
    assert standins.reveal(standins.hide(text)) == text


def test_half_a_pair_has_no_form() -> None:
    standins = StandIns()
    assert standins.reveal(standins.hide("a\ud800b\ud83d\ude00")) == "a\ufffdb\U0001f600"


def test_what_is_kept() -> None:
    standins = StandIns()
    hidden = standins.hide("x <loc0001><seg002> <image>", re.compile(r"<loc\d{4}>|<seg\d{3}>"))
    assert "<loc0001><seg002>" in hidden and "image" not in hidden
    assert standins.reveal(hidden) == "x <loc0001><seg002> <image>"


def test_there_are_enough_for_every_language() -> None:
    every = "".join(chr(number) for number in range(0x20, 0x1FFFF) if not 0xD800 <= number < 0xE000)
    standins = StandIns()
    assert standins.reveal(standins.hide(every)) == every
    with pytest.raises(UsageError, match="different characters"):
        standins.hide("".join(map(chr, range(0x20000, 0x42000))))
