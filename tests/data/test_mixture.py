"""Mixtures: shares, epochs, resuming, what is left out, and batches for a real processor."""

import math
from collections import Counter
from collections.abc import Sequence

import pytest
from PIL import Image

from seeread.data.collate import batches
from seeread.data.example import Example, overview
from seeread.data.lessons import Lesson
from seeread.data.lessons.captions import Captioning, SplitCaption
from seeread.data.lessons.gaps import SpanCorruption
from seeread.data.lessons.lesson import GAP
from seeread.data.lessons.pali import MILLIONS, pali
from seeread.data.lessons.questions import Answering
from seeread.data.mixture import Mixture, Part
from seeread.data.sampling import BLOCK
from seeread.errors import DataError, UsageError
from seeread.interface import Role
from seeread.preprocessing.dialogue import Gapped
from seeread.preprocessing.pointing.locations import Box, Located
from tests.talkers import byte_tokenizer, tiny_llava

PICTURE = Image.new("RGB", (20, 20), "red")


def captions(count: int, name: str = "c") -> list[Example]:
    return [Example(PICTURE, "caption", "", f"{name} {number} seen here") for number in range(count)]


def questions(count: int) -> list[Example]:
    return [Example(PICTURE, "answer", f"what is {number}?", f"number {number}") for number in range(count)]


def drawn(mixture: Mixture, lessons: int) -> list[Lesson]:
    return [lesson for step in range(math.ceil(lessons / mixture.batch)) for lesson in mixture(step)][:lessons]


def kinds(lessons: Sequence[Lesson]) -> Counter[str]:
    return Counter(lesson.dialogue[0].text.split()[0] for lesson in lessons)


def two(batch: int, seed: int = 0, temperature: float = 1.0) -> Mixture:
    asked = Part(questions(40), Answering("answer {question}"), 1)
    return Mixture([Part(captions(5), Captioning("caption"), 3), asked], batch, seed, temperature)


def test_a_block_has_the_shares_exactly_in_a_random_order() -> None:
    lessons = drawn(two(8), 2 * BLOCK)
    for block in (lessons[:BLOCK], lessons[BLOCK:]):
        assert kinds(block) == {"caption": 3072, "answer": 1024}
    for part in (lessons[start : start + 256] for start in range(0, 2 * BLOCK, 256)):
        assert 150 < kinds(part)["caption"] < 230
    assert [lesson.answer for lesson in lessons[:BLOCK]] != [lesson.answer for lesson in lessons[BLOCK:]]


def test_every_example_comes_once_before_any_comes_again() -> None:
    lessons = drawn(two(7), BLOCK + 500)  # beyond the end of a block
    for task, count in (("caption", 5), ("answer", 40)):
        answers = [lesson.answer for lesson in lessons if lesson.dialogue[0].text.startswith(task)]
        epochs = [answers[start : start + count] for start in range(0, len(answers) - count, count)]
        assert len(epochs) > 20 and all(len(set(epoch)) == count for epoch in epochs)
        assert len(set(map(tuple, epochs))) > 5  # in another order each time


def test_a_step_is_a_function_of_seed_and_step() -> None:
    mixture, again = two(6, seed=4), two(6, seed=4)
    forwards = [mixture(step) for step in range(30)]
    assert [again(step) for step in reversed(range(30))] == forwards[::-1]
    assert [two(6, seed=5)(step) for step in range(30)] != forwards
    assert drawn(two(9, seed=4), 90) == [lesson for step in forwards[:15] for lesson in step]  # whatever the batch


def test_chance_is_another_each_time_an_example_comes() -> None:
    mixture = Mixture([Part(captions(1), SplitCaption())], 32)
    assert len({lesson.answer for lesson in mixture(0)}) == 4


def test_without_weights_parts_are_as_large_as_their_examples() -> None:
    parts = [Part(captions(10), Captioning()), Part(questions(30), Answering())]
    assert Mixture(parts, 1).counts == [1024, 3072]
    assert Mixture(parts, 1, temperature=2).counts == [1499, 2597]  # 1 to the root of 3
    assert Mixture(parts, 1, temperature=1e6).counts == [2048, 2048]
    assert Mixture(parts, 16).epoch == 3 and Mixture(parts, 40).epoch == 1


def test_what_does_not_fit_is_left_out_and_counted() -> None:
    part = Part([*captions(4), *questions(3), Example(PICTURE, "caption", "", " ")], Captioning())
    assert len(part.usable) == 4 and part.skipped == 4 and part.share == 4
    with pytest.raises(DataError, match="Captioning needs a caption, and none of 3 examples has it"):
        Part(questions(3), Captioning())


@pytest.mark.parametrize("weight", [0.0, -1.0, math.inf, math.nan])
def test_weights_must_make_sense(weight: float) -> None:
    with pytest.raises(UsageError, match=r"Captioning: a weight of"):
        Part(captions(1), Captioning(), weight)


def test_mixtures_must_make_sense() -> None:
    part = Part(captions(1), Captioning(), 1)
    for options in ({"parts": [], "batch": 1}, {"parts": [part], "batch": 0}):
        with pytest.raises(UsageError, match="at least one part"):
            Mixture(**options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="temperature"):
        Mixture([part], 1, temperature=0)
    with pytest.raises(UsageError, match="less than one lesson in 4,096"):
        Mixture([part, Part(captions(1), Captioning(), 1e-6)], 1)


def test_batches_are_what_the_processor_makes_of_the_lessons() -> None:
    processor = tiny_llava().processor
    mixture = Mixture([Part(captions(3), Captioning()), Part(questions(3), Answering())], 4)
    batch = batches(mixture, processor)(2)
    lessons = mixture(2)
    assert len(batch.tokens) == 4 and batch.images is not None and len(batch.images) == 4
    for row, roles, lesson in zip(batch.tokens, batch.roles, lessons, strict=True):
        assert processor.write(row[roles == Role.ANSWER].tolist()).strip() == lesson.answer
        assert lesson.dialogue[0].text in processor.write(row[roles == Role.PROMPT].tolist())


def everything() -> list[Example]:
    things = [Located(name, Box(0.1, 0.1, 0.5, 0.5)) for name in ("cat", "dog")]
    return [
        *captions(3), *questions(2), Example(PICTURE, "read", "", "STOP"), Example(None, "text", "", "one two three"),
        overview(PICTURE, things), overview(PICTURE, things[:1]),
    ]  # fmt: skip


def test_pali_has_each_exercise_with_its_share() -> None:
    parts = pali(everything(), sentinels=True)
    names = [type(part.exercise).__name__ for part in parts]
    assert names == [
        "SplitCaption", "Captioning", "Transcription", "Answering", "Questioning", "Listing", "Presence", "Choosing",
        "Detection", "SpanCorruption",
    ]  # fmt: skip
    assert sum(part.share for part in parts) == pytest.approx(1566) == pytest.approx(sum(MILLIONS.values()))
    assert parts[0].share == 1000 and parts[-2].share == 16
    assert all(GAP in part.exercise.wording for part in parts[:-1])  # type: ignore[attr-defined]
    assert parts[6].exercise.labels == ("cat", "dog")  # type: ignore[attr-defined]
    (text,) = parts[-1].usable
    assert text.image is None


def test_pali_leaves_out_what_nothing_fits() -> None:
    assert [type(part.exercise) for part in pali(captions(2))] == [SplitCaption, Captioning]
    with_gaps = pali(captions(2), sentinels=True)
    assert type(with_gaps[-1].exercise) is SpanCorruption and len(with_gaps[-1].usable) == 2
    assert pali([]) == []
    one = overview(PICTURE, [Located("cat", Box(0.1, 0.1, 0.5, 0.5))])  # nothing to ask for that is not there
    assert [type(part.exercise).__name__ for part in pali([one])] == ["Listing", "Detection"]
    assert not any(GAP in str(vars(part.exercise)) for part in pali(everything()))


def test_a_whole_mixture_can_be_read_by_a_model() -> None:
    processor = tiny_llava().processor
    mixture = Mixture(pali(everything(), sentinels=True), 64, seed=1)
    batch = batches(mixture, processor)(0)
    lessons = mixture(0)
    shown = sum(len(turn.pictures) for lesson in lessons for turn in lesson.dialogue)
    assert batch.images is not None and len(batch.images) == shown < 64
    assert any(isinstance(lesson.dialogue[0].content[0], Gapped) for lesson in lessons)
    assert byte_tokenizer().number(GAP) is None  # where there are no sentinels, they are read as characters
