"""Gaps and masks, and PaLI's mixture: what is asked and answered is right, and is a function of its number alone."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from seeread.data.lessons.captions import Captioning, SplitCaption
from seeread.data.lessons.gaps import SpanCorruption
from seeread.data.lessons.lesson import Exercise, with_gap
from seeread.data.lessons.objects import Detection, Listing, Presence
from seeread.data.lessons.pali import MILLIONS
from seeread.data.lessons.questions import Questioning
from seeread.data.masking import Masked
from seeread.data.sampling import BLOCK
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item
from seeread.errors import DataError, UsageError
from seeread.interface import Batch, Role
from seeread.models.families import build_model
from seeread.nn.initialise import initialise
from seeread.preprocessing.processor import Processor
from seeread.pretrained import Origin, Pretrained
from seeread.training.follow import follow
from seeread.training.objectives.choose import objective_for
from seeread.training.ranks.world import World
from seeread.training.recipe import Goal, Portion, Recipe, pali
from seeread.training.results.record import terms
from seeread.training.streams.build import build_stream
from seeread.training.streams.dealing import Dealt
from tests.training.learners import LEARNERS, T5_TEXT
from tests.training.streams.makers import data, equal, json_of, settings, tensors, world

ALL = ("captions", "questions", "boxes")
SENTINEL = re.compile(r"<extra_id_\d+>")
GAPS = SpanCorruption(longest=20)
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
TEXTS = tuple(" ".join(WORDS[place:] + WORDS[:place]) for place in range(len(WORDS)))


def said(texts: Sequence[str] = TEXTS) -> DataSet:
    """Texts alone: whoever opens one of their pictures finds none."""
    items = tuple(Item(f"t{place}", b"", captions=(text,)) for place, text in enumerate(texts))
    return DataSet("texts", Path("texts"), "made", items)


def t5() -> Pretrained:
    """An encoder-decoder whose tokenizer has a few sentinels."""
    plain = LEARNERS["t5"].processor
    tokenizer = plain.tokenizer.with_special([f"<extra_id_{number}>" for number in range(5)])
    torch.manual_seed(0)
    model = build_model(replace(T5_TEXT, vocabulary=tokenizer.size))
    initialise(model)
    return Pretrained(
        model.eval(), Processor(None, tokenizer, plain.style), Origin("t5", Path("t5"), "native")
    )


def model(name: str) -> Pretrained:
    return t5() if name == "gaps" else LEARNERS[name].pretrained(LEARNERS[name].model())


def portions(name: str) -> tuple[Portion, ...]:
    if name == "gaps":
        return (Portion(data=said(), exercise=GAPS),)
    if name == "perceiver_language_model":
        return (Portion(data=said([" ".join(text.split()[:6]) for text in TEXTS[:7]]), task="text"),)
    return pali(captions=data(5, *ALL), questions=data(3, *ALL), objects=foxes())


def foxes() -> DataSet:
    """Two pictures, in which other things are."""
    one = data(2, *ALL)
    fox = replace(one.items[0].things[0], label="fox")  # type: ignore[index]
    return replace(one, items=(one.items[0], replace(one.items[1], things=(fox,))))


GOALS: dict[str, Goal] = {"gaps": "write", "perceiver_language_model": "fill", "pali": "write"}
EVERY = sorted(GOALS)


def stream(name: str, ranks: World | None = None, workers: int = 0, **changes: Any) -> Dealt:
    made = changes.pop("data", None) or portions(name)
    goal = changes.pop("goal", GOALS.get(name, "write"))
    return build_stream(model(name), made, goal, settings(**changes), ranks or world(), workers=workers)


def texts_of(batch: Batch, processor: Processor, role: Role) -> list[str]:
    """What the tokens of that role say, sentinels too."""
    tokenizer = processor.tokenizer
    known = {tokenizer.number(f"<extra_id_{number}>"): f"<extra_id_{number}>" for number in range(5)}
    found = []
    for row, roles in zip(batch.tokens, batch.roles, strict=True):
        ids = row[roles == role].tolist()
        parts = [known.get(number) or tokenizer.write([number]) for number in ids]
        found.append("".join(parts).strip())
    return found


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("workers", [0, 2])
def test_restored_anywhere_it_gives_the_same(name: str, workers: int) -> None:
    whole = stream(name)
    expected = [next(whole) for _ in range(6)]
    for place in (1, 4):
        first, second = stream(name, workers=workers), stream(name, workers=workers)
        for _ in range(place):
            next(first)
        second.restore(json_of(first.state()))
        assert all(equal(next(second), each) for each in expected[place:])
        first.close()
        second.close()


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("parts", [1, 2])
def test_ranks_and_parts_share_the_same_examples(name: str, parts: int) -> None:
    """Each example alone: how wide a batch is padded depends on what stands beside it."""
    whole = stream(name)
    expected = [each for _ in range(3) for each in bare(next(whole))]
    streams = [stream(name, world(rank, 2), accumulate=parts) for rank in range(2)]
    shared = [each for _ in range(3 * parts) for mine in streams for each in bare(next(mine))]
    assert len(expected) == 24 and shared == expected


def bare(batch: Any) -> list[list[tuple[int, ...]]]:
    """The rows of a batch without padding, all that is known of each token."""
    if isinstance(batch, Masked):
        kept, columns = batch.valid, (batch.tokens, batch.truth, batch.hidden)
    else:
        kept, columns = batch.valid, (batch.tokens, batch.roles)  # type: ignore[assignment]
    return [
        list(zip(*(column[row][kept[row]].tolist() for column in columns), strict=True))
        for row in range(len(kept))
    ]


def test_what_is_missing_from_a_text_is_what_is_asked_for() -> None:
    batches, processor = stream("gaps"), t5().processor
    seen = set()
    for _ in range(5):
        batch = next(batches)
        assert batch.images is None
        asked, answered = (texts_of(batch, processor, role) for role in (Role.PROMPT, Role.ANSWER))
        for question, answer in zip(asked, answered, strict=True):
            gone = SENTINEL.split(answer.replace("<end>", ""))[1:]
            pieces = SENTINEL.split(question)
            assert len(pieces) == 2 and len(gone) == 1 + bool(pieces[-1].strip())
            text = f"{pieces[0]} {gone[0]} {pieces[1]}"
            assert " ".join(text.split()) in TEXTS
            assert 1 <= len(gone[0].split()) <= 3
            seen.add((question, answer))
    assert len(seen) > 30  # of 40: other gaps each time


def test_every_text_comes_once_an_epoch_and_words_are_hidden_anew() -> None:
    batches, tokenizer = (
        stream("perceiver_language_model"),
        model("perceiver_language_model").processor.tokenizer,
    )
    rows = [row for _ in range(7) for row in bare(next(batches))]
    for epoch in range(8):
        written = {tokenizer.write([truth for _, truth, _ in row]) for row in rows[7 * epoch : 7 * epoch + 7]}
        assert len(written) == 7 and all(any(text.startswith(each) for text in TEXTS) for each in written)
    assert len({str(row) for row in rows}) > 40


def test_nothing_is_asked_of_padding_and_longer_texts_are_read_from_anywhere() -> None:
    texts = [
        "a",
        "two words",
        "the longest of all texts, which the model cannot read as a whole, of many words",
    ]
    batches, tokenizer = (
        stream("perceiver_language_model", data=[Portion(data=said(texts))]),
        model("perceiver_language_model").processor.tokenizer,
    )
    starts: set[str] = set()
    for _ in range(12):
        batch = next(batches)
        assert (
            isinstance(batch, Masked) and batch.tokens.shape == batch.valid.shape and len(batch.tokens) == 8
        )
        assert batch.valid.sum(1).max() <= 40 and not batch.hidden[~batch.valid].any()
        assert batch.hidden.any(dim=1).all() and not (batch.hidden & (batch.truth < 6)).any()
        assert torch.equal(batch.tokens[~batch.hidden], batch.truth[~batch.hidden])
        for truth in batch.truth.tolist():
            read = tokenizer.write(truth)
            assert any(read in text for text in texts)
            starts |= {read.split()[0]} if read not in texts else set()
    assert len(starts) > 4


def test_a_word_that_is_too_long_is_passed_over_and_told() -> None:
    batches = stream(
        "perceiver_language_model", data=[Portion(data=said(["x" * 90, *TEXTS]))], broken_limit=0.5
    )
    for _ in range(3):
        next(batches)
    assert list(batches.trouble) == ["t0"] and "92 tokens" in batches.trouble["t0"]


def test_pali_has_its_own_shares() -> None:
    made = pali(captions="a", transcriptions="b", questions="c", objects="d", texts="e", sentinels=True)
    told = Counter[str]()
    for portion in made:
        told[f"{portion.data} {portion.task}"] += round(portion.weight or 0, 1)  # type: ignore[assignment]
    assert told == {
        "a caption": 1100, "b read": 100, "c answer": 200, "d objects": pytest.approx(50, abs=0.2), "d detect": 16,
        "e text": 100,
    }  # fmt: skip
    assert sum(portion.weight or 0 for portion in made) == pytest.approx(sum(MILLIONS.values()))
    assert [type(portion.exercise).__name__ for portion in made if portion.data == "c"] == [
        "Answering", "Questioning"
    ]  # fmt: skip
    with pytest.raises(UsageError, match="sentinels=True"):
        pali(texts="e")


def test_a_stream_keeps_these_shares() -> None:
    batches = stream("pali", batch=64)
    total = sum(portion.weight or 0 for portion in portions("pali"))
    dealt = Counter(batches._maker.order.mixed(number)[0] for number in range(BLOCK))
    for place, portion in enumerate(portions("pali")):
        assert abs(dealt[place] - BLOCK * (portion.weight or 0) / total) <= 1
    batch = next(batches)
    prompts = texts_of(batch, model("pali").processor, Role.PROMPT)
    kinds = Counter(" ".join(prompt.split()[:3]) for prompt in prompts)
    assert kinds["Generate the alt_text"] > 40 and kinds["Generate a question"] and kinds["Answer in EN:"]


@pytest.mark.parametrize(
    ("exercise", "asked", "answered"),
    [
        (SplitCaption(), r"Generate the alt_text in EN at \d:.*", r"(a |the )?(photo |dog )?\d"),
        (Questioning(), r"Generate a question in EN for (yes|no):", r"is it \d\?"),
        (Listing(), r"Answer in EN: List the objects present:", "cat, dog|fox"),
        (Presence(()), r"Answer in EN: Is (cat|dog|fox) in the image\?", "yes|no"),
        (
            Detection(written="numbers", bins=1000),
            "detect (cat|dog|fox)( ; (cat|dog|fox))*",
            r"((\d+ ){4}(cat|dog|fox)( ; )?)*",
        ),
    ],
)
def test_an_exercise_asks_in_its_own_words(exercise: Exercise, asked: str, answered: str) -> None:
    batch = next(stream("pali", data=[Portion(data=foxes(), exercise=exercise)], batch=16))
    processor = model("pali").processor
    prompts, answers = (texts_of(batch, processor, role) for role in (Role.PROMPT, Role.ANSWER))
    assert len(batch.images) == 16
    for prompt, answer in zip(prompts, answers, strict=True):
        assert re.fullmatch(asked, prompt), prompt
        assert re.fullmatch(answered, answer.removesuffix("<end>")), answer


def test_things_that_are_not_there_are_those_of_the_set() -> None:
    batch = next(stream("pali", data=[Portion(data=foxes(), exercise=Presence(()))], batch=32))
    processor = model("pali").processor
    found = zip(*(texts_of(batch, processor, role) for role in (Role.PROMPT, Role.ANSWER)), strict=True)
    right = {("cat", "yes"), ("dog", "yes"), ("fox", "no"), ("fox", "yes"), ("cat", "no"), ("dog", "no")}
    assert {(prompt.split()[4], answer) for prompt, answer in found} == right


@pytest.mark.parametrize(
    ("name", "goal", "portion", "why"),
    [
        ("pali", "write", Portion(data=said(), exercise=GAPS), r"no <extra_id_0>"),
        ("gaps", "write", Portion(data=said(), exercise=SpanCorruption()), r"up to <extra_id_26>.*no <extra_id_5>"),
        ("pali", "write", Portion(data=said(), exercise=with_gap(Captioning())), r"no <extra_id_0>"),
        ("pali", "write", Portion(data=said(), exercise=Detection()), r"up to <loc1023>.*in numbers"),
        ("gaps", "write", Portion(data=said()), r"takes no pictures.*SpanCorruption"),
        ("dual_encoder", "contrast", Portion(data=said(), exercise=GAPS), r'goal is "contrast"'),
        ("pali", "fill", Portion(data=said()), r"has no \[MASK\]"),
        ("tower_probe", "fill", Portion(data=said()), r"reads no text"),
    ],
)  # fmt: skip
def test_what_a_model_cannot_do_is_refused_at_once(name: str, goal: Goal, portion: Portion, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        stream(name, goal=goal, data=[portion])


@pytest.mark.parametrize(
    ("name", "exercise", "why"),
    [("pali", Questioning(), "Questioning needs a question"), ("gaps", GAPS, "at least two words")],
)
def test_an_exercise_that_nothing_fits_is_refused(name: str, exercise: Exercise, why: str) -> None:
    with pytest.raises(DataError, match=why):
        stream(name, data=[Portion(data=said(["one"]), exercise=exercise)])


def test_a_set_is_made_once_for_all_portions_of_it() -> None:
    made = []

    def make() -> DataSet:
        made.append(1)
        return foxes()

    stream("pali", data=pali(captions=make, objects=make))
    assert len(made) == 1


def test_a_run_says_in_which_words_it_asked() -> None:
    parts = (Portion(data=said(), exercise=GAPS), Portion(data=said()))
    told = terms(Recipe(name="", start="", data=parts, goal="write", settings=settings()), [said()] * 2, "")
    assert [each.get("exercise") for each in told["data"]] == ["SpanCorruption", None]


@pytest.mark.parametrize(("name", "steps", "share"), [
    ("gaps", 40, 0.75), ("perceiver_language_model", 40, 0.75), ("pali", 30, 0.75)
])  # fmt: skip
def test_a_recipe_of_it_learns(name: str, steps: int, share: float, tmp_path: Path) -> None:
    how = replace(
        settings(precision="fp32", crop=1.0, average=None), steps=steps, rate=1e-2, weight_decay=0.0, save_every=steps
    )  # fmt: skip
    recipe = Recipe(name=name, start=lambda: model(name), data=portions(name), goal=GOALS[name], settings=how)
    learned = follow(recipe, tmp_path)
    batch = next(stream(name, seed=1, batch=32))
    with torch.inference_mode():
        before, after = (
            float(objective_for(each.module, recipe.goal)(each.module, batch))
            for each in (model(name), learned)
        )
    assert after < share * before, (before, after)
    assert len(tensors(batch)[0]) == 32
