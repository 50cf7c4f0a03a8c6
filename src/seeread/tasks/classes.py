"""Classification by a model that knows classes of its own: no words are read, and none can be added."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

import torch
from torch import Tensor

from seeread.errors import ImageError, UsageError
from seeread.preprocessing.image import Source
from seeread.pretrained import Pretrained, Progress
from seeread.tasks.certainty.certain import Certain, ranked
from seeread.tasks.embed import each_readable
from seeread.tasks.prompts import check_labels
from seeread.tasks.scores import Classification

FEW = 5
"""How many classes are told of all that a model knows, where nobody asks for more."""


class Classes:
    """All classes of a model, or some of them, and how well each fits a picture.

    Some are chosen by their names: "tabby, tabby cat" is called that, and "tabby", and "tabby cat". A name that several
    classes have stands for all of them. Probabilities are a softmax over what there is to choose from. Raises
    UsageError for a model without classes of its own, and for a label that none of them is called.
    """

    def __init__(self, model: Pretrained, labels: Sequence[str] | None = None):
        self.classifier = model.classifying
        self.model = model
        names = model.processor.labels
        self.labels = list(names) if labels is None else check_labels(labels)
        self.columns = [[place] for place in range(len(names))] if labels is None else self._named(names)

    def each(
        self, images: Sequence[Source], top: int | None = None, batch_size: int = 32, trust: Certain | None = None
    ) -> Iterator[tuple[int, Classification | ImageError]]:
        """The place of each picture and its classes, best first, or what is wrong with it."""
        for batch in each_readable(images, batch_size, self.logits):
            seen = [images[place] for place in batch.places]
            results = ranked(seen, batch.vectors, self.labels, "softmax", top, certain=trust)
            yield from zip(batch.places, results, strict=True)
            yield from batch.failures

    def of(
        self,
        images: Sequence[Source],
        top: int | None,
        batch_size: int,
        progress: Progress | None,
        trust: Certain | None = None,
    ) -> list[Classification]:
        """All pictures. Raises ImageError for one that is broken."""
        results = []
        batches = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
        for batch in progress(batches) if progress else batches:
            for _, result in self.each(batch, top, batch_size, trust):
                if isinstance(result, ImageError):
                    raise result
                results.append(result)
        return results

    @torch.inference_mode()
    def logits(self, images: Sequence[Source]) -> Tensor:
        """(images, labels), float32, on the CPU."""
        prepared = self.model.processor.images(images).to(self.model.device).to(self.model.precision)
        logits = self.classifier.classify(prepared).float().cpu()
        return torch.stack([logits[:, columns].logsumexp(dim=-1) for columns in self.columns], dim=-1)

    def _named(self, names: Sequence[str]) -> list[list[int]]:
        """For each label the classes that are called so: by their whole name, or else by one of several."""
        whole: dict[str, list[int]] = {}
        parts: dict[str, list[int]] = {}
        for place, name in enumerate(names):
            whole.setdefault(name.casefold(), []).append(place)
            for part in {part.strip().casefold() for part in name.split(",")}:
                parts.setdefault(part, []).append(place)
        called = parts | whole
        for label in self.labels:
            if label.casefold() not in called:
                near = get_close_matches(label.casefold(), called, n=1)
                meant = f" Did you mean {near[0]!r}?" if near else ""
                raise UsageError(
                    f"{self.model.origin.name} knows {len(names):,} classes, and none is called {label!r}.{meant} "
                    "For labels of your own take a model that compares, such as seeread/mini-clip."
                )
        return [called[label.casefold()] for label in self.labels]
