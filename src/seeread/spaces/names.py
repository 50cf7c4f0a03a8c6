"""Words to call groups of pictures by: those of their captions and classes, and a list of our own."""

import re
from collections import Counter
from collections.abc import Sequence

from seeread.preprocessing.prompt import imagenet_names

EVERYDAY = (
    "person", "woman", "man", "child", "baby", "group of people", "crowd", "portrait", "face", "hand",
    "wedding", "birthday party", "concert", "sports game", "football match", "running", "swimming", "dancing",
    "family", "friends", "selfie", "dog", "cat", "horse", "cow", "sheep", "bird", "fish", "insect", "wild animal",
    "flower", "tree", "forest", "grass", "garden", "fruit", "vegetables", "food", "dessert", "drink", "meal on a table",
    "beach", "sea", "lake", "river", "waterfall", "mountain", "snow", "desert", "sky", "sunset", "night sky", "rain",
    "city", "street", "building", "house", "church", "bridge", "tower", "road", "railway", "harbour", "market",
    "kitchen", "bedroom", "bathroom", "living room", "office", "classroom", "shop", "restaurant", "factory", "museum",
    "car", "truck", "bus", "bicycle", "motorcycle", "train", "boat", "aeroplane", "rocket", "machine", "tool",
    "computer", "telephone", "book", "document", "handwriting", "screenshot", "map", "chart", "diagram", "logo",
    "drawing", "painting", "cartoon", "sculpture", "pattern", "texture", "toy", "clothes", "shoes", "jewellery",
    "furniture", "musical instrument", "medical scan", "satellite picture", "microscope picture",
)  # fmt: skip
"""What photographs of everyday life show and ImageNet has no class for; a short list of our own."""


_SMALL = frozenset(
    "and are around her his its near next one other out over she some that the their them there they this two three "
    "through very was while who with wearing into from down off onto for front has have having him inside outside "
    "behind beside between being about across along another against above several many big small large little".split()
)
"""Words of captions that say nothing of what is to be seen."""
_PRIMATES = slice(365, 385)
"""Apes, monkeys and lemurs among the classes of ImageNet. A wrong name is a nuisance; one of these for people is harm,
and a program that gives names unasked must not have them (a folder whose own labels or captions say so does)."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_LEAST, _MOST = 3, 300  # captions that have a word, and words that are taken


def names(labels: Sequence[str] = (), captions: Sequence[str] = ()) -> list[str]:
    """The words that groups are named with, none of them twice: those that captions have often, or the labels of
    classes; then everyday things; then, for pictures without captions, the classes of ImageNet."""
    counts = Counter(word for caption in captions for word in {*_WORD.findall(caption.casefold())} - _SMALL)
    often = [word for word, count in counts.most_common(_MOST) if count >= _LEAST]
    found: dict[str, str] = {}
    classes = list(imagenet_names())
    del classes[_PRIMATES]
    for name in (*labels, *often, *EVERYDAY, *(() if often else classes)):
        found.setdefault(name.casefold(), name)
    return list(found.values())
