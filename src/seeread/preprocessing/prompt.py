"""Prompt templates: labels to sentences, for a model that was trained on captions and not on single words."""

import json
import re
from functools import cache
from importlib import resources

from seeread.errors import UsageError

PLACE = "{}"
LEADING_ARTICLE = re.compile(r"(?:a|an|the) ", re.IGNORECASE)
ENDING_ARTICLE = re.compile(r"(?:^|\s)(?:a|an|the|my)(?: [\w-]+)? $")  # "the large {}" has one too

GENERAL = ("{}", "a photo of {}.", "a close-up photo of {}.", "a cropped photo of {}.", "a drawing of {}.")
"""What is used when nobody asks for anything else. Without articles, so that "a dog", "dogs" and "Paris" all fit."""

SUBSET = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)
"""The seven of the 80 that OpenAI's forward selection kept for ImageNet (same notebook as `imagenet.json`)."""


def templates(wanted: str) -> tuple[str, ...]:
    """The templates of that name, or `wanted` itself where it is a template: a text with one {} for the label.

    Names: "general", "photo" ("a photo of a {}."), "imagenet" (OpenAI's 80), "subset" (seven of them; also called
    "imagenet7"), "none" (the label alone). Anything else raises UsageError.
    """
    named: dict[str, tuple[str, ...]] = {
        "general": GENERAL,
        "photo": ("a photo of a {}.",),
        "imagenet": _imagenet()["templates"],
        "subset": SUBSET,
        "imagenet7": SUBSET,
        "none": (PLACE,),
    }
    if wanted in named:
        return named[wanted]
    if wanted.count(PLACE) == 1:
        return (wanted,)
    raise UsageError(
        f"The template {wanted!r} should contain {{}} once, where the label goes, as in 'a photo of a {{}}.'. "
        f"Or name one of {', '.join(named)}."
    )


def fill(template: str, label: str) -> str:
    """The label in its place. A plain replacement: braces that hold anything are text, here and in the label.

    Where both bring an article ("a photo of a {}.", "a dog") the template's is kept: "a photo of a dog.".
    """
    before, _, after = template.partition(PLACE)
    if ENDING_ARTICLE.search(before) and (article := LEADING_ARTICLE.match(label)):
        label = label[article.end() :]
    return before + label + after


def imagenet_names() -> tuple[str, ...]:
    """OpenAI's names of the 1,000 ImageNet classes, in order. "missile" and "sunglasses" name two classes each."""
    return _imagenet()["names"]


@cache
def _imagenet() -> dict[str, tuple[str, ...]]:
    text = resources.files("seeread.preprocessing").joinpath("imagenet.json").read_text(encoding="utf-8")
    content = json.loads(text)
    return {"names": tuple(content["names"]), "templates": tuple(content["templates"])}
