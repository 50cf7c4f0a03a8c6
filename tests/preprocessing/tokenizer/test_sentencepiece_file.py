"""SentencePiece files: the ids of the sentencepiece package, and nothing but one clear error for damaged files."""

import io
import json
import random
from contextlib import suppress
from pathlib import Path

import pytest

from seeread.errors import TokenizerError
from seeread.preprocessing.tokenizer import sentencepiece_file
from seeread.preprocessing.tokenizer.sentencepiece_file import from_sentencepiece, to_sentencepiece
from tests.preprocessing.vocabularies import SENTENCES, TEXTS, siglip2_folder, siglip_folder
from tests.shared import shared


def ids(file: Path, texts: list[str]) -> list[list[int]]:
    backend = from_sentencepiece(file)
    backend.encode_special_tokens = True
    return [encoding.ids for encoding in backend.encode_batch(texts, add_special_tokens=False)]


def captions() -> list[str]:
    lines = shared("coco_mini", "captions_val2017_text_only.jsonl").read_text().splitlines()
    return [caption for line in lines[::10] for caption in json.loads(line)[1]]


@pytest.mark.parametrize("name", ["t5_sentencepiece.model", "llama2_tokenizer.model"])
def test_real_vocabularies_give_the_reference_ids(name: str) -> None:
    file = shared("tokenizers", name)
    reference = pytest.importorskip("sentencepiece").SentencePieceProcessor(model_file=str(file))
    texts = TEXTS + captions()
    assert ids(file, texts) == reference.encode(texts)


@pytest.mark.parametrize(
    "options",
    [
        {"model_type": "unigram"},
        {"model_type": "unigram", "byte_fallback": True, "vocab_size": 330},
        {"model_type": "bpe", "vocab_size": 140},
        {"model_type": "bpe", "byte_fallback": True, "vocab_size": 390},
        {"model_type": "bpe", "vocab_size": 140, "add_dummy_prefix": False, "remove_extra_whitespaces": False},
        {"model_type": "unigram", "add_dummy_prefix": False, "normalization_rule_name": "identity"},
        {"model_type": "unigram", "split_by_whitespace": False, "hard_vocab_limit": False},
    ],
    ids=str,
)
def test_trained_vocabularies_give_the_reference_ids(options: dict[str, object], tmp_path: Path) -> None:
    sentencepiece = pytest.importorskip("sentencepiece")
    written = io.BytesIO()
    options = {"vocab_size": 80, "minloglevel": 2, "character_coverage": 1.0} | options
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES), model_writer=written, **options
    )
    file = tmp_path / "spiece.model"
    file.write_bytes(written.getvalue())
    reference = sentencepiece.SentencePieceProcessor(model_file=str(file))
    assert ids(file, TEXTS + SENTENCES) == reference.encode(TEXTS + SENTENCES)


def test_what_is_written_encodes_the_same(tmp_path: Path) -> None:
    first = siglip_folder(tmp_path / "first") / "spiece.model"
    second = tmp_path / "second.model"
    content = to_sentencepiece(from_sentencepiece(first))
    assert content is not None
    second.write_bytes(content)
    assert ids(first, TEXTS) == ids(second, TEXTS)
    assert sentencepiece_file.read(first) == sentencepiece_file.read(second)
    assert [piece.kind.name for piece in sentencepiece_file.read(first).pieces[:4]] == [
        "CONTROL", "CONTROL", "UNKNOWN", "NORMAL"
    ]  # fmt: skip


def test_bpe_is_not_written(tmp_path: Path) -> None:
    from seeread.preprocessing.tokenizer.vocabulary import from_json

    assert to_sentencepiece(from_json(siglip2_folder(tmp_path) / "tokenizer.json")) is None


def test_a_file_cut_anywhere_is_refused_or_whole_in_itself(tmp_path: Path) -> None:
    whole = (siglip_folder(tmp_path) / "spiece.model").read_bytes()
    file, refused = tmp_path / "cut.model", 0
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        try:
            sentencepiece_file.read(file)
        except TokenizerError:
            refused += 1
    assert refused > 0.8 * len(whole) / 7  # a cut between two pieces leaves a smaller, proper vocabulary


def test_flipped_bits_are_refused_or_read(tmp_path: Path) -> None:
    whole = (siglip_folder(tmp_path) / "spiece.model").read_bytes()
    file, chance = tmp_path / "flipped.model", random.Random(0)
    for _ in range(200):
        flipped = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        file.write_bytes(flipped)
        with suppress(TokenizerError):
            from_sentencepiece(file)


def piece(text: bytes, kind: int = 1, score: bytes = bytes(4)) -> bytes:
    inner = b"\x0a" + bytes([len(text)]) + text + b"\x15" + score + b"\x18" + bytes([kind])
    return b"\x0a" + bytes([len(inner)]) + inner


UNKNOWN = piece(b"<unk>", kind=2)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"\x0b",  # a group, which the format does not use
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",  # a length of 2**63
        b"\x0a" + b"\xff" * 11,  # a number without end
        piece(b"a"),  # nothing for the unknown
        UNKNOWN + piece(b"a") + piece(b"a"),
        UNKNOWN + piece(b""),
        UNKNOWN + piece(b"\xff\xfe"),
        UNKNOWN + piece(b"a", kind=9),
        UNKNOWN + piece(b"a", score=b"\x00\x00\xc0\x7f"),
        UNKNOWN + piece(b"a") + b"\x12\x02\x18\x03",  # words
        UNKNOWN + piece(b"a") + b"\x1a\x03\x12\x01",  # a character map that is cut
        UNKNOWN + piece(b"a") + b"\x1a\x02\x10\x01",  # a character map that is a number
        UNKNOWN + piece(b"a") + b"\x1a\x06\x12\x04\xff\xff\xff\xff",  # a character map of nonsense
    ],
)
def test_hostile_files_are_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "spiece.model"
    file.write_bytes(content)
    with pytest.raises(TokenizerError, match=r"spiece\.model"):
        from_sentencepiece(file)


def test_a_well_formed_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "spiece.model"
    file.write_bytes(UNKNOWN + piece("▁a".encode()) + piece(b"b"))
    assert ids(file, ["a ab", "abz"]) == [[1, 1, 2], [1, 2, 0]]


def test_too_many_pieces_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentencepiece_file, "MOST_PIECES", 2)
    file = tmp_path / "spiece.model"
    file.write_bytes(UNKNOWN + piece(b"a") + piece(b"b"))
    with pytest.raises(TokenizerError):
        from_sentencepiece(file)


@pytest.mark.parametrize("name", ["tiny_siglip_test_vocab.spm", "tiny_gemma_test_vocab.spm"])
def test_vocabularies_of_whole_words_are_refused(name: str) -> None:
    with pytest.raises(TokenizerError, match="unigram or BPE"):
        from_sentencepiece(shared("tokenizers", name))
