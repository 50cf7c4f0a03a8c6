"""The rules of a tokenizer as they stand in a configuration file: strict in both directions."""

import pytest

from seeread.errors import TokenizerError
from seeread.preprocessing.tokenizer.rules import TokenizerRules


@pytest.mark.parametrize(
    "change",
    [
        {"context_length": 0},
        {"context_length": "77"},
        {"context_length": True},
        {"context_length": 2**40},
        {"pad_id": -1},
        {"pad_id": None},
        {"end_id": 1.5},
        {"clean": "wash"},
        {"clean": 3},
        {"lower_case": 1},
        {"pad_to_length": None},
        {"surprise": 1},
    ],
    ids=str,
)
def test_rules_are_checked(change: dict[str, object]) -> None:
    good = TokenizerRules(context_length=77, pad_id=0).to_dict()
    assert TokenizerRules.from_dict(good).to_dict() == good
    with pytest.raises(TokenizerError, match="Tokenizer rules"):
        TokenizerRules.from_dict({**good, **change})
    with pytest.raises(TokenizerError, match="pad_id missing"):
        TokenizerRules.from_dict({name: value for name, value in good.items() if name != "pad_id"})
