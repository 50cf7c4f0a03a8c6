"""What a kind of model in `transformers` is to us: how to read and write its config, its tensors and its processor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seeread.checkpoints.refusal import Refusal
from seeread.checkpoints.table import State, Table
from seeread.models.families import ModelConfig, text_of
from seeread.preprocessing.processor import Processor


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors hold the same numbers, in the same precision: 8 bits cannot be compared with others."""
    return a.dtype == b.dtype and torch.equal(a, b)


def drop_tied_head(c: ModelConfig, tensors: State) -> ModelConfig:
    """A head that is the embedding may be stored once more; then it is the same, or nobody knows what is meant. Takes
    it out of `tensors`, and gives the config as it is; raises `Refusal`."""
    if getattr(text_of(c), "tied", False) and "text.head.weight" in tensors:
        head = tensors.pop("text.head.weight")
        if not same(head, tensors.get("text.embedding.weight", head)):
            raise Refusal(
                "it holds a head that differs from the embedding, and its configuration ties the two together",
                "Set tie_word_embeddings to false in its config.json if that head is meant",
            )
    return c


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One or several `model_type`s that are read and written alike. Configs are of the class `config`, which several
    kinds may share; the first in the list that can say what a config says writes it."""

    architectures: Mapping[str, str]
    """For each `model_type` the class of the whole model, as "architectures" in `config.json` names it."""

    config: type[ModelConfig]

    read_config: Callable[[dict[str, Any]], ModelConfig]
    """What a `config.json` says. `Refusal` for what we do not compute; ValueError for what no model can be."""

    write_config: Callable[[Any], dict[str, Any]]
    """The same backwards, with "model_type". `CheckpointError` where `transformers` has no such model."""

    layouts: Callable[[Any], tuple[Table, ...]]
    """Of a config, how its tensors may be called. The first layout is written."""

    read_processor: Callable[[Path, Any, Path | None], Processor]
    """Of a folder, our config, and the file or folder with the tokenizer if that is another."""

    write_processor: Callable[[Processor, Any, dict[str, Any], Path], None]
    """The files of a processor; what `config.json` also says of it is put into the dict."""

    settle: Callable[[Any, State], ModelConfig] = drop_tied_head
    """With the tensors under our names at hand, what only they tell; what is stored twice is taken out of them."""

    in_memory: int = 0
    """Which of the layouts is that of a model of version 5 in memory, where adapters are added."""
