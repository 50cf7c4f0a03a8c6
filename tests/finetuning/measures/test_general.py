"""The check for forgetting that needs nothing but what the package draws."""

from seeread.finetuning.measures.general import agreement, drawn
from tests.tiny import tiny_model


def test_drawn_scenes_are_the_same_every_time_and_say_what_they_show() -> None:
    one, two = drawn(12, alone=True), drawn(12, alone=True)
    assert [item.label for item in one.items] == [item.label for item in two.items]
    assert one.knows == {"labels"} and {item.label for item in one.items} <= set(one.labels)
    told = drawn(5, alone=False)
    assert told.knows == {"captions", "questions", "boxes"}
    assert len({question.id for item in told.items for question in item.questions}) == 10


def test_a_model_agrees_with_itself_and_hardly_with_one_drawn_at_random() -> None:
    pictures = [item.source for item in drawn(40, alone=True).items]
    same = agreement(tiny_model(), tiny_model(), pictures)
    assert same.score == 1
    other = agreement(tiny_model(seed=0), tiny_model(seed=1), pictures)
    assert other.score < 0.5 and other.low <= other.score <= other.high
