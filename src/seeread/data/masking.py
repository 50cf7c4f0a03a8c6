"""Masked language modelling: texts with some words hidden, all of whose places are known (BERT, arXiv:1810.04805)."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from seeread.data.lessons.gaps import words
from seeread.data.sampling import Shuffled
from seeread.errors import UsageError
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True)
class Masked:
    """All (texts, tokens): what the model reads, what stood there, which of it is asked for, and where there is no
    padding."""

    tokens: Tensor
    truth: Tensor
    hidden: Tensor
    valid: Tensor

    def to(self, device: torch.device) -> "Masked":
        """The same on another device."""
        return Masked(*(each.to(device) for each in (self.tokens, self.truth, self.hidden, self.valid)))


Row = list[tuple[int, int, bool, bool]]
"""Of every token of a text what is read, what is true, whether it is asked for, and that it is there."""


@dataclass(frozen=True)
class Masking:
    """Hides whole words: a letter alone would be guessed from its neighbours. Of `density` of the words, at least one a
    text, every token is asked for: in 8 of 10 the mask stands there, in one any other, in one the token itself.

    `mask` is the name of the token that hides. Raises UsageError for a vocabulary without it, and for texts of no words
    or of more tokens than the model reads.
    """

    tokenizer: Tokenizer
    density: float = 0.15
    mask: str = "[MASK]"

    def __call__(self, texts: Sequence[str], chance: random.Random) -> Masked:
        """The texts as rows of tokens, padded behind."""
        return self.together([self.row(text, chance) for text in texts])

    @property
    def number(self) -> int:
        """That of the token that hides. Raises UsageError for a vocabulary without it."""
        number = self.tokenizer.number(self.mask)
        if number is None:
            raise UsageError(f"The tokenizer has no {self.mask}. Say which of its tokens hides a word.")
        return number

    def together(self, rows: Sequence[Row]) -> Masked:
        """Rows padded behind."""
        pad = self.tokenizer.rules.pad_id
        longest = max(map(len, rows), default=0)
        padding = (pad, pad, False, False)
        padded = [[*row, *[padding] * (longest - len(row))] for row in rows]
        tokens, truth, hidden, valid = torch.tensor(padded, dtype=torch.long).unbind(-1)
        return Masked(tokens, truth, hidden.bool(), valid.bool())

    def batches(self, texts: Sequence[str], batch: int, seed: int = 0) -> Callable[[int], Masked]:
        """The texts of each step of a run, by seed and step alone."""
        order = Shuffled(len(texts), batch, seed)
        return lambda step: self([texts[place] for place in order(step).tolist()], random.Random(f"{seed} {step}"))

    def passage(self, text: str, chance: random.Random) -> str:
        """As many of the words of a text, from a random one on, as the model reads; the whole text where it fits."""
        parts, rules = words(text), self.tokenizer.rules
        room = rules.context_length - (rules.start_id is not None) - (rules.end_id is not None)
        lengths = [len(self.tokenizer.passages.encode(part, "text")) for part in parts]
        if sum(lengths) <= room:
            return text
        behind = list(accumulate(reversed(lengths), initial=0))[:0:-1]  # how many tokens there are from each word on
        last = sum(count >= room for count in behind)  # from further on it would not be full
        start = chance.randrange(max(last, 1))
        ends = accumulate(lengths[start:])
        return "".join(parts[start : start + max(1, sum(end <= room for end in ends))])

    def row(self, text: str, chance: random.Random) -> Row:
        """A text, with some of its words hidden."""
        mask, parts, rules = self.number, words(text), self.tokenizer.rules
        if not parts:
            raise UsageError("There is a text without a word, of which nothing can be hidden. Leave it out.")
        gone = set(chance.sample(range(len(parts)), max(1, round(len(parts) * self.density))))
        row = [] if rules.start_id is None else [(rules.start_id, rules.start_id, False, True)]
        for place, part in enumerate(parts):
            for token in self.tokenizer.passages.encode(part, "text"):
                row.append((self._shown(token, mask, chance) if place in gone else token, token, place in gone, True))
        row += [] if rules.end_id is None else [(rules.end_id, rules.end_id, False, True)]
        if len(row) > rules.context_length:
            raise UsageError(
                f"The text that begins {text[:40]!r} has {len(row):,} tokens, and the model reads "
                f"{rules.context_length:,}. Cut it into several."
            )
        return row

    def _shown(self, token: int, mask: int, chance: random.Random) -> int:
        fate = chance.random()
        if fate < 0.8:
            return mask
        return chance.randrange(self.tokenizer.size) if fate < 0.9 else token
