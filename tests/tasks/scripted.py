"""A model that writes what the test tells it to, with the probabilities that the test tells it to."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from seeread.fusion.splice import splice
from seeread.interface import Batch, Images, Role
from seeread.nn.cache import Cache
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.transform import ImageTransform
from seeread.pretrained import Origin, Pretrained
from tests.talkers import BINS, END, PREFIX, byte_tokenizer

COLOURS = ("red", "green", "blue")
TOKENIZER = byte_tokenizer()
Script = Sequence[str | Mapping[str, float]]
"""Texts that are certain, and in between single tokens with their probabilities; the likeliest is written."""


def loc(place: int) -> str:
    return f"<loc{place:04d}>"


def ids(text: str) -> list[int]:
    numbers: list[int] = []
    for part in TOKENIZER.passages.split(text):
        numbers += [part] if isinstance(part, int) else TOKENIZER.passages.encode(part or "", "token")
    return numbers


class ScriptedModel(nn.Module):
    """Answers by the colour of the picture and the prompt; what is in no script is answered with nothing."""

    reads_ahead = True

    def __init__(self, scripts: Mapping[tuple[str, str], Script]):
        super().__init__()
        self.prompts = list(scripts)
        self.asked: list[tuple[str, str]] = []  # in the order in which they were answered
        rows = [self._steps(script) for script in scripts.values()]
        self.longest = max(map(len, rows)) + 1
        end = torch.full((TOKENIZER.size,), -30.0).index_fill(0, torch.tensor(END), 0.0)
        self.table = torch.stack(
            [torch.stack(row + [end] * (self.longest - len(row))) for row in [*rows, [end]]]
        )  # (scripts and nothing, steps, vocabulary)

    @staticmethod
    def _steps(script: Script) -> list[Tensor]:
        steps = []
        for part in script:
            choices = [{number: 1.0} for number in ids(part)] if isinstance(part, str) else [
                {ids(token)[0] if token else END: probability for token, probability in part.items()}
            ]
            for choice in choices:
                left = 1 - sum(choice.values())
                row = torch.full((TOKENIZER.size,), max(left, 1e-12) / (TOKENIZER.size - len(choice))).log()
                for number, probability in choice.items():
                    row[number] = torch.tensor(probability).log()
                steps.append(row)
        return steps

    def see(self, images: Images) -> Tensor:
        assert isinstance(images, Tensor)
        return images.mean(dim=(2, 3))

    def read(self, batch: Batch, cache: Cache | None = None) -> Tensor:
        """(batch, tokens, 2): which script is followed, and how far."""
        cache = cache or Cache()
        scripts = torch.zeros(batch.tokens.shape)
        if batch.images is not None or batch.sight is not None:
            sight = self.see(batch.images) if batch.images is not None else batch.sight
            assert sight is not None
            colours = splice(torch.zeros(*batch.tokens.shape, 3), batch.where(Role.IMAGE), sight)
            for row, tokens in enumerate(batch.tokens):
                prompt = TOKENIZER.write(tokens[batch.where(Role.PROMPT)[row]].tolist()).strip()
                key = (COLOURS[int(colours[row].sum(dim=0).argmax())], prompt)
                self.asked.append(key)
                scripts[row] = self.prompts.index(key) if key in self.prompts else len(self.prompts)
        x = torch.stack((scripts, batch.where(Role.ANSWER).float()), dim=-1)
        new = batch.tokens.shape[1]
        cache.extend(batch.valid)
        past, _ = cache.layer(0).extend(x[:, None], x[:, None])
        script = past[:, 0, :, 0].amax(dim=1, keepdim=True).expand(-1, new)
        return torch.stack((script, past[:, 0, :, 1].cumsum(dim=1)[:, -new:]), dim=-1)

    def logits(self, features: Tensor) -> Tensor:
        script, step = features.long().unbind(-1)
        return self.table[script, step.clamp(max=self.longest - 1)]


def scripted(scripts: Mapping[tuple[str, str], Script], name: str = "tests/scripted") -> Pretrained:
    """`{("red", "detect cat"): ["<loc0001>...", {"<loc0002>": 0.9}, " cat"]}`: what it says of a red picture."""
    transform = ImageTransform(size=(8, 8), mode="squash", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    style = type(PREFIX)(**PREFIX.__dict__ | {"image_tokens": 1, "bins": BINS})
    model = ScriptedModel(scripts).eval()
    return Pretrained(model, Processor(transform, byte_tokenizer(), style), Origin(name, Path(name), "native"))
