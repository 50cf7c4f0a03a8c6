"""SentencePiece model files (`spiece.model`, `tokenizer.model`), read and written without the sentencepiece package.

The format is a protocol buffer: https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto.
The few fields that matter for encoding are named below by their numbers in that file.
"""

import base64
import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from seeread.preprocessing.tokenizer.vocabulary import read_bytes, refusal, refusing

SPACE = "▁"
MOST_PIECES = 2**20
LONGEST_PIECE = 512
UNIGRAM, BPE = 1, 2


class Kind(IntEnum):
    """What a piece is for (`ModelProto.SentencePiece.Type`)."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True)
class Piece:
    """One entry of the vocabulary."""

    text: str
    score: float
    kind: Kind


@dataclass(frozen=True)
class Model:
    """What a SentencePiece file says about encoding."""

    pieces: list[Piece]
    algorithm: int  # UNIGRAM or BPE
    character_map: bytes  # precompiled normalisation rules, such as "nmt_nfkc"
    leading_space: bool
    collapse_spaces: bool

    @property
    def unknown(self) -> int:
        """The id of the piece for characters that no other piece covers."""
        return next(number for number, piece in enumerate(self.pieces) if piece.kind == Kind.UNKNOWN)

    @property
    def byte_fallback(self) -> bool:
        """Whether uncovered characters are spelled in bytes."""
        return any(piece.kind == Kind.BYTE for piece in self.pieces)


def from_sentencepiece(file: Path) -> Tokenizer:
    """A `tokenizers.Tokenizer` that encodes as SentencePiece does with this model (unigram or BPE)."""
    model = read(file)
    with refusing(file, "its pieces and rules do not fit together"):
        backend = Tokenizer(_unigram(model) if model.algorithm == UNIGRAM else _bpe(model))
        backend.normalizer = normalizers.Sequence(_normalizers(model))
        if model.algorithm == UNIGRAM:
            inner_space = any(SPACE in piece.text[1:] for piece in model.pieces)
            scheme = "always" if model.leading_space else "never"
            backend.pre_tokenizer = pre_tokenizers.Metaspace(SPACE, prepend_scheme=scheme, split=not inner_space)
        backend.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
        for kind, special in ((Kind.CONTROL, True), (Kind.USER_DEFINED, False)):
            texts = [piece.text for piece in model.pieces if piece.kind == kind]
            backend.add_tokens([AddedToken(text, normalized=False, special=special) for text in texts])
        backend.encode("A trial: déjà vu, 東京", add_special_tokens=False)
    return backend


def read(file: Path) -> Model:
    """The model in a file; every length in it is checked against what is really there."""
    content = read_bytes(file)
    try:
        return _model(content)
    except (ValueError, struct.error):
        raise refusal(file, "it is not a complete SentencePiece model of the unigram or BPE kind") from None


def _model(content: bytes) -> Model:
    pieces: list[Piece] = []
    algorithm, character_map, leading_space, collapse_spaces = UNIGRAM, b"", True, True
    for field, value in _fields(content):
        match field, value:
            case 1, bytes():  # pieces
                pieces.append(_piece(value))
                if len(pieces) > MOST_PIECES:
                    raise ValueError("too many pieces")
            case 2, bytes():  # trainer_spec
                algorithm = next((v for f, v in _fields(value) if f == 3 and isinstance(v, int)), UNIGRAM)
            case 3, bytes():  # normalizer_spec
                rules = dict(_fields(value))
                map_, leading, collapse = rules.get(2, b""), rules.get(3, 1), rules.get(4, 1)
                if not isinstance(map_, bytes):
                    raise ValueError("a character map that is a number")
                character_map, leading_space, collapse_spaces = map_, bool(leading), bool(collapse)
    if algorithm not in (UNIGRAM, BPE) or len({piece.text for piece in pieces}) < len(pieces):
        raise ValueError("neither unigram nor BPE, or a piece twice")
    if not any(piece.kind == Kind.UNKNOWN for piece in pieces):
        raise ValueError("no piece for the unknown")
    return Model(pieces, algorithm, character_map, leading_space, collapse_spaces)


def _piece(content: bytes) -> Piece:
    text, score, kind = "", 0.0, Kind.NORMAL
    for field, value in _fields(content):
        match field, value:
            case 1, bytes():
                text = value.decode()  # UnicodeDecodeError is a ValueError
            case 2, float():
                score = value
            case 3, int():
                kind = Kind(value)
    if not 0 < len(text) <= LONGEST_PIECE or not math.isfinite(score):
        raise ValueError("an impossible piece")
    return Piece(text, score, kind)


def _fields(content: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """The fields of one protocol buffer message: numbers, 32-bit floats, or bytes (texts and nested messages)."""
    place = 0
    while place < len(content):
        key, place = _number(content, place)
        match key & 7:
            case 0:
                number, place = _number(content, place)
                yield key >> 3, number
            case 1:
                place += 8  # a 64-bit value; none of those matter
            case 2:
                length, place = _number(content, place)
                if place + length > len(content):
                    raise ValueError("cut short")
                yield key >> 3, content[place : place + length]
                place += length
            case 5:
                yield key >> 3, struct.unpack_from("<f", content, place)[0]
                place += 4
            case _:
                raise ValueError("an unknown type of field")


def _number(content: bytes, place: int) -> tuple[int, int]:
    """A variable-length integer and the place after it."""
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(content):
            raise ValueError("cut short")
        byte = content[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
    raise ValueError("a number of more than 64 bits")


def _unigram(model: Model) -> models.Unigram:
    vocabulary = [(piece.text, piece.score) for piece in model.pieces]
    return models.Unigram(vocabulary, unk_id=model.unknown, byte_fallback=model.byte_fallback)


def _bpe(model: Model) -> models.BPE:
    """SentencePiece joins the neighbours whose union has the best score; here every such pair becomes a merge."""
    numbers = {piece.text: number for number, piece in enumerate(model.pieces)}
    joinable = {piece.text for piece in model.pieces if piece.kind == Kind.NORMAL}
    merges: list[tuple[str, str]] = []
    for piece in sorted(model.pieces, key=lambda piece: -piece.score):
        if piece.kind == Kind.NORMAL:
            halves = ((piece.text[:cut], piece.text[cut:]) for cut in range(1, len(piece.text)))
            pairs = [(left, right) for left, right in halves if left in joinable and right in joinable]
            merges += sorted(pairs, key=lambda pair: (numbers[pair[0]], numbers[pair[1]]))
    unknown = model.pieces[model.unknown].text
    return models.BPE(numbers, merges, unk_token=unknown, fuse_unk=True, byte_fallback=model.byte_fallback)


def _normalizers(model: Model) -> list[normalizers.Normalizer]:
    steps: list[normalizers.Normalizer] = []
    if model.character_map:
        steps.append(normalizers.Precompiled(model.character_map))
    if model.collapse_spaces:
        steps += [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    if model.algorithm == BPE:  # unigram leaves spaces to `Metaspace`
        steps += [normalizers.Prepend(SPACE)] if model.leading_space else []
        steps.append(normalizers.Replace(" ", SPACE))
    return steps


def to_sentencepiece(backend: Tokenizer) -> bytes | None:
    """The content of a `spiece.model` that encodes as this unigram tokenizer does; None for other kinds."""
    content = json.loads(backend.to_str())
    model, added = content["model"], {token["id"]: token["special"] for token in content["added_tokens"]}
    if model["type"] != "Unigram":
        return None
    kinds = {number: Kind.CONTROL if special else Kind.USER_DEFINED for number, special in added.items()}
    kinds[model["unk_id"]] = Kind.UNKNOWN
    pieces = []
    for number, (text, score) in enumerate(model["vocab"]):
        is_byte = model["byte_fallback"] and len(text) == 6 and text.startswith("<0x")
        kind = kinds.get(number, Kind.BYTE if is_byte else Kind.NORMAL)
        pieces.append(_message(1, _message(1, text.encode()) + b"\x15" + struct.pack("<f", score) + _varint(3, kind)))
    rules = [step for step in _steps(content["normalizer"]) if step["type"] == "Precompiled"]
    character_map = base64.b64decode(rules[0]["precompiled_charsmap"]) if rules else b""
    trainer = b"".join(
        [_varint(3, UNIGRAM), _varint(4, len(pieces)), _varint(35, int(model["byte_fallback"]))]
        + [_varint(40, model["unk_id"])]
    )
    return b"".join([*pieces, _message(2, trainer), _message(3, _message(2, character_map))])


def _steps(normalizer: dict[str, object] | None) -> list[dict[str, str]]:
    """The normalisers inside a (perhaps nested) sequence of them."""
    if normalizer is None:
        return []
    inner = normalizer.get("normalizers")
    if isinstance(inner, list):
        return list(chain.from_iterable(map(_steps, inner)))
    return [{key: str(value) for key, value in normalizer.items()}]


def _message(field: int, content: bytes) -> bytes:
    return _digits(field << 3 | 2) + _digits(len(content)) + content


def _varint(field: int, number: int) -> bytes:
    return _digits(field << 3) + _digits(number)


def _digits(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])
