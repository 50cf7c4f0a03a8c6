"""Texts to token ids, by the rules of each family and with the vocabularies they were published with."""

from seeread.preprocessing.tokenizer.rules import TokenizerRules
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer

__all__ = ["Tokenizer", "TokenizerRules"]
