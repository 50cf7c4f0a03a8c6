"""One figure of a model, soon and without a trace: while it learns, and of each of several mixtures of weights."""

from dataclasses import dataclass

import torch

from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item
from seeread.evaluation.benchmarks.benchmark import Outcome
from seeread.evaluation.benchmarks.classification.classes import Classes, chosen
from seeread.evaluation.metrics.ranking import retrieval_ranks
from seeread.finetuning.measures.measuring import OPTIONS, benchmarks_for, shown
from seeread.interface import Compares
from seeread.pretrained import Pretrained
from seeread.tasks.labels import embed_labels


@dataclass(frozen=True)
class Glance:
    """A score's name and value; by nan there was nothing to score."""

    name: str
    value: float


def glance(model: Pretrained, data: DataSet, limit: int | None = None) -> Glance | None:
    """The foremost score of a model on at most `limit` pictures of a set; None where there is none that fits.

    It is what `measure` gives, without an interval: that keeps the vectors of every model it ever saw, which for one of
    a thousand steps would be a waste.
    """
    some = data.some(limit)
    fitting = benchmarks_for(model, some)
    if not fitting:
        return None
    benchmark = fitting[0]
    metric = shown(benchmark.name, benchmark.metrics(some, OPTIONS))[0]
    if isinstance(model.model, Compares) and benchmark.name == "retrieval":
        return Glance(metric.name, _recall(model, some))
    compares = isinstance(model.model, Compares) and benchmark.name == "zero-shot"
    outcomes = _classified(model, some) if compares else [*benchmark.outcomes(model, some, OPTIONS, ())]
    scored = [outcome for outcome in outcomes if outcome.error is None]
    return Glance(metric.name, metric.over(scored)(range(len(scored))) if scored else float("nan"))


def _classified(model: Pretrained, data: DataSet) -> list[Outcome]:
    classes = Classes.of(data, OPTIONS)
    items = classes.shown(data)
    template = "imagenet" if classes.of_imagenet else None
    with torch.inference_mode():
        texts = embed_labels(model, classes.distinct, template)[classes.columns]
        logits = model.compare(model.embed_images([item.source for item in items]), texts)
    return list(chosen(classes, items, logits, model.comparing.loss))


def _recall(model: Pretrained, data: DataSet) -> float:
    """How often the picture that is most like a caption is its own."""
    items = [item for item in data.items if _captions(item)]
    captions = [caption for item in items for caption in _captions(item)]
    owners = [place for place, item in enumerate(items) for _ in _captions(item)]
    with torch.inference_mode():
        images, texts = model.embed_images([item.source for item in items]), model.embed_texts(captions)
    return retrieval_ranks(images, texts, torch.tensor(owners)).hits(1)[0].double().mean().item()


def _captions(item: Item) -> list[str]:
    return [caption for caption in item.captions if caption.strip()]
