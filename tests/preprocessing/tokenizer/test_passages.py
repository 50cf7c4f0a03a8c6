"""Passages: tokens are found where they are, and nowhere else; what lies between is encoded as by `tokenizers`."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from seeread.preprocessing.tokenizer.passages import Passages
from tests.preprocessing.dialogue.speakers import HEADERS, KINDS, PLACES, SPECIAL, backend, tokenizer
from tests.preprocessing.vocabularies import TEXTS

PLANTED = [*SPECIAL, *PLACES, *HEADERS]


def whole(kind: str, text: str) -> list[int]:
    vocabulary = backend(kind)
    vocabulary.encode_special_tokens = False
    return vocabulary.encode(text, add_special_tokens=False).ids


def in_parts(kind: str, text: str) -> list[int]:
    passages = tokenizer(kind).passages
    ids: list[int] = []
    for place, part in enumerate(passages.split(text)):
        if isinstance(part, int):
            ids.append(part)
        elif part is not None:
            ids += passages.encode(part, "nothing" if place == 0 else "token")
    return ids


planted = some.lists(some.sampled_from(PLANTED) | some.text(max_size=5), max_size=8).map("".join)


@given(planted, some.sampled_from(KINDS))
def test_in_parts_as_in_whole(text: str, kind: str) -> None:
    text = text.encode(errors="replace").decode()
    assert in_parts(kind, text) == whole(kind, text)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_in_a_passage_is_a_token(kind: str) -> None:
    passages = tokenizer(kind).passages
    bare = Tokenizer(backend(kind).model)
    for part in ("normalizer", "pre_tokenizer"):
        if getattr(backend(kind), part) is not None:
            setattr(bare, part, getattr(backend(kind), part))
    numbers = {tokenizer(kind).number(text) for text in PLANTED}
    for text in [*PLANTED, "".join(PLANTED), *TEXTS]:
        for after in ("nothing", "token", "text"):
            ids = passages.encode(text.replace("\ud800", ""), after)
            assert numbers.isdisjoint(ids)
            if after == "nothing" and "\n" not in text:
                assert ids == bare.encode(text.replace("\ud800", ""), add_special_tokens=False).ids
            if text in PLANTED:
                assert tokenizer(kind).write(ids).strip() == text


@pytest.mark.parametrize("kind", KINDS)
def test_the_middle_of_a_text_begins_with_no_space(kind: str) -> None:
    words = tokenizer(kind)
    middle = words.passages.encode("dog", "text")
    assert words.write(words.passages.encode("a", "nothing") + middle).strip() == "adog"
    assert words.write(words.passages.encode("a", "nothing") + words.passages.encode(" dog", "text")).strip() == "a dog"


def test_a_token_that_is_also_a_word_is_spelled() -> None:
    pieces = ["<", "s", ">", "<s", "<s>", "x"]
    vocabulary = Tokenizer(models.BPE({p: n for n, p in enumerate(pieces)}, [("<", "s"), ("<s", ">")]))
    vocabulary.add_special_tokens([AddedToken("<s>", normalized=False)])
    passages = Passages(vocabulary)
    assert passages.encode("x<s>x", "nothing") == [5, 3, 2, 5]
    assert list(passages.split("x<s>x")) == ["x", 4, "x"]


def test_the_placeholder_of_a_vocabulary_without_one() -> None:
    passages = tokenizer("bytes").passages
    assert list(passages.split("a<picture>b<s>", "<picture>")) == ["a", None, "b", tokenizer("bytes").number("<s>")]
    assert list(passages.split("a<image>b", "<image>")) == ["a", None, "b"]
    assert list(passages.split("")) == []


def test_tokens_claim_the_space_beside_them_and_may_want_to_stand_alone() -> None:
    vocabulary = Tokenizer(models.BPE())
    flags = [("[L]", {"lstrip": True}), ("[R]", {"rstrip": True}), ("one", {"single_word": True}), ("[L]!", {})]
    vocabulary.add_special_tokens([AddedToken(text, normalized=False, **flag) for text, flag in flags])
    numbers = {text: vocabulary.token_to_id(text) for text, _ in flags}
    names = {number: text for text, number in numbers.items()}
    for text in ["a \n[L] b", "a [R] \n b", "[L][R]", " [R] [L] ", "one ones one_ .one", "a [L]! [L]", "[R] [R]"]:
        ours = [part if isinstance(part, str) else names[part] for part in Passages(vocabulary).split(text)]
        theirs = [names[number] for number in vocabulary.encode(text).ids]
        assert [part for part in ours if part in names.values()] == theirs, text


def test_one_vocabulary_is_not_copied() -> None:
    """A vocabulary of 256,000 pieces takes a second to copy, and three are needed."""
    vocabulary = Tokenizer(models.WordLevel({str(n): n for n in range(200_000)}, unk_token="0"))
    vocabulary.pre_tokenizer = pre_tokenizers.Whitespace()
    passages = Passages(vocabulary)
    assert passages.encode("7 199999", "text") == [7, 199999]
