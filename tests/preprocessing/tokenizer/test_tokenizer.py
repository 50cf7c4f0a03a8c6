"""Token ids against the originals: openai/CLIP's algorithm written out, and what every caller relies on."""

import gzip
import html
import json
import pickle
import warnings
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seeread.errors import TokenizerError, UsageError
from seeread.preprocessing.prompt import fill, imagenet_names, templates
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer, TokenizerRules
from tests.preprocessing.vocabularies import (
    TEXTS,
    captions,
    clip_folder,
    siglip2_folder,
    siglip_folder,
    unigram,
)
from tests.shared import shared

pytestmark = pytest.mark.filterwarnings("ignore:A text:UserWarning")

# Characters that Python's Unicode tables know: newer letters are letters for one library and not for the other.
KNOWN = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=4)
ROUGH = st.lists(KNOWN | st.sampled_from(["Dog", " a", "'s", "'ſ", "&amp;", "é", "\u0301", "...", "12", "▁"]))


class Original:
    """openai/CLIP's `SimpleTokenizer` from its description: greedy merges, best pair first, on bytes."""

    def __init__(self, file: Path):
        lines = gzip.decompress(file.read_bytes()).decode().split("\n")[1 : 49152 - 256 - 2 + 1]
        self.rank = {tuple(line.split()): place for place, line in enumerate(lines)}
        kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
        self.letter = {byte: chr(byte) for byte in kept}
        self.letter |= {byte: chr(256 + n) for n, byte in enumerate(b for b in range(256) if b not in kept)}
        pieces = list(self.letter.values())
        pieces += [piece + "</w>" for piece in pieces] + ["".join(pair) for pair in self.rank]
        self.number = {piece: number for number, piece in enumerate(pieces)}

    def __call__(self, text: str, ftfy: bool = True) -> list[int]:
        regex = pytest.importorskip("regex")
        text = pytest.importorskip("ftfy").fix_text(text, fix_encoding=ftfy)
        text = regex.sub(r"\s+", " ", html.unescape(html.unescape(text)).strip()).strip().lower()
        words = regex.findall(
            r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", text, regex.IGNORECASE
        )
        return [49406, *(number for word in words for number in self.word(word)), 49407]

    def word(self, word: str) -> list[int]:
        parts = [self.letter[byte] for byte in word.encode()]
        parts[-1] += "</w>"
        while len(parts) > 1:
            best = min(pairwise(parts), key=lambda pair: self.rank.get(pair, 10**9))
            if best not in self.rank:
                break
            joined: list[str] = []
            for part in parts:
                if joined and (joined[-1], part) == best:
                    joined[-1] += part + "\n"  # not to be joined again in this round
                else:
                    joined.append(part)
            parts = [part.replace("\n", "") for part in joined]
        return [self.number[part] for part in parts]


@cache
def original() -> Original:
    return Original(shared("clip_assets", "bpe_simple_vocab_16e6.txt.gz"))


@cache
def openai() -> Tokenizer:
    return Tokenizer.clip(shared("clip_assets", "bpe_simple_vocab_16e6.txt.gz"), context_length=4096)


def rows(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Ids without padding, one text at a time."""
    return [tokenizer([text])[0].tolist() for text in texts]


class TestClip:
    def test_hello_world(self) -> None:
        tokens = Tokenizer.clip(shared("clip_assets", "bpe_simple_vocab_16e6.txt.gz"))("Hello World!", pad_to=77)
        assert tokens.tolist() == [[49406, 3306, 1002, 256, 49407] + [0] * 72]
        assert tokens.dtype == torch.int64

    def test_real_captions_are_read_as_by_openai(self) -> None:
        texts = captions()
        assert len(texts) > 5000
        ours = openai()(texts)
        for text, row in zip(texts, ours.tolist(), strict=True):
            expected = original()(text)
            assert row == expected + [0] * (len(row) - len(expected)), text

    def test_imagenet_prompts_are_read_as_by_openai(self) -> None:
        texts = [fill(template, name) for name in imagenet_names() for template in templates("subset")[:2]]
        texts += [fill(template, name) for name in imagenet_names()[::50] for template in templates("imagenet")]
        assert rows(openai(), texts) == [original()(text) for text in texts]

    @pytest.mark.parametrize("text", TEXTS)
    def test_odd_texts_are_read_as_by_openai(self, text: str) -> None:
        assert rows(openai(), [text]) == [original()(text)]

    @settings(max_examples=300, deadline=None)
    @given(ROUGH.map("".join))
    def test_any_text_is_read_as_by_openai(self, text: str) -> None:
        assert rows(openai(), [text]) == [original()(text, ftfy=False)]

    def test_a_wrong_merge_is_noticed_by_the_vocabulary(self, tmp_path: Path) -> None:
        assert Tokenizer.from_folder(clip_folder(tmp_path), "clip").size < 49408 == openai().size


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """CLIP's kind, with a small vocabulary and room for ten tokens."""
    return Tokenizer.from_folder(clip_folder(tmp_path_factory.mktemp("clip")), "clip", context_length=10)


class TestCalling:
    def test_a_batch_is_its_texts(self, tokenizer: Tokenizer) -> None:
        batch = tokenizer(TEXTS)
        assert batch.shape == (len(TEXTS), 10)
        for text, row in zip(TEXTS, batch, strict=True):
            alone = tokenizer(text)[0]
            assert row[: len(alone)].tolist() == alone.tolist()
            assert (row[len(alone) :] == tokenizer.rules.pad_id).all()

    def test_the_end_is_kept_and_said(self, tokenizer: Tokenizer, tmp_path: Path) -> None:
        fresh = Tokenizer.from_folder(clip_folder(tmp_path), "clip", context_length=10)
        with pytest.warns(UserWarning, match=r"A text \(and 1 more\) is longer than 10 tokens: 'x x x"):
            tokens = fresh(["x " * 30, "y", "z " * 30])
        assert tokens.shape == (3, 10)
        assert tokens[:, 0].tolist() == [fresh.rules.start_id] * 3
        assert (tokens[0, -1], tokens[2, -1]) == (fresh.rules.end_id, fresh.rules.end_id)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fresh("x " * 30)
        assert fresh.truncated(["x " * 30, "y", "z " * 8, "z " * 9]) == [0, 3]

    def test_too_long_can_be_an_error(self, tokenizer: Tokenizer) -> None:
        with pytest.raises(UsageError, match="longer than 10 tokens: 'x x"):
            tokenizer(["y", "x " * 30], too_long="error")
        with pytest.raises(UsageError, match="longer than 3 tokens"):
            tokenizer(["x x"], pad_to=3, too_long="error")

    def test_padding_to_a_length(self, tokenizer: Tokenizer) -> None:
        assert tokenizer("x", pad_to=20).shape == (1, 20)
        assert tokenizer("x x x", pad_to=4)[0, -1] == tokenizer.rules.end_id
        assert tokenizer([], pad_to=5).shape == (0, 5)
        assert tokenizer([]).shape == (0, 2)
        for width in (0, 2, -1):
            with pytest.raises(UsageError, match="no room"):
                tokenizer("x", pad_to=width)

    def test_texts_are_strings(self, tokenizer: Tokenizer) -> None:
        with pytest.raises(UsageError, match="must be a string, not int"):
            tokenizer(["a", 3])  # type: ignore[list-item]

    @settings(max_examples=100, deadline=None)
    @given(st.text(st.characters(exclude_categories=[]), max_size=30))
    def test_any_string_can_be_read(self, tokenizer: Tokenizer, text: str) -> None:
        row = tokenizer(text)[0].tolist()
        assert (row[0], row[-1]) == (tokenizer.rules.start_id, tokenizer.rules.end_id)

    def test_a_copy_for_another_process(self, tokenizer: Tokenizer) -> None:
        again = pickle.loads(pickle.dumps(tokenizer))
        for text in [*TEXTS, "<|endoftext|> dog"]:
            assert again(text).tolist() == tokenizer(text).tolist()

    def test_save_and_load(self, tokenizer: Tokenizer, tmp_path: Path) -> None:
        tokenizer.save(tmp_path)
        rules = TokenizerRules.from_dict(json.loads(json.dumps(tokenizer.rules.to_dict())))
        assert rules == tokenizer.rules
        again = Tokenizer.load(tmp_path, rules)
        assert again(TEXTS).tolist() == tokenizer(TEXTS).tolist()
        assert again("<|endoftext|> dog").tolist() == tokenizer("<|endoftext|> dog").tolist()


class TestSpecialTokensInText:
    """Nobody who types "<|endoftext|>" into a caption may move the place where the model pools."""

    def test_clip(self, tmp_path: Path) -> None:
        tokenizer = Tokenizer.from_folder(clip_folder(tmp_path), "clip")
        for text in ("<|endoftext|> dog", "<|startoftext|>dog<|endoftext|>", "&lt;|ENDOFTEXT|&gt;", "＜|endoftext|＞"):
            row = tokenizer(text)[0].tolist()
            assert row.count(tokenizer.rules.start_id) == row.count(tokenizer.rules.end_id) == 1
            assert len(row) > 5

    @pytest.mark.parametrize("family", ["siglip", "siglip2"])
    def test_siglip(self, family: str, tmp_path: Path) -> None:
        folder = siglip_folder(tmp_path) if family == "siglip" else siglip2_folder(tmp_path)
        tokenizer = Tokenizer.from_folder(folder, family)  # type: ignore[arg-type]
        plain = tokenizer("a dog")[0].tolist()
        for token in ("</s>", "<eos>", "<pad>", "<bos>", "<mask>"):
            row = tokenizer(f"a dog {token}")[0].tolist()
            end = row.index(1)
            assert set(row[end:]) <= {0, 1} and end >= plain.index(1)
            assert not {0, 1, 4 if family == "siglip2" else 1} & set(row[:end])

    def test_a_vocabulary_that_lists_its_special_tokens(self) -> None:
        backend = unigram()
        rules = TokenizerRules(context_length=64, pad_id=0, end_id=1)
        assert 1 in backend.encode("a </s> dog", add_special_tokens=False).ids
        row = Tokenizer(backend, rules)("a </s> dog")[0].tolist()
        assert row.count(1) == 1 and row[-1] == 1

    def test_unknown_characters_stay(self) -> None:
        tokenizer = Tokenizer(unigram(), TokenizerRules(context_length=64, pad_id=0, end_id=1))
        assert 2 in tokenizer("東京")[0].tolist()


def test_rules_of_another_vocabulary() -> None:
        with pytest.raises(TokenizerError, match="different models"):
            Tokenizer(unigram(), TokenizerRules(context_length=64, pad_id=49407))

