"""Labels to the sentences that stand for them."""

import re
from collections import Counter
from collections.abc import Sequence

from seeread.errors import UsageError
from seeread.preprocessing.prompt import fill, templates

DEFAULT = "general"
"""The templates that are used when nobody asks for others."""

_CAPTION = re.compile(
    r"[.!?]$|^(?:(?:a|an|the|this is an?) )?(?:[\w-]+ ){0,2}(?:photo|picture|image|drawing) of ", re.IGNORECASE
)


def prompts(label: str, template: str | Sequence[str] | None = None) -> tuple[str, ...]:
    """The sentences that stand for a label.

    `template` is a name ("imagenet", see `preprocessing.prompt.templates`), a sentence with {} where the label goes, or
    several of these. A label may bring its article: "a dog" in "a photo of a {}." is "a photo of a dog.". Without
    `template` the label goes into the general templates, unless it is a caption itself, which is taken as it is: it
    ends in a full stop, question or exclamation mark, or begins like "a photo of", "a blurry picture of".
    """
    if template is None:
        if _CAPTION.search(label):
            return (label,)
        template = DEFAULT
    wanted = [template] if isinstance(template, str) else template
    if not wanted:
        raise UsageError("There is no template in the list. Leave it out to use the usual ones.")
    return tuple(dict.fromkeys(fill(each, label) for name in wanted for each in templates(name)))


def check_labels(labels: Sequence[str]) -> list[str]:
    """The labels without white space around them; UsageError if there are none, or one is blank or there twice."""
    if isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise UsageError('Labels are a list of texts, such as ["a dog", "a cat"].')
    stripped = [label.strip() for label in labels]
    if not stripped:
        raise UsageError("There are no labels. Give at least one, such as a dog.")
    if "" in stripped:
        raise UsageError(f"Label {stripped.index('') + 1} of {len(stripped)} is blank. Leave it out.")
    twice, times = Counter(stripped).most_common(1)[0]
    if times > 1:
        raise UsageError(f"The label {twice!r} is there {times} times. Keep one of them: they would share its score.")
    return stripped
