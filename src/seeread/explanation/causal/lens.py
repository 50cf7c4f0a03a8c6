"""Logit lens: what word a model would say if it stopped at this layer and at this place, image tokens included.

Source: nostalgebraist, "interpreting GPT: the logit lens" (2020); of image tokens Neo et al., arXiv:2410.07149, who
find that they turn into words for what they show as they rise through a LLaVA.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, Literal

import torch
from torch import Tensor, nn

from seeread.errors import UsageError
from seeread.explanation.capture import capture
from seeread.explanation.causal.spots import mixed, spots
from seeread.explanation.heatmap import Area
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.target import AnyTarget, Written
from seeread.explanation.view import Sheet, paint
from seeread.interface import Batch, Images, Role
from seeread.pretrained import Pretrained

AT_ONCE = 64
"""So many places are scored together: each has as many scores as there are words."""

END = "(end)"
"""Stands for the token that ends an answer, which has no text."""

DECODERS = (("text.transformer.blocks", "text.norm"), ("text.decoder.blocks", "text.decoder_norm"))
"""Where the blocks are of which the last is normed and becomes a word, and that norm."""

BETWEEN = ("gates.layers", "cross")
"""What else adds to the stream, before or behind a block: words that read pictures."""


@dataclass(frozen=True)
class Place:
    """One token that a model reads: what it says, or what of the picture it shows, None where it shows no one part."""

    kind: Literal["picture", "prompt", "answer"]
    text: str
    area: Area | None


@dataclass(frozen=True)
class Lens:
    """`words` has for each of `layers`, by path, and each of `places` the likeliest next words and their
    probabilities."""

    layers: tuple[str, ...]
    places: tuple[Place, ...]
    words: tuple[tuple[tuple[tuple[str, float], ...], ...], ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON has it: of each place its kind, text and area, and by layer its words."""
        places = [
            {
                "kind": place.kind,
                "text": place.text,
                "area": None if place.area is None else list(vars(place.area).values()),
                "words": [[list(word) for word in layer[index]] for layer in self.words],
            }
            for index, place in enumerate(self.places)
        ]
        return {"layers": list(self.layers), "places": places}


def lens(target: Written, top: int = 5, layers: Sequence[int] | None = None) -> Lens:
    """What every place of a picture, a question and an answer would say at every layer, or at those of `layers`: the
    `top` likeliest words. Of an encoder-decoder these are the places of its decoder, which alone knows words.

    Raises UsageError for a layer that is not there.
    """
    run = _Run.of(target, layers)
    words = (
        tuple(place for part in run.likely(stream) for place in _likeliest(target.model, part, top))
        for stream in run.streams
    )
    return Lens(run.paths, tuple(_places(run)), tuple(words))


@dataclass(frozen=True)
class _Run:
    """One run over a target: the paths of blocks and what each gave, (tokens, width); and the norm behind the last."""

    target: Written
    images: Images
    batch: Batch
    paths: tuple[str, ...]
    streams: tuple[Tensor, ...]
    norm: nn.Module

    @classmethod
    @torch.no_grad()
    def of(cls, target: Written, layers: Sequence[int] | None = None) -> "_Run":
        """Raises UsageError for a layer that is not there, and for a model without any."""
        model = target.model.module
        found = [both for both in DECODERS if _has(model, both[0])]
        if not found:
            raise UsageError(f"{target.model.origin.name} has no layers that could be read off as words.")
        [(blocks, norm)] = found
        stacks = [path for path in (blocks, *BETWEEN) if _has(model, path)]
        every = [f"{path}.{name}" for path in stacks for name, _ in model.get_submodule(path).named_children()]
        images = target.prepare([target.picture])
        batch = target.batch(images)
        with capture(model, *every) as captured:
            target.score_batch(batch)
        ran = list(captured.features)
        wanted = range(len(ran)) if layers is None else layers
        if not all(0 <= layer < len(ran) for layer in wanted):
            raise UsageError(f"{target.model.origin.name} has {len(ran)} layers, which are counted from 0 on.")
        paths = tuple(ran[layer] for layer in wanted)
        streams = tuple(captured.features[path][0][0] for path in paths)
        return cls(target, images, batch, paths, streams, model.get_submodule(norm))

    @property
    def pictured(self) -> Tensor:
        """(tokens,): the places of the picture."""
        return self.batch.roles[0] == Role.IMAGE

    @property
    def areas(self) -> list[Area | None]:
        """What each of these shows of it."""
        if int(self.pictured.sum()) < 2 or mixed(self.target.model):
            return [None] * int(self.pictured.sum())
        sight = self.target.model.generating.see(self.images)
        shown = spots(self.target.model, self.images, sight, *self.target.picture.size).tolist()
        return [None if isnan(box[0]) else Area(*box) for box in shown]

    @torch.no_grad()
    def likely(self, stream: Tensor) -> Iterator[Tensor]:
        """The probabilities of all words, (places, words) of so many places at a time."""
        for part in stream.split(AT_ONCE):
            yield self.target.model.generating.logits(self.norm(part)).softmax(dim=-1)


def _has(model: nn.Module, path: str) -> bool:
    return any(name == path for name, _ in model.named_modules())


def _likeliest(model: Pretrained, likely: Tensor, top: int) -> Iterator[tuple[tuple[str, float], ...]]:
    """By place the likeliest words, of the probabilities of all, (places, words)."""
    best, ends = likely.topk(top, dim=-1), model.processor.end_ids
    for ids, shares in zip(best.indices.tolist(), best.values.tolist(), strict=True):
        words = [END if token in ends else model.processor.write([token]) for token in ids]
        yield tuple(zip(words, shares, strict=True))


@torch.no_grad()
def _places(run: _Run) -> Iterator[Place]:
    write = run.target.model.processor.write
    answer = [Place("answer", write([token]), None) for token in run.target.ids]
    if ".decoder." in run.paths[0]:
        yield Place("prompt", "", None)  # its start token
    else:
        areas = iter(run.areas)
        prompt = run.batch.tokens[0, : -len(answer)].tolist()
        for token, pictured in zip(prompt, run.pictured.tolist(), strict=False):
            yield Place("picture", "", next(areas)) if pictured else Place("prompt", write([token]), None)
    yield from answer


def _fits(target: AnyTarget) -> str | None:
    if not isinstance(target, Written):
        return "the model compares, and has no words to say at its image tokens"
    if not _has(target.model.module, DECODERS[0][0]):
        return "its image tokens are in an encoder, which knows no words"
    places = int(target.batch(target.prepare([target.picture])).where(Role.IMAGE).sum())
    return "pictures take no places among its words" if places < 2 or mixed(target.model) else None


@torch.no_grad()
def _maps(target: AnyTarget) -> list[Drawn]:
    """How likely the words of each part of the answer are at each image token, in the layer where they are most."""
    assert isinstance(target, Written)
    run = _Run.of(target)
    areas = run.areas
    shows = [index for index, area in enumerate(areas) if area is not None]
    places = run.pictured.nonzero()[shows, 0]
    layers = [torch.cat([part[:, list(target.ids)] for part in run.likely(stream[places])]) for stream in run.streams]
    most = torch.stack(layers).amax(dim=0)  # (image tokens, tokens of the answer)
    sheets = [Sheet(1, 1, area) for area in areas if area is not None]
    return [paint(sheets, most[:, span.start : span.stop].mean(dim=1, keepdim=True)) for span in target.spans]


LENS = Method(
    name="lens",
    summary="How likely the words of the answer are to be said at each image token, in the layer where they are most.",
    source="arXiv:2410.07149",
    kind="baseline",
    fits=_fits,
    maps=_maps,
)
"""For models among whose words pictures take places. It tells what a token has become, and not what was used."""
