"""Prompt templates: where they come from, and that a label is only ever put into its place."""

import json

import pytest

from seeread.errors import UsageError
from seeread.preprocessing.prompt import fill, imagenet_names, templates
from tests.shared import shared


@pytest.mark.parametrize(
    ("name", "count"),
    [("imagenet", 80), ("subset", 7), ("imagenet7", 7), ("none", 1), ("photo", 1), ("general", 5)],
)
def test_named_ensembles(name: str, count: int) -> None:
    wanted = templates(name)
    assert len(set(wanted)) == count
    assert all(template.count("{}") == 1 for template in wanted)


def test_the_data_is_openais() -> None:
    content = json.loads(shared("clip_assets", "imagenet_classes_templates.json").read_text())
    assert list(imagenet_names()) == content["imagenet_classes"]
    assert list(templates("imagenet")) == content["imagenet_templates"]
    assert set(templates("subset")) <= set(templates("imagenet"))


def test_a_template_of_ones_own() -> None:
    assert templates("a photo of a {}, a type of pet.") == ("a photo of a {}, a type of pet.",)
    assert templates("{}") == ("{}",)


@pytest.mark.parametrize("wanted", ["", "a photo", "{} and {}", "{0}", "{label}", "Imagenet"])
def test_what_is_no_template_is_refused(wanted: str) -> None:
    with pytest.raises(UsageError, match=r"should contain \{\} once"):
        templates(wanted)


@pytest.mark.parametrize(
    ("template", "label", "expected"),
    [
        ("a photo of a {}.", "dog", "a photo of a dog."),
        ("a photo of a {}.", "a dog", "a photo of a dog."),
        ("a photo of the {}.", "an apple", "a photo of the apple."),
        ("a photo of {}.", "a dog", "a photo of a dog."),
        ("a photo of a {}.", "theatre", "a photo of a theatre."),
        ("a photo of the large {}.", "a dog", "a photo of the large dog."),
        ("a origami {}.", "A dog", "a origami dog."),
        ("itap of my {}.", "the dog", "itap of my dog."),
        ("art of {}.", "the dog", "art of the dog."),
        ("panda {}", "the end", "panda the end"),
        ("{}", "a dog", "a dog"),
        ("the {}", "a dog", "the dog"),
        ("a {}.", "{}", "a {}."),
        ("{} {0.__class__} %s", "{0.__class__}", "{0.__class__} {0.__class__} %s"),
        (r"a \1 {}", r"\g<0>", r"a \1 \g<0>"),
    ],
)
def test_filling(template: str, label: str, expected: str) -> None:
    assert fill(template, label) == expected
