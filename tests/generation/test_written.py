"""Text that comes in pieces is the whole text, whatever its tokens are and wherever a stop begins."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from seeread.generation.written import CONTEXT, Written

LINES = ["a cat and a dog, naïve café", "zwei Bären  unter Bäumen\n", "猫 と 犬", "😀 smile 👩‍👩‍👧 family"] * 3


def byte_level() -> Tokenizer:
    """As GPT-2 and Qwen2: tokens are bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(LINES, trainer)
    return tokenizer


def sentencepiece() -> Tokenizer:
    """As Llama: a mark for spaces, one left away at the start, and bytes for what the vocabulary lacks."""
    words = ["▁", "▁a", "▁cat", "s", "a", "t", "c", "▁▁", ".", "▁dog", "\n"]
    pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    vocabulary = {piece: index for index, piece in enumerate(["<unk>", *pieces, *words])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens(["<end>"])
    return tokenizer


TOKENIZERS = {"bytes": byte_level(), "sentencepiece": sentencepiece()}


def pieces(written: Written, ids: Sequence[int]) -> list[str]:
    out = []
    for token in ids:
        out.append(written.add(token))
        if written.stopped:
            return out
    return [*out, written.finish()]


@pytest.mark.parametrize("name", TOKENIZERS)
@given(data=st.data())
def test_pieces_are_the_whole(name: str, data: st.DataObject) -> None:
    """Of any tokens at all, as long as their bytes make letters in the end; and of others, but for the bytes that make
    none."""
    tokenizer = TOKENIZERS[name]
    size = tokenizer.get_vocab_size()
    ids = data.draw(st.lists(st.integers(0, size - 1) | st.integers(size - 12, size - 1), max_size=3 * CONTEXT))
    whole, written = tokenizer.decode(ids), Written(tokenizer.decode)
    joined = "".join(pieces(written, ids))
    assert joined == written.text
    if name == "bytes" or "\ufffd" not in whole:
        assert joined == whole


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("line", ["😀", "é", "猫", "👩‍👩‍👧", " a cat", "  cats  ", "cat\n猫\n😀😀", "cat 猫" * 60])
def test_no_half_letters(name: str, line: str) -> None:
    tokenizer = TOKENIZERS[name]
    ids = tokenizer.encode(line.replace(" ", "▁") if name == "sentencepiece" else line).ids
    out = pieces(Written(tokenizer.decode), ids)
    assert "".join(out) == tokenizer.decode(ids)
    assert not any("\ufffd" in piece for piece in out)


def test_what_was_said_is_not_taken_back() -> None:
    """An answer cut off amid the bytes of a letter: one token more makes those before it unreadable, too."""
    tokenizer = TOKENIZERS["sentencepiece"]
    ids = [tokenizer.token_to_id(f"<0x{byte:02X}>") for byte in (*"é".encode(), 0xF0, 0x9F)]
    assert tokenizer.decode(ids) == "\ufffd" * 4
    assert "".join(pieces(Written(tokenizer.decode), ids)).startswith("é\ufffd")


def test_special_tokens_do_not_eat_spaces() -> None:
    tokenizer = TOKENIZERS["sentencepiece"]
    end, dog = tokenizer.token_to_id("<end>"), tokenizer.token_to_id("▁dog")
    ids = [dog, *[end] * 3 * CONTEXT, dog]
    assert "".join(pieces(Written(tokenizer.decode), ids)) == "dog dog"


def test_long_answers_do_not_write_everything_again() -> None:
    longest = 0

    def write(ids: Sequence[int]) -> str:
        nonlocal longest
        longest = max(longest, len(ids))
        return "x" * len(ids)

    assert "".join(pieces(Written(write), range(1000))) == "x" * 1000
    assert longest <= 2 * CONTEXT + 2


@given(
    st.lists(st.text("abc", max_size=4), max_size=12),
    st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=3),
)
def test_stops_wherever_tokens_begin(tokens: list[str], stops: list[str]) -> None:
    """The text up to the first place of a stop, at the first token with which there is one."""
    written = Written(lambda ids: "".join(tokens[index] for index in ids), stops)
    out = pieces(written, range(len(tokens)))
    expected = "".join(tokens)
    for count in range(1, len(tokens) + 1):
        text = "".join(tokens[:count])
        places = [text.index(stop) for stop in stops if stop in text]
        if places:
            expected = text[: min(places)]
            assert written.stopped
            assert len(out) == count, "it stops as soon as it can"
            break
    else:
        assert not written.stopped
    assert "".join(out) == written.text == expected


def test_holds_back_no_more_than_the_beginning_of_a_stop() -> None:
    written = Written(lambda ids: "".join(map(chr, ids)), ("\nUser:",))
    assert [written.add(ord(letter)) for letter in "a\nUs b\nUser:"] == [
        "a", "", "", "", "\nUs ", "b", "", "", "", "", "", "",
    ]  # fmt: skip
    assert (written.text, written.stopped) == ("a\nUs b", True)


def test_a_stop_may_be_in_what_was_held_back() -> None:
    written = Written(lambda ids: "ab\ufffd"[: len(ids)], ("\ufffd",))
    assert pieces(written, range(3)) == ["a", "b", "", ""]
    assert (written.text, written.stopped) == ("ab", True)


def test_branches_go_on_alone() -> None:
    one = Written(lambda ids: "".join(map(chr, ids)), ("xy",))
    one.add(ord("x"))
    other = one.branch()
    assert other.add(ord("y")) == ""
    assert other.stopped
    assert one.add(ord("z")) == "xz"
    assert (one.text, other.text) == ("xz", "")
