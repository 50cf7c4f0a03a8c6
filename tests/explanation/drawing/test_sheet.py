"""The sheet has every map, and says of each what there is to say."""

import numpy
import pytest
from PIL import Image

from seeread.explanation.drawing import sheet as drawing
from seeread.explanation.drawing.colours import ramp
from seeread.explanation.drawing.sheet import MARGIN, sheet
from seeread.explanation.heatmap import Explanation
from tests.explanation.drawing.samples import DOUBTED, explanation, heatmap, picture


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written on it."""
    texts: list[str] = []

    def spelled(text: str, font: object, room: float) -> str:
        texts.append(text)
        return text

    monkeypatch.setattr(drawing, "spelled", spelled)
    return texts


def shows(drawn: Image.Image, colour: numpy.ndarray) -> bool:
    return bool((numpy.asarray(drawn) == colour).all(axis=-1).any())


def test_question_answer_and_words(written: list[str]) -> None:
    drawn = sheet(picture(), [explanation(heatmap("a dog", "answer"), heatmap("dog", faithfulness=DOUBTED))])
    for text in ("What is it?", "a dog", "tests/model, explained by relevance", "the picture", "the whole answer",
                 "dog", "faithful 0.50", "not to be believed", "A note."):  # fmt: skip
        assert text in written, text
    assert shows(drawn, ramp(True)[-1]), "the legend"
    assert shows(drawn, ramp(False)[-1])


def test_what_is_believed_needs_no_grey_and_what_is_untested_no_figures(written: list[str]) -> None:
    drawn = sheet(picture(), [explanation(heatmap(faithfulness=None))])
    assert not shows(drawn, ramp(False)[0])
    assert not any("faithful" in text.lower() or "blind" in text for text in written)


def test_several_methods_stand_before_their_maps(written: list[str]) -> None:
    maps = [heatmap(f"word{place}") for place in range(5)]
    sheet(picture(), [explanation(*maps), explanation(*maps, method="rollout")])
    assert "tests/model, explained in 2 ways" in written
    assert {"relevance", "rollout", "arXiv:1"} <= set(written)
    assert written.count("word4") == 2


def test_several_methods_with_a_map_each_stand_side_by_side(written: list[str]) -> None:
    drawn = sheet(picture(), [explanation(heatmap()), explanation(heatmap(), method="rollout")])
    assert {"relevance", "rollout"} <= set(written)
    assert "arXiv:1" not in written
    assert drawn.width > drawn.height


@pytest.mark.parametrize("size", [(320, 240), (3000, 200), (40, 900), (8, 8)])
@pytest.mark.parametrize("count", [1, 3, 9, 30])
def test_pictures_of_any_shape_and_answers_of_any_length(size: tuple[int, int], count: int) -> None:
    words = [heatmap(f"word{place}") for place in range(count)]
    said = explanation(*words, answer=" ".join(one.about for one in words))
    drawn = numpy.asarray(sheet(picture(*size), [said]))
    assert drawn.shape[1] <= 2000
    assert (drawn[:, :MARGIN] == 255).all(), "the margin is free"
    assert (drawn[:, -MARGIN // 2 :] == 255).all()
    assert (drawn[-MARGIN:] == 255).all()


@pytest.mark.parametrize("about", ["", "猫", "x" * 300, "emoji \N{CAT FACE}", "two\nlines"])
def test_whatever_is_said_can_be_drawn(about: str) -> None:
    sheet(picture(), [explanation(heatmap(about), answer=about)])
    sheet(picture(), [explanation(heatmap(about, "label"), answer=None)])


def test_labels_and_boxes_have_no_answer_to_show(written: list[str]) -> None:
    labels = Explanation("m", "legrad", "a cat ; a dog", None, (heatmap("a cat", "label"), heatmap("a dog", "label")))
    sheet(picture(), [labels])
    assert "a cat, a dog" in written
    written.clear()
    boxes = explanation(heatmap("cat", "box"), answer="<loc0001><loc0002><loc0003><loc0004> cat")
    sheet(picture(), [boxes])
    assert not any("<loc" in text for text in written)
