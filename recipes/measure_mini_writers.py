"""Measures a small model that writes, as its card tells it: captions, answers, names, and boxes if it can point.

    python recipes/measure_mini_writers.py --data DATA --model seeread/mini-paligemma [--limit N] [--json]

DATA holds flickr8k, easy_vqa, tiny_imagenet, nlvr and bccd; scenes are drawn, from seeds that no training has seen. The
pictures go in as they are stored, through the model's own preprocessing; answers are greedy. Every score comes with the
interval that holds it in 95 of 100 test sets like this one, drawn by pictures, and, where one makes sense, with what a
model would score that answers without looking.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import seeread as sr
from seeread.data.example import INSTRUCTIONS, PREFIXES, Example
from seeread.data.readers.annotated import CELLS, read_bccd
from seeread.data.readers.easy_vqa import kind_of_question, read_easy_vqa
from seeread.data.readers.flickr8k import read_flickr8k
from seeread.data.readers.nlvr import read_nlvr
from seeread.data.readers.tiny_imagenet import read_tiny_imagenet
from seeread.data.scene_talk import scene_examples
from seeread.data.scenes import COLOURS, SHAPES, invent, render
from seeread.data.sets.item import Thing
from seeread.evaluation.metrics.answering import agreement
from seeread.evaluation.metrics.bootstrap import Interval, bootstrap, bootstrap_mean, clustered
from seeread.evaluation.metrics.boxes import Guess, Seen, match
from seeread.evaluation.metrics.precision import average_precision, precisions
from seeread.evaluation.metrics.wording import bleu, cider_d, rouge_l
from seeread.preprocessing.image import Source
from seeread.preprocessing.pointing.locations import Box
from seeread.tasks.answer import answer
from seeread.tasks.caption import caption
from seeread.tasks.detect import detect

FIRST_SEED = 2_000_000
"""Of the scenes; training has those from 0, and watches those from 1,000,000."""

SCENES, KNOWN_SCENES = 300, 3000
BATCH = 50
ROUNDS = 1000


class Score(NamedTuple):
    """What was measured, on how many pictures, and what answers without looking would score."""

    what: str
    interval: Interval
    pictures: int
    blind: float | None = None


def by_picture(examples: Iterable[Example]) -> list[list[Example]]:
    """The examples of each picture together."""
    groups: dict[object, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.image if isinstance(example.image, str | Path) else id(example.image)].append(example)
    return list(groups.values())


def captions(model: sr.Pretrained, data: Path, limit: int | None) -> Iterator[Score]:
    """Flickr8k, against all five captions of each photograph. Blind: the same captions, each for another photo."""
    pictures = by_picture(read_flickr8k(data / "flickr8k", "dev"))[:limit]
    written = caption(model, [texts[0].image for texts in pictures], batch_size=BATCH, max_tokens=40)
    said = [each.text for each in written]
    references = [[text.answer for text in texts] for texts in pictures]
    moved = said[1:] + said[:1]
    count = len(said)
    for name, metric in (("CIDEr-D", cider_d), ("ROUGE-L", rouge_l)):
        each, elsewhere = metric(said, references), metric(moved, references)
        blind = sum(elsewhere) / count
        yield Score(
            f"Flickr8k dev, {name}", bootstrap_mean([[value] for value in each], ROUNDS), count, blind
        )

    def bleu_4(places: Sequence[int]) -> float:
        return bleu([said[place] for place in places], [references[place] for place in places])[3]

    yield Score("Flickr8k dev, BLEU-4", bootstrap(count, bleu_4, 100), count, bleu(moved, references)[3])
    yield Score("Flickr8k dev, different captions", Interval(*[len(set(said)) / count] * 3), count)


def answered(
    model: sr.Pretrained,
    what: str,
    known: Sequence[Example],
    asked: Sequence[Example],
    kind: Callable[[str], str],
) -> Iterator[Score]:
    """Accuracy overall and by kind of question. Blind: the most frequent answer to the same question in `known`, or
    to any question if it does not occur there."""
    often: dict[str, Counter[str]] = defaultdict(Counter)
    for example in known:
        often[example.about][example.answer] += 1
    fallback = sum(often.values(), Counter[str]()).most_common(1)[0][0]

    def guess(question: str) -> str:
        return often[question].most_common(1)[0][0] if question in often else fallback

    right: dict[int, float] = {}
    for group in by_picture(asked):
        said = answer(model, group[0].image, [each.about for each in group], batch_size=BATCH, max_tokens=8)
        right |= {id(each): agreement(one.text, [each.answer]) for each, one in zip(group, said, strict=True)}
    for name in ("all", *sorted({kind(example.about) for example in asked})):
        chosen = [example for example in asked if name in ("all", kind(example.about))]
        blind = sum(guess(example.about) == example.answer for example in chosen) / len(chosen)
        groups = [[right[id(example)] for example in group] for group in by_picture(chosen)]
        yield Score(f"{what}, {name}", bootstrap_mean(groups, ROUNDS), len(groups), blind)


def easy_vqa(model: sr.Pretrained, data: Path, limit: int | None) -> Iterator[Score]:
    """Questions about pictures of one shape."""
    known = read_easy_vqa(data / "easy_vqa", "train")
    pictures = by_picture(read_easy_vqa(data / "easy_vqa", "test"))[:limit]
    asked = [example for picture in pictures for example in picture]
    yield from answered(model, "easy-VQA test", known, asked, kind_of_question)


def nlvr(model: sr.Pretrained, data: Path, limit: int | None) -> Iterator[Score]:
    """True or false of a drawing."""
    asked = read_nlvr(data / "nlvr", "test")[:limit]
    yield next(
        answered(model, "NLVR public test", read_nlvr(data / "nlvr", "dev"), asked, lambda question: "all")
    )


def scene_questions(model: sr.Pretrained, limit: int | None) -> Iterator[Score]:
    """Questions about drawn scenes: count, colour, shape, presence, place."""

    def questions(seeds: Iterable[int], side: int) -> list[Example]:
        return [each for seed in seeds for each in scene_examples(seed, side, 64) if each.task == "answer"]

    known = questions(range(KNOWN_SCENES), 8)
    asked = questions(range(FIRST_SEED, FIRST_SEED + min(limit or SCENES, SCENES)), 128)
    kinds = {
        "how": "count",
        "what color": "color",
        "what shape": "shape",
        "is there": "presence",
        "is the": "place",
    }

    def kind(question: str) -> str:
        return next(name for start, name in kinds.items() if question.startswith(start))

    yield from answered(model, "Drawn scenes", known, asked, kind)


def names(model: sr.Pretrained, data: Path, limit: int | None) -> Iterator[Score]:
    """The name of one of 200 classes, written freely and compared with its first."""
    examples = read_tiny_imagenet(data / "tiny_imagenet", "val")
    chosen = random.Random(0).sample(examples, min(limit or len(examples), len(examples)))
    prompt = (
        PREFIXES["name"].format(language="en") if model.style.kind == "prefix" else INSTRUCTIONS["name"][0]
    )
    said = caption(model, [each.image for each in chosen], prompt=prompt, batch_size=BATCH, max_tokens=8)
    right = [[agreement(one.text, [each.answer])] for one, each in zip(said, chosen, strict=True)]
    yield Score("Tiny ImageNet val, first name", bootstrap_mean(right, ROUNDS), len(chosen), 1 / 200)


def found(model: sr.Pretrained, asked: Sequence[tuple[Source, str, Sequence[Box]]]) -> list[Seen]:
    """What the model finds of each question (picture, label, its true boxes). The size of pictures plays no part in
    what is measured here."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, (_, label, _) in enumerate(asked):
        places[label].append(place)
    seen: dict[int, Seen] = {}
    for label, of_label in places.items():
        results = detect(model, [asked[place][0] for place in of_label], [label], batch_size=BATCH)
        for place, result in zip(of_label, results, strict=True):
            guesses = [Guess(each.box, each.confidence, label) for each in result if each.label == label]
            seen[place] = Seen([Thing(label, box) for box in asked[place][2]], guesses, (1, 1))
    return [seen[place] for place in range(len(asked))]


def scene_boxes(model: sr.Pretrained, limit: int | None) -> Iterator[Score]:
    """Each thing of a scene asked for by its full name, and one that is not there; all questions make one curve."""
    asked: list[tuple[Source, str, Sequence[Box]]] = []
    scene_of = []
    for seed in range(FIRST_SEED, FIRST_SEED + min(limit or SCENES, SCENES)):
        scene, chance = invent(seed), random.Random(seed)
        there = list(dict.fromkeys(thing.name for thing in scene.things))
        absent = [
            name for colour in COLOURS for shape in SHAPES if (name := f"{colour} {shape}") not in there
        ]
        picture = render(scene, 128)
        for name in (*there, chance.choice(absent)):
            asked.append((picture, name, [thing.box for thing in scene.things if thing.name == name]))
            scene_of.append(seed)
    seen = found(model, asked)
    matches = match([without_labels(each) for each in seen], [""])
    scenes = len(set(scene_of))

    def precision(places: Sequence[int]) -> float:
        return average_precision(matches, places, threshold=0.5)

    yield Score("Drawn scenes, AP50 by full name", clustered(scene_of, precision, ROUNDS), scenes)
    silent: dict[int, list[float]] = {seed: [] for seed in scene_of}
    for seed, each in zip(scene_of, seen, strict=True):
        silent[seed] += [float(not each.guesses)] * (not each.things)
    yield Score(
        "Drawn scenes, silent on what is not there", bootstrap_mean(list(silent.values()), ROUNDS), scenes
    )


def without_labels(seen: Seen) -> Seen:
    """The same, all things of one kind."""
    things = [Thing("", thing.box) for thing in seen.things]
    return Seen(things, [Guess(guess.box, guess.confidence) for guess in seen.guesses], seen.size)


def cell_boxes(model: sr.Pretrained, data: Path, limit: int | None) -> Iterator[Score]:
    """Blood cells: the average precision of each kind, and their mean."""
    pictures = by_picture(read_bccd(data / "bccd", ["test"], 64))[:limit]
    seen: list[Seen] = [Seen([], [], (1, 1))] * len(pictures)
    for label in CELLS.values():
        asked = [next(each for each in examples if each.about == label) for examples in pictures]
        of_label = found(model, [(each.image, label, [thing.box for thing in each.boxes]) for each in asked])
        pairs = zip(seen, of_label, strict=True)
        seen = [Seen([*a.things, *b.things], [*a.guesses, *b.guesses], a.size) for a, b in pairs]
    matches = match(seen, list(CELLS.values()))

    def mean(places: Sequence[int]) -> float:
        return average_precision(matches, places, threshold=0.5)

    yield Score("BCCD test, AP50, mean of labels", bootstrap(len(pictures), mean, ROUNDS), len(pictures))
    for label in matches.labels:

        def own(places: Sequence[int], label: str = label) -> float:
            return precisions(matches, places, threshold=0.5)[label]

        yield Score(f"BCCD test, AP50, {label}", bootstrap(len(pictures), own, ROUNDS), len(pictures))


def measure(model: sr.Pretrained, data: Path, limit: int | None) -> Iterator[Score]:
    """All that applies to the model, one score after the other."""
    yield from captions(model, data, limit)
    yield from easy_vqa(model, data, limit)
    yield from names(model, data, limit)
    yield from nlvr(model, data, limit)
    yield from scene_questions(model, limit)
    if model.style.detect is not None:
        yield from scene_boxes(model, limit)
        yield from cell_boxes(model, data, limit)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--limit", type=int, help="at most so many pictures of each set")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model = sr.load(options.model, precision=options.precision)
    told: list[dict[str, Any]] = []
    if not options.json:
        print(f"{'':44}   score  95 of 100 between  blind  pictures")
    for score in measure(model, options.data, options.limit):
        value, low, high = score.interval
        told.append({"what": score.what, "score": value, "interval": [low, high], "pictures": score.pictures})
        if score.blind is not None:
            told[-1]["blind"] = score.blind
        if not options.json:
            blind = "" if score.blind is None else f"{score.blind:.3f}"
            between = f"{low:.3f} to {high:.3f}"
            print(f"{score.what:44}   {value:.3f}   {between}  {blind:>7}  {score.pictures:8}", flush=True)
    if options.json:
        record = {"model": options.model, "precision": options.precision, "seeread": sr.__version__}
        print(json.dumps(record | {"results": told}, indent=2))


if __name__ == "__main__":
    main()
