"""Tokens in a text that steer the model, and the passages between them, each encoded as `transformers` encodes it."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

import tokenizers
from tokenizers import AddedToken, models

After = Literal["nothing", "token", "text"]
"""What stands before a passage. Vocabularies with a leading space put it at the start of a text, some of them after
each token too, and none in the middle of a text."""


class Passages:
    """A vocabulary without its added tokens, and those tokens on their own.

    Added tokens are those that `tokenizers` looks for in a text before anything else: special ones, placeholders,
    marks of a chat. Here they are found by `split` alone, so that what goes through `encode` is text and nothing but
    text. Some vocabularies also list runs of white space that way (Gemma); those are text and stay with it.
    """

    def __init__(self, backend: tokenizers.Tokenizer):
        added = backend.get_added_tokens_decoder()
        spaces = {n: token for n, token in added.items() if not token.special and _is_space(token.content)}
        places: tuple[After, ...] = ("nothing", "token", "text")
        self._tokens = {token.content: (n, token) for n, token in added.items() if n not in spaces}
        self._backends = {after: _plain(backend, after, list(spaces.values())) for after in places}
        plain = self._backends["nothing"]
        self._numbers = {plain.token_to_id(token.content): number for number, token in spaces.items()}
        unknown = set(plain.encode("\U0010ffff", add_special_tokens=False).ids)
        self._forbidden = {number for number, _ in self._tokens.values()} - unknown
        self._vocabulary = backend
        self._patterns: dict[str | None, re.Pattern[str]] = {}

    def split(self, text: str, placeholder: str | None = None) -> Iterator[int | str | None]:
        """The ids of added tokens and the texts between them, in order; None where the placeholder stands.

        The longest token wins. A token that claims the white space beside it (`lstrip`, `rstrip`) takes it away.
        """
        place, claims_right = 0, False
        for match in self._pattern(placeholder).finditer(text):
            number, token = self._tokens.get(match[0], (None, None))
            if token and token.single_word and _inside_word(text, match):
                continue
            between = text[place : match.start()]
            between = between.lstrip() if claims_right else between
            between = between.rstrip() if token and token.lstrip else between
            if between:
                yield between
            yield None if match[0] == placeholder else number
            place, claims_right = match.end(), bool(token and token.rstrip)
        rest = text[place:].lstrip() if claims_right else text[place:]
        if rest:
            yield rest

    def encode(self, text: str, after: After) -> list[int]:
        """The ids of a passage. None of them is an added token's, whatever the text says."""
        ids = self._backends[after].encode(text, add_special_tokens=False).ids
        ids = [self._numbers.get(number, number) for number in ids]
        if self._forbidden.isdisjoint(ids):
            return ids
        return [piece for number in ids for piece in self._spelled(number)]

    def _pattern(self, placeholder: str | None) -> re.Pattern[str]:
        if placeholder not in self._patterns:
            wanted = {*self._tokens, *([placeholder] if placeholder else [])}
            longest_first = sorted(wanted, key=len, reverse=True)
            nothing = "(?!)"
            self._patterns[placeholder] = re.compile("|".join(map(re.escape, longest_first)) or nothing)
        return self._patterns[placeholder]

    def _spelled(self, number: int) -> list[int]:
        """A token that the vocabulary also lists as a word, and that a text has spelled: as two shorter words."""
        if number not in self._forbidden:
            return [number]
        word = self._vocabulary.id_to_token(number) or ""
        for cut in range(len(word) - 1, 0, -1):
            halves = [self._vocabulary.token_to_id(half) for half in (word[:cut], word[cut:])]
            if not self._forbidden.intersection(halves) and None not in halves:
                return [half for half in halves if half is not None]
        return []


def _plain(backend: tokenizers.Tokenizer, after: After, spaces: list[AddedToken]) -> tokenizers.Tokenizer:
    """The same vocabulary (not a copy: Gemma's has 256,000 entries) for passages after something."""
    rules = tokenizers.Tokenizer(models.BPE())
    if backend.normalizer is not None:
        rules.normalizer = backend.normalizer
    if backend.pre_tokenizer is not None:
        rules.pre_tokenizer = backend.pre_tokenizer
    content = json.loads(rules.to_str())
    for part in ("normalizer", "pre_tokenizer"):
        content[part] = _adapted(content[part], after)
    rules = tokenizers.Tokenizer.from_str(json.dumps(content))
    plain = tokenizers.Tokenizer(backend.model)
    if rules.normalizer is not None:
        plain.normalizer = rules.normalizer
    if rules.pre_tokenizer is not None:
        plain.pre_tokenizer = rules.pre_tokenizer
    plain.add_tokens(spaces)
    return plain


def _adapted(step: dict[str, Any] | None, after: After) -> dict[str, Any] | None:
    """A normaliser or pre-tokenizer that knows what stands before its text; None for one that has nothing to do."""
    if step is None or after == "nothing":
        return step
    match step["type"]:
        case "Sequence":
            name = "normalizers" if "normalizers" in step else "pretokenizers"
            inner = [adapted for one in step[name] if (adapted := _adapted(one, after))]
            return step | {name: inner} if inner else None
        case "Metaspace" if after == "text" or step.get("prepend_scheme") == "first":
            return step | {"prepend_scheme": "never"}
        case "Prepend" if after == "text":
            return None
        case "ByteLevel" if after == "text":
            return step | {"add_prefix_space": False}
        case "Strip" if after == "text":
            return step | {"strip_left": False}
    return step


def _is_space(text: str) -> bool:
    return not text.replace("▁", " ").strip()


def _inside_word(text: str, match: re.Match[str]) -> bool:
    neighbours = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return any(letter.isalnum() or letter == "_" for letter in neighbours)
