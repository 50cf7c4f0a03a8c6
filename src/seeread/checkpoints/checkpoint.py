"""What every format is read to and written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from seeread.models.families import ModelConfig
from seeread.preprocessing.processor import Processor


@dataclass(frozen=True)
class Checkpoint:
    """A model taken apart: its config, its tensors under our names (memory-mapped where the format allows it), and
    the processor that feeds it. `format` is where it came from: "native", "transformers", "open_clip", "openai".
    `training` is what it says that it was trained on, if it does."""

    config: ModelConfig
    tensors: dict[str, Tensor]
    processor: Processor
    format: str
    training: Mapping[str, Any] | None = None
