"""Vocabulary files: read in every form, and refused with one clear error where they are damaged."""

import gzip
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seeread.errors import TokenizerError
from seeread.preprocessing.tokenizer import vocabulary
from tests.preprocessing.vocabularies import clip_folder
from tests.shared import shared


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip_folder(tmp_path_factory.mktemp("clip"))


def test_openais_merges_give_openais_ids() -> None:
    backend = vocabulary.clip_from_merges(shared("clip_assets", "bpe_simple_vocab_16e6.txt.gz"))
    assert backend.get_vocab_size() == 49408
    assert backend.encode("hello world!", add_special_tokens=False).ids == [3306, 1002, 256]
    assert (backend.token_to_id("<|startoftext|>"), backend.token_to_id("<|endoftext|>")) == (49406, 49407)


def test_the_same_vocabulary_in_three_forms(tmp_path: Path) -> None:
    from_gzip = vocabulary.clip_from_merges(shared("clip_assets", "bpe_simple_vocab_16e6.txt.gz"))
    model = json.loads(from_gzip.to_str())["model"]
    tmp_path.joinpath("vocab.json").write_text(json.dumps(model["vocab"]))
    lines = ["#version: 0.2", *(" ".join(merge) for merge in model["merges"])]
    tmp_path.joinpath("merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    from_gzip.save(str(tmp_path / "tokenizer.json"))
    expected = from_gzip.to_str()
    from_json = vocabulary.clip_from_json(tmp_path / "tokenizer.json")
    assert from_json is not None and from_json.to_str() == expected
    assert vocabulary.clip_from_folder(tmp_path).to_str() == expected
    assert vocabulary.clip_from_merges(tmp_path / "merges.txt").to_str() == expected


def test_old_files_write_merges_as_text(folder: Path, tmp_path: Path) -> None:
    backend = vocabulary.clip_from_folder(folder)
    content = json.loads(backend.to_str())
    content["model"]["merges"] = [" ".join(merge) for merge in content["model"]["merges"]]
    tmp_path.joinpath("tokenizer.json").write_text(json.dumps(content))
    read = vocabulary.clip_from_json(tmp_path / "tokenizer.json")
    assert read is not None and read.to_str() == backend.to_str()


def damage_vocabulary(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = json.loads(folder.joinpath("vocab.json").read_text())
        change(content)
        folder.joinpath("vocab.json").write_text(json.dumps(content))

    return damage


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no vocab.json": (lambda f: f.joinpath("vocab.json").unlink(), "There is no tokenizer file vocab.json"),
    "no merges": (lambda f: f.joinpath("merges.txt").unlink(), "There is no tokenizer file merges.txt"),
    "empty": (lambda f: f.joinpath("vocab.json").write_bytes(b""), "not valid JSON"),
    "cut": (lambda f: f.joinpath("vocab.json").write_text('{"a": 1, "b'), "not valid JSON"),
    "list": (lambda f: f.joinpath("vocab.json").write_text("[1]"), "not a JSON object"),
    "deep": (lambda f: f.joinpath("vocab.json").write_text('{"a":' + "[" * 200_000), "not valid JSON"),
    "binary": (lambda f: f.joinpath("vocab.json").write_bytes(b"\xff\xfe\x00"), "not text in UTF-8"),
    "binary merges": (lambda f: f.joinpath("merges.txt").write_bytes(b"\xff\xfe\x00"), "not text in UTF-8"),
    "triples": (lambda f: f.joinpath("merges.txt").write_text("a b c\n"), "not pairs"),
    "other merges": (lambda f: f.joinpath("merges.txt").write_text("xx yy\n"), "do not fit"),
    "hole": (damage_vocabulary(lambda v: v.update({"new": 10**6})), "not numbered"),
    "twice": (damage_vocabulary(lambda v: v.update({"new": 0})), "not numbered"),
    "text": (damage_vocabulary(lambda v: v.update({"new": "0"})), "not numbered"),
    "true": (damage_vocabulary(lambda v: v.update({"!": True})), "not numbered"),
    "no end": (
        damage_vocabulary(lambda v: v.update({"<end>": v.pop("<|endoftext|>")})),
        r"has no <\|endoftext\|>",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_folders_are_refused(damage: str, tmp_path: Path) -> None:
    act, reason = DAMAGES[damage]
    act(clip_folder(tmp_path))
    with pytest.raises(TokenizerError, match=reason) as caught:
        vocabulary.clip_from_folder(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_damaged_merges_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "merges.txt.gz"
    whole = gzip.compress(b"a b\n" * 1000 + os.urandom(1000))
    for content, reason in [
        (whole[:-500], "damaged gzip"),
        (whole[:10] + bytes(20) + whole[30:], "damaged gzip"),
        (gzip.compress(b"#version\na b\n"), "1 merges where"),
        (b"", "0 merges where"),
    ]:
        file.write_bytes(content)
        with pytest.raises(TokenizerError, match=reason):
            vocabulary.clip_from_merges(file)
    monkeypatch.setattr(vocabulary, "LARGEST_FILE", 1000)
    file.write_bytes(gzip.compress(b"a b\n" * 1000))
    with pytest.raises(TokenizerError, match="unpacks to more"):
        vocabulary.clip_from_merges(file)
    file.write_bytes(bytes(1001))
    with pytest.raises(TokenizerError, match="larger than"):
        vocabulary.clip_from_merges(file)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="cannot be opened"):
        vocabulary.from_json(tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mangled_tokenizer_json_is_refused_or_read(folder: Path, tmp_path: Path, data: st.DataObject) -> None:
    text = vocabulary.clip_from_folder(folder).to_str().encode()
    place = data.draw(st.integers(0, len(text) - 1))
    replacement = data.draw(st.binary(min_size=0, max_size=4))
    file = tmp_path / "tokenizer.json"
    file.write_bytes(text[:place] + replacement + text[place + data.draw(st.integers(0, 50)) :])
    for reader in (vocabulary.from_json, vocabulary.clip_from_json):
        with suppress(TokenizerError):
            reader(file)


@pytest.mark.parametrize("model", [{}, {"vocab": {}}, {"vocab": [], "merges": []}, {"vocab": {}, "merges": [1]}])
def test_a_json_without_a_vocabulary_is_refused(model: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps({"model": {"end_of_word_suffix": "</w>"} | model}))
    with pytest.raises(TokenizerError):
        vocabulary.clip_from_json(file)
    with pytest.raises(TokenizerError, match="version of `tokenizers`"):
        vocabulary.from_json(file)
