"""Records of what was measured: written, read, and told in a sentence."""

from dataclasses import replace
from pathlib import Path

import pytest

from seeread.errors import DataError
from seeread.explanation.faith.record import NAME, Figure, Record, read_record, record_of
from seeread.pretrained import Origin
from tests.tiny import tiny_model

RECORD = Record(
    "tests/tiny", "0.1", 20, 0, {"cause": "what matters"},
    {"cause": {
        "relevance": Figure(0.71, 0.6, 0.8, 20, True), "raw": Figure(0.4, 0.2, 0.6, 20, False),
        "random": Figure(0.25, 0.2, 0.3, 20), "centre": Figure(0.4, 0.3, 0.5, 20),
    }},
)  # fmt: skip


def test_comes_back_as_it_was(tmp_path: Path) -> None:
    RECORD.write(tmp_path / NAME)
    assert read_record(tmp_path / NAME) == RECORD


def test_says_how_often_a_method_is_right() -> None:
    assert RECORD.sentence("relevance") == (
        "Of drawn things this method finds the one that mattered in 71%, and a map that knows nothing (centre) does in "
        "40%."
    )
    assert "has not been shown" in (RECORD.sentence("raw") or "")
    assert RECORD.sentence("other") is None
    assert [RECORD.beats(name) for name in ("relevance", "raw", "other")] == [True, False, None]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"seeread": "faithfulness 2"}', "lacks 'model'"),
        ('{"model": NaN}', "no number"),
        (" " * 1_000_001, "larger than"),
    ],
)
def test_refuses_what_is_no_record(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(DataError, match=reason):
        read_record(tmp_path / NAME)
    with pytest.raises(DataError, match="does not exist"):
        read_record(tmp_path / "absent")


def test_is_of_the_model_that_it_names(tmp_path: Path) -> None:
    model = replace(tiny_model(), origin=Origin("tests/tiny", tmp_path, "native"))
    assert record_of(model) is None
    RECORD.write(tmp_path / NAME)
    assert record_of(model) == RECORD
    assert record_of(replace(model, origin=Origin("tests/other", tmp_path, "native"))) is None
