"""What every format is read to and written from."""

from dataclasses import dataclass

from torch import Tensor

from seeread.errors import CheckpointError
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.models.families import ModelConfig
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.transform import ImageTransform, PatchTransform


@dataclass(frozen=True)
class Checkpoint:
    """A model taken apart: its config, its tensors under our names (memory-mapped where the format allows it), and
    the processor that feeds it. `format` is where it came from: "native", "transformers", "open_clip", "openai"."""

    config: ModelConfig
    tensors: dict[str, Tensor]
    processor: Processor
    format: str

    def comparing(self) -> tuple[DualEncoderConfig, ImageTransform | PatchTransform]:
        """Config and image transform, for formats that hold dual encoders alone; `CheckpointError` for others."""
        transform = self.processor.image_transform
        if not isinstance(self.config, DualEncoderConfig) or not isinstance(transform, ImageTransform | PatchTransform):
            raise CheckpointError(
                "That format is for dual encoders, and this model writes. Save it in another, such as the native one."
            )
        return self.config, transform
