"""What stands between a person's pictures and words and a model's tensors."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from seeread.interface import Images
from seeread.preprocessing.image import LIMITS, Limits, Source
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import ImageTransform, PatchTransform


@dataclass(frozen=True)
class Processor:
    """The image transform and the tokenizer that belong to one model."""

    image_transform: ImageTransform | PatchTransform
    tokenizer: Tokenizer

    def images(self, sources: Sequence[Source], limits: Limits = LIMITS) -> Images:
        """Paths, bytes or pictures to what the image tower takes; raises ImageError for what is no good picture."""
        return self.image_transform.load(sources, limits)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Texts to token ids, (texts, tokens) int64."""
        return self.tokenizer(texts)
