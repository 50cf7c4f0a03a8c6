"""Tokenizers of other libraries' folders: what `transformers` and open_clip read, we read; what we write, they read."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from seeread.errors import TokenizerError
from seeread.preprocessing.tokenizer.cleaning import clip
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

transformers = pytest.importorskip("transformers")
logging.getLogger("transformers").setLevel(logging.ERROR)
pytestmark = pytest.mark.filterwarnings("ignore:A text:UserWarning")
NO_SIGMA = [text for text in TEXTS if "Σ" not in text]  # lower case in `tokenizers` does not know the final sigma
NO_NULL = [text for text in TEXTS if "\x00" not in text]  # it ends a text for sentencepiece

Reference = Callable[[list[str]], list[list[int]]]


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return siglip_folder(tmp_path_factory.mktemp("siglip"))


@pytest.fixture(scope="module")
def siglip2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return siglip2_folder(tmp_path_factory.mktemp("siglip2"))


def siglip_reference(file: Path) -> Reference:
    pytest.importorskip("sentencepiece")
    tokenizer = transformers.SiglipTokenizer(str(file))
    return lambda texts: tokenizer(texts, padding="max_length", max_length=64, truncation=True).input_ids


def siglip2_reference(folder: Path) -> Reference:
    tokenizer = transformers.Siglip2Tokenizer.from_pretrained(folder, local_files_only=True)
    return lambda texts: tokenizer(texts, padding="max_length", max_length=64, truncation=True).input_ids


class TestClip:
    def test_cleaned_text_is_read_as_by_transformers(self, tmp_path: Path) -> None:
        ours = Tokenizer.clip(shared("clip_assets", "bpe_simple_vocab_16e6.txt.gz"), context_length=4096)
        ours.write_transformers(tmp_path, "clip")
        reference = transformers.CLIPTokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))
        texts = [clip(text) for text in NO_SIGMA + captions()[::5]]
        assert [ours(text)[0].tolist() for text in texts] == reference(texts).input_ids

    def test_transformers_reads_what_is_written(self, tmp_path: Path) -> None:
        small = Tokenizer.from_folder(clip_folder(tmp_path / "source"), "clip")
        small.write_transformers(tmp_path, "clip")
        texts = ["a photo of a dog", "it's 2 cats!", "Grüße"]
        auto = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
        direct = transformers.CLIPTokenizer.from_pretrained(tmp_path, local_files_only=True)
        for reference in (auto, direct):
            assert small(texts).tolist() == reference(texts, padding=True).input_ids
            assert reference.model_max_length == 77
        again = Tokenizer.from_folder(tmp_path, "clip")
        assert again.rules == small.rules
        assert again(TEXTS).tolist() == small(TEXTS).tolist()

    @pytest.mark.parametrize("pad", ["<|endoftext|>", "!"])
    def test_the_padding_is_the_folders(self, pad: str, tmp_path: Path) -> None:
        folder = clip_folder(tmp_path)
        folder.joinpath("tokenizer_config.json").write_text(
            json.dumps({"pad_token": {"content": pad}, "do_lower_case": False, "model_max_length": 32})
        )
        tokenizer = Tokenizer.from_folder(folder, "clip")
        wanted = json.loads(folder.joinpath("vocab.json").read_text())[pad]
        assert tokenizer(["a dog", "dog"])[1, -1] == wanted == tokenizer.rules.pad_id
        assert tokenizer.rules.context_length == 32
        assert tokenizer("Dog").tolist() != tokenizer("dog").tolist()


class TestSiglip:
    def test_small_vocabulary_as_transformers(self, siglip: Path) -> None:
        texts = [text.strip() for text in NO_NULL]  # the reference counts on SigLIP's character map to strip them
        reference = siglip_reference(siglip / "spiece.model")
        assert Tokenizer.from_folder(siglip, "siglip")(texts).tolist() == reference(texts)

    def test_real_vocabulary_as_transformers(self, tmp_path: Path) -> None:
        tmp_path.joinpath("spiece.model").symlink_to(shared("tokenizers", "t5_sentencepiece.model"))
        texts = NO_NULL + captions()[::5]
        tokenizer = Tokenizer.from_folder(tmp_path, "siglip")
        assert tokenizer(texts).tolist() == siglip_reference(tmp_path / "spiece.model")(texts)

    def test_the_rules_of_siglip(self, siglip: Path) -> None:
        tokenizer = Tokenizer.from_folder(siglip, "siglip")
        assert tokenizer.rules == TokenizerRules(
            context_length=64, pad_id=1, end_id=1, clean="siglip", lower_case=True, pad_to_length=True
        )
        tokens = tokenizer(["a dog", "A dog!", "a, DOG."])
        assert tokens.shape == (3, 64) and (tokens == tokens[0]).all() and tokens[0, -1] == 1
        assert tokenizer("dog " * 100)[0, -1] == 1

    def test_transformers_reads_what_is_written(self, siglip: Path, tmp_path: Path) -> None:
        pytest.importorskip("sentencepiece")
        ours = Tokenizer.from_folder(siglip, "siglip")
        ours.write_transformers(tmp_path, "siglip")
        reference = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
        texts = ["a photo of a dog", "Two cats, on a RED sofa."]
        assert ours(texts).tolist() == reference(texts, padding="max_length").input_ids
        again = Tokenizer.from_folder(tmp_path, "siglip")
        assert again.rules == ours.rules and again(TEXTS).tolist() == ours(TEXTS).tolist()


class TestSiglip2:
    def test_as_transformers(self, siglip2: Path) -> None:
        texts = NO_SIGMA
        assert Tokenizer.from_folder(siglip2, "siglip2")(texts).tolist() == siglip2_reference(siglip2)(texts)

    def test_the_rules_of_siglip2(self, siglip2: Path, tmp_path: Path) -> None:
        tokenizer = Tokenizer.from_folder(siglip2, "siglip2")
        assert tokenizer.rules == TokenizerRules(
            context_length=64, pad_id=0, end_id=1, clean="none", lower_case=True, pad_to_length=True
        )
        (tmp_path / "tokenizer.json").symlink_to(siglip2 / "tokenizer.json")
        assert Tokenizer.from_folder(tmp_path, "siglip2").rules == tokenizer.rules  # these are known without a file
        tokens = tokenizer(["a dog", "A DOG", "a dog."])
        assert tokens[0].tolist() == tokens[1].tolist() != tokens[2].tolist()
        assert tokens[0, -1] == 0 and 1 in tokens[0]

    def test_transformers_reads_what_is_written(self, siglip2: Path, tmp_path: Path) -> None:
        ours = Tokenizer.from_folder(siglip2, "siglip2")
        ours.write_transformers(tmp_path, "siglip2")
        texts = NO_SIGMA
        assert ours(texts).tolist() == siglip2_reference(tmp_path)(texts)
        again = Tokenizer.from_folder(tmp_path, "siglip2")
        assert again.rules == ours.rules and again(TEXTS).tolist() == ours(TEXTS).tolist()


class TestOpenClip:
    def test_without_a_name_it_is_clips(self, tmp_path: Path) -> None:
        tokenizer = Tokenizer.open_clip(clip_folder(tmp_path), {"context_length": 32, "vocab_size": 49408})
        assert (tokenizer.rules.context_length, tokenizer.rules.pad_id) == (32, 0)
        assert (tokenizer.rules.clean, tokenizer.rules.lower_case) == ("clip", True)
        assert not tokenizer.rules.pad_to_length

    @pytest.mark.parametrize(
        ("clean", "expected"),
        [("lower", ("clip", True)), ("whitespace", ("clip", False)), ("canonicalize", ("canonical", True))],
    )
    def test_ways_of_cleaning(self, clean: str, expected: tuple[str, bool], tmp_path: Path) -> None:
        text = {"context_length": 16, "tokenizer_kwargs": {"clean": clean}, "no_causal_mask": True}
        rules = Tokenizer.open_clip(clip_folder(tmp_path), text).rules
        assert (rules.clean, rules.lower_case) == expected
        assert rules.pad_to_length

    def test_siglip_of_timm(self, tmp_path: Path) -> None:
        """As `timm/ViT-B-16-SigLIP` is published: T5's tokenizer.json, which appends the end itself."""
        source = Tokenizer(unigram(), TokenizerRules(context_length=64, pad_id=1, end_id=1))
        source.write_open_clip(tmp_path)
        text = {
            "context_length": 64,
            "hf_tokenizer_name": "timm/ViT-B-16-SigLIP",
            "tokenizer_kwargs": {"clean": "canonicalize"},
            "no_causal_mask": True,
            "pool_type": "last",
        }
        tokenizer = Tokenizer.open_clip(tmp_path, text)
        assert tokenizer.rules == TokenizerRules(
            context_length=64, pad_id=1, end_id=1, clean="canonical", lower_case=True, pad_to_length=True
        )
        reference = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
        texts = ["a photo of a dog", "two cats on a red sofa"]
        expected = reference(texts, padding="max_length", max_length=64, truncation=True).input_ids
        assert tokenizer(["A photo, of a_dog!", texts[1]]).tolist() == expected

    def test_stripped_separators(self, tmp_path: Path) -> None:
        Tokenizer(unigram(), TokenizerRules(context_length=8, pad_id=0, start_id=2, end_id=1)).write_open_clip(tmp_path)
        text = {"context_length": 8, "hf_tokenizer_name": "bert", "tokenizer_kwargs": {"strip_sep_token": True}}
        rules = Tokenizer.open_clip(tmp_path, text).rules
        assert (rules.start_id, rules.end_id, rules.pad_id, rules.clean) == (2, 0, 0, "clip")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ({"tokenizer_kwargs": {"clean": "wash"}}, "way of cleaning text, 'wash'"),
            ({"tokenizer_kwargs": {"language": "de"}}, "'language' is not supported"),
            ({"tokenizer_kwargs": [1]}, "make no sense"),
            ({"context_length": "77"}, "make no sense"),
            ({"context_length": 2}, "makes no sense"),
        ],
    )
    def test_what_is_refused(self, text: dict[str, object], reason: str, tmp_path: Path) -> None:
        with pytest.raises(TokenizerError, match=reason):
            Tokenizer.open_clip(clip_folder(tmp_path), text)

    def test_another_kind_of_vocabulary_is_refused(self, tmp_path: Path) -> None:
        siglip2_folder(tmp_path)
        with pytest.raises(TokenizerError, match="asks for CLIP's vocabulary"):
            Tokenizer.open_clip(tmp_path, {})


class TestErrors:
    def test_empty_folder(self, tmp_path: Path) -> None:
        for family in ("clip", "siglip", "siglip2"):
            with pytest.raises(TokenizerError, match=r"There is no tokenizer file tokenizer\.json in"):
                Tokenizer.from_folder(tmp_path, family)  # type: ignore[arg-type]
        with pytest.raises(TokenizerError, match="CLIP's"):
            Tokenizer.clip(tmp_path)
        with pytest.raises(TokenizerError, match="There is no tokenizer file"):
            Tokenizer.clip(tmp_path / "merges.txt")

    def test_a_token_that_the_vocabulary_lacks(self, tmp_path: Path) -> None:
        folder = siglip_folder(tmp_path)
        folder.joinpath("tokenizer_config.json").write_text('{"pad_token": "<padding>"}')
        with pytest.raises(TokenizerError, match="lacks its pad_token '<padding>'"):
            Tokenizer.from_folder(folder, "siglip")
        folder.joinpath("tokenizer_config.json").write_text('{"pad_token": 7}')
        with pytest.raises(TokenizerError, match="lacks its pad_token 7"):
            Tokenizer.from_folder(folder, "siglip")

    def test_unigram_only_for_siglip(self, tmp_path: Path) -> None:
        tokenizer = Tokenizer.from_folder(siglip2_folder(tmp_path), "siglip2")
        with pytest.raises(TokenizerError, match="unigram"):
            tokenizer.write_transformers(tmp_path, "siglip")
