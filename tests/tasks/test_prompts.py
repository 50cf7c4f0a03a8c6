"""Labels become sentences, and senseless labels are refused."""

import pytest

from seeread.errors import UsageError
from seeread.preprocessing.prompt import GENERAL
from seeread.tasks.prompts import check_labels, prompts


def test_the_usual_templates() -> None:
    assert prompts("a dog") == tuple(template.replace("{}", "a dog") for template in GENERAL)


@pytest.mark.parametrize("name", ["general", "photo", "imagenet", "subset"])
@pytest.mark.parametrize("label", ["a dog", "An apple", "the moon"])
def test_no_sentence_has_two_articles(name: str, label: str) -> None:
    for sentence in prompts(label, name):
        words = sentence.lower().split()
        articles = [place for place, word in enumerate(words) if word in ("a", "an", "the", "my")]
        noun = next(place for place, word in enumerate(words) if word.strip(".") in ("dog", "apple", "moon"))
        assert len([place for place in articles if noun - 3 <= place < noun]) <= 1, sentence


def test_a_template_of_ones_own_and_several() -> None:
    assert prompts("a dog", "a photo of a {}.") == ("a photo of a dog.",)
    assert prompts("dog", ["{}", "a {}", "{}"]) == ("dog", "a dog"), "the same sentence counts once"
    assert len(prompts("dog", ["imagenet", "none"])) == 81


@pytest.mark.parametrize(
    "caption",
    ["A man rides a wave.", "is it raining?", "a photo of a cat", "This is a photo of a cat", "a bad picture of cats"],
)
def test_a_caption_is_taken_as_it_is(caption: str) -> None:
    assert prompts(caption) == (caption,)
    assert prompts(caption, "x {}") == (f"x {caption}",), "a template that is asked for is used"


@pytest.mark.parametrize("label", ["a photographer", "a drawing", "photo of", "an image sensor"])
def test_what_only_sounds_like_a_caption(label: str) -> None:
    assert len(prompts(label)) == len(GENERAL)


def test_labels_are_stripped() -> None:
    assert check_labels([" a dog ", "a cat\n"]) == ["a dog", "a cat"]


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([], "no labels"),
        (["a dog", " "], "Label 2 of 2 is blank"),
        (["a dog", "a cat", "a dog "], "'a dog' is there 2 times"),
        ("a dog,a cat", "list of texts"),
        (["a dog", 3], "list of texts"),
    ],
)
def test_senseless_labels(labels: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        check_labels(labels)


def test_senseless_templates() -> None:
    for template in ("no place", [], ["{}", "no place"]):
        with pytest.raises(UsageError):
            prompts("dog", template)
