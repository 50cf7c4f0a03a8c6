"""Tokens as people read them, and the words that a vector is closest to."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from seeread.preprocessing.tokenizer.tokenizer import Tokenizer

MOST = 200_000_000
"""Numbers of a table of embeddings that is searched; larger ones (of vocabularies of a quarter of a million tokens)
cost more than a look is worth."""


def pieces(tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[str, ...]:
    """What each token writes, spaces included; special tokens by their names, and bytes of an unfinished letter by what
    the vocabulary calls them."""
    found = []
    for number in ids:
        name = tokenizer.name(number) or f"token {number}"
        written = tokenizer.write([number])
        if written and "\ufffd" not in written:
            spaced = name.startswith(("▁", "Ġ", " ")) and not written.startswith(" ")
            found.append(f" {written}" if spaced else written)
        else:
            found.append(name)
    return tuple(found)


class Vocabulary:
    """The vectors of all words of a language model, to be looked through for the closest."""

    def __init__(self, table: Tensor, tokenizer: Tokenizer):
        self._table = nn.functional.normalize(table.float(), dim=-1)
        self._tokenizer = tokenizer

    @classmethod
    def of(cls, module: nn.Module, tokenizer: Tokenizer) -> "Vocabulary | None":
        """That of a model whose text part has a table of embeddings; None where there is none, or one too large."""
        for path in ("text.embedding", "embedding"):
            try:
                table = module.get_submodule(path).get_parameter("weight")
            except AttributeError:
                continue
            return cls(table.detach(), tokenizer) if table.numel() <= MOST else None
        return None

    def nearest(self, vectors: Tensor, count: int = 3) -> list[list[tuple[str, float]]]:
        """For each of (vectors, width) the words that point most alike, with their cosines, best first."""
        cosines = nn.functional.normalize(vectors.float(), dim=-1) @ self._table.to(vectors.device).T
        best = cosines.topk(min(count, cosines.shape[1]), dim=-1)
        words = [pieces(self._tokenizer, row) for row in best.indices.tolist()]
        return [list(zip(row, values, strict=True)) for row, values in zip(words, best.values.tolist(), strict=True)]


def likeliest(logits: Tensor, tokenizer: Tokenizer, count: int = 8) -> list[list[tuple[str, float]]]:
    """For each row of logits (places, vocabulary) the tokens that are likeliest, with their probabilities."""
    best = logits.float().softmax(dim=-1).topk(min(count, logits.shape[-1]), dim=-1)
    words = [pieces(tokenizer, row) for row in best.indices.tolist()]
    return [list(zip(row, values, strict=True)) for row, values in zip(words, best.values.tolist(), strict=True)]


def strength(vectors: Tensor) -> list[float]:
    """The length of each of (vectors, width)."""
    lengths: list[float] = torch.linalg.vector_norm(vectors.float(), dim=-1).tolist()
    return lengths
