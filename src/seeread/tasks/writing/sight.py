"""What a model has seen: every picture is opened, prepared and seen once, however often it is spoken of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seeread.interface import Batch
from seeread.preprocessing.dialogue import Dialogue, Picture
from seeread.pretrained import Pretrained


@dataclass(frozen=True)
class Glance:
    """A picture and the tokens that it became, (image tokens, width). Whoever holds the picture keeps its `id`."""

    picture: Picture
    tokens: Tensor


class Sight:
    """Lays out dialogues for a model. Those that speak of the same `Picture` object see it once."""

    def __init__(self, model: Pretrained):
        self.model = model
        self._seen: dict[int, Glance] = {}

    def batch(self, dialogues: Sequence[Dialogue], answers: Sequence[str] | None = None) -> Batch:
        """What the model reads, on its device, as `Processor.prompts` makes it, with all pictures seen.

        Raises ImageError for a picture that cannot be opened, and then has seen none of the new ones.
        """
        glances = self.look(picture for dialogue in dialogues for picture in pictures(dialogue))
        words = self.model.processor.words(dialogues, [len(glance.tokens) for glance in glances], answers)
        sight = torch.cat([glance.tokens for glance in glances]) if glances else None
        return replace(words.to(self.model.device), sight=sight)

    @torch.inference_mode()
    def look(self, wanted: Iterable[Picture]) -> list[Glance]:
        """The glance at each of these pictures; those that are new are seen together."""
        wanted = list(wanted)
        new = list({id(picture): picture for picture in wanted if id(picture) not in self._seen}.values())
        if new:
            images = self.model.processor.images([picture.source for picture in new])
            counts = self.model.processor.image_tokens(images)
            tokens = self.model.generating.see(images.to(self.model.device).to(self.model.precision))
            for picture, part in zip(new, tokens.split(counts), strict=True):
                self._seen[id(picture)] = Glance(picture, part)
        return [self._seen[id(picture)] for picture in wanted]

    def keep(self, wanted: Iterable[Picture]) -> None:
        """Forget all other pictures."""
        kept = {id(picture) for picture in wanted}
        self._seen = {number: glance for number, glance in self._seen.items() if number in kept}


def pictures(dialogue: Dialogue) -> list[Picture]:
    """The pictures of a dialogue, in reading order."""
    return [picture for turn in dialogue for picture in turn.pictures]
