"""What is to be explained: how high a model scores labels for a picture, or the words that it wrote about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, TypeAlias

import torch
from PIL import Image
from torch import Tensor

from seeread.explanation.heatmap import Kind
from seeread.interface import Batch, Images, Role
from seeread.preprocessing.dialogue.turn import Dialogue
from seeread.pretrained import Pretrained


@dataclass(frozen=True)
class Span:
    """A part of an answer: from which of its tokens to before which, and what it says."""

    about: str
    kind: Kind
    start: int
    stop: int


class Target(Protocol):
    """Scores of a picture, which methods take apart and checks put to the test."""

    @property
    def model(self) -> Pretrained:
        """Whose scores they are."""
        ...

    @property
    def picture(self) -> Image.Image:
        """The picture, RGB, as it was given."""
        ...

    @property
    def about(self) -> Sequence[tuple[str, Kind]]:
        """What each score is of."""
        ...

    def prepare(self, pictures: Sequence[Image.Image]) -> Images:
        """Pictures of the size of `picture` to what the model takes."""
        ...

    def score(self, images: Images) -> Tensor:
        """(pictures, scores) float32: logits of labels, or natural logarithms of the probabilities of parts of the
        answer. With gradients where these are on."""
        ...


@dataclass(frozen=True)
class Labels:
    """How well each label fits, for a model that compares, or one with classes of its own: then `texts` is None, and
    `columns` are the classes of each label.

    Of several labels a score is the logarithm of the probability among them, so that it tells why this one and not the
    others; of a single one it is the logit. Among classes it is the logarithm of the probability among them all.
    """

    model: Pretrained
    picture: Image.Image
    labels: tuple[str, ...]
    texts: Tensor | None  # unit vectors (labels, dimension)
    columns: tuple[tuple[int, ...], ...] = ()

    @property
    def about(self) -> Sequence[tuple[str, Kind]]:
        """The labels."""
        return [(label, "label") for label in self.labels]

    def prepare(self, pictures: Sequence[Image.Image]) -> Images:
        """As the model takes them."""
        return _prepared(self.model, pictures)

    def score(self, images: Images) -> Tensor:
        """(pictures, labels)."""
        if self.texts is None:
            return self.classified(self.model.classifying.classify(images))
        return self.compared(self.model.comparing.embed_image(images))

    def classified(self, logits: Tensor) -> Tensor:
        """The same of logits, (pictures, classes), of a model with classes of its own."""
        likely = logits.double().log_softmax(dim=-1)
        return torch.stack([likely[:, list(columns)].logsumexp(dim=-1) for columns in self.columns], dim=-1).float()

    def compared(self, vectors: Tensor) -> Tensor:
        """The same of unit vectors, (pictures, dimension), of a model that compares."""
        assert self.texts is not None
        logits = self.model.comparing.compare(vectors, self.texts.to(self.model.device))
        return logits.double().log_softmax(dim=-1).float() if self.likely else logits

    @property
    def likely(self) -> bool:
        """Whether scores are logarithms of probabilities."""
        return self.texts is None or (len(self.labels) > 1 and self.model.comparing.loss == "softmax")

    def odds(self, scores: Tensor) -> Tensor:
        """Scores as logits, whose gradients stay what they are where a model is sure."""
        return _odds(scores) if self.likely else scores


@dataclass(frozen=True)
class Written:
    """How likely each part of an answer is, given the picture, what was asked, and the words before it.

    `ids` are the tokens of the answer, without the one that ends it.
    """

    model: Pretrained
    picture: Image.Image
    dialogue: Dialogue
    ids: tuple[int, ...]
    spans: tuple[Span, ...]

    @property
    def about(self) -> Sequence[tuple[str, Kind]]:
        """The parts of the answer."""
        return [(span.about, span.kind) for span in self.spans]

    def prepare(self, pictures: Sequence[Image.Image]) -> Images:
        """As the model takes them."""
        return _prepared(self.model, pictures)

    @cached_property
    def answer(self) -> str:
        """What was written."""
        return self.model.processor.write(self.ids)

    def batch(self, images: Images) -> Batch:
        """What the model reads: for each picture what was asked and the answer, no padding among them."""
        counts = self.model.processor.image_tokens(images)
        asked = self.model.processor.words([self.dialogue], counts[:1])
        answer = torch.tensor([self.ids])
        tokens = torch.cat((asked.tokens, answer), dim=1).expand(len(counts), -1)
        roles = torch.cat((asked.roles, torch.full_like(answer, int(Role.ANSWER))), dim=1).expand(len(counts), -1)
        return replace(Batch(tokens, roles), images=images).to(self.model.device)

    def score(self, images: Images) -> Tensor:
        """(pictures, parts)."""
        return self.score_batch(self.batch(images))

    def score_batch(self, batch: Batch) -> Tensor:
        """The same of what `batch` gave, changed perhaps: with `sight` in place of pictures, for one."""
        model, count = self.model.generating, len(self.ids)
        features = model.read(batch)[:, -count - 1 : -1]
        likely = model.logits(features).double().log_softmax(dim=-1)
        each = likely.gather(-1, batch.tokens[:, -count:, None])[..., 0]
        return torch.stack([each[:, span.start : span.stop].sum(dim=1) for span in self.spans], dim=1).float()

    def odds(self, scores: Tensor) -> Tensor:
        """Scores as logits, whose gradients stay what they are where a model is sure."""
        return _odds(scores)


AnyTarget: TypeAlias = Labels | Written


def _prepared(model: Pretrained, pictures: Sequence[Image.Image]) -> Images:
    return model.processor.images(pictures).to(model.device).to(model.precision)


def _odds(likely: Tensor) -> Tensor:
    """From log p to log(p / (1 - p)): the logarithm of a probability of almost 1 hardly changes, and what is computed
    from its gradient would drown in rounding."""
    return likely - (-likely.expm1()).clamp(min=torch.finfo(likely.dtype).tiny).log()
