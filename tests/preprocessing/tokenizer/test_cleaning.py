"""Text cleaning against the originals: ftfy, and the few lines of OpenAI, open_clip and big_vision around it."""

import html
import string
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seeread.preprocessing.tokenizer import cleaning
from tests.preprocessing.vocabularies import TEXTS

ODDITIES = ["&amp;", "&lt;", "&#39;", "&rsquo;", "&EACUTE;", "&amp;amp;", "\u2019", "\r\n", "\x1b[31m", "\x92", "ﬁ"]
ODDITIES += ["e\u0301", "&", ";", "\ud83d", "\udca9", "\u00a0", "Ａ", "ﾀ", "_", "-", "."]
texts = st.lists(st.one_of(st.characters(), st.sampled_from(ODDITIES))).map("".join)


def original_clip(text: str) -> str:
    """OpenAI's `whitespace_clean(basic_clean(text))`, less the guessing of encodings."""
    ftfy = pytest.importorskip("ftfy")
    regex = pytest.importorskip("regex")
    text = ftfy.fix_text(text, fix_encoding=False)
    text = html.unescape(html.unescape(text)).strip()
    return regex.sub(r"\s+", " ", text).strip()


@pytest.mark.parametrize("text", TEXTS)
def test_clip_cleans_as_openai(text: str) -> None:
    assert cleaning.clip(text) == original_clip(text)


@settings(max_examples=300, deadline=None)
@given(texts)
def test_clip_cleans_any_text_as_openai(text: str) -> None:
    if "<" in text and "\n" in text:
        return  # ftfy decides about entities line by line
    assert cleaning.clip(text) == original_clip(text)


@settings(max_examples=300, deadline=None)
@given(texts)
def test_canonical_is_openclips(text: str) -> None:
    if "<" in text and "\n" in text:
        return
    ftfy = pytest.importorskip("ftfy")
    repaired = html.unescape(html.unescape(ftfy.fix_text(text, fix_encoding=False))).strip()
    expected = repaired.replace("_", " ").translate(str.maketrans("", "", string.punctuation))
    assert cleaning.canonical(text) == " ".join(expected.split())


def test_every_odd_character_is_replaced_as_by_ftfy() -> None:
    blocks = [range(0x80, 0xA1), range(0x130, 0x150), range(0x1C4, 0x1F4), range(0x2000, 0x2070)]
    for number in chain(*blocks, range(0xFB00, 0xFB07), range(0xFEFF, 0x10000), cleaning.PLAIN_FORMS):
        text = f"a{chr(number)}b"
        assert cleaning.clip(text) == original_clip(text), hex(number)


def test_what_a_person_types_becomes_what_the_model_knows() -> None:
    assert cleaning.clip(" A man\u2019s  \u201chat\u201d &amp; coat\n") == "A man's \"hat\" & coat"
    assert cleaning.canonical("A man\u2019s hot_dog, please!") == "A mans hot dog please"
    assert cleaning.siglip("a hot_dog, please!") == "a hotdog please"
    assert cleaning.none(" a  b ") == " a  b "


def test_wrong_encodings_are_left_alone() -> None:
    assert cleaning.clip("caf\u00c3\u00a9") == "caf\u00c3\u00a9"


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_every_string_can_be_encoded(text: str) -> None:
    cleaning.encodable(text).encode()


def test_halves_of_a_pair_are_joined() -> None:
    assert cleaning.encodable("\ud83d\ude00 \ud83d") == "\U0001f600 \ufffd"
