"""What is looked for, as a vector."""

from torch import Tensor

from seeread.errors import UsageError
from seeread.preprocessing.image import Source
from seeread.pretrained import Pretrained


def check_query(text: str) -> str:
    """The text itself; raises UsageError if it is blank."""
    if not text.strip():
        raise UsageError('The query is blank. Say what to look for, such as "a red car".')
    return text


def of_text(model: Pretrained, text: str) -> Tensor:
    """The unit vector (dimension,) of a text as it is: people search in words like those that captions are made of."""
    return model.embed_texts([check_query(text)])[0]


def of_image(model: Pretrained, image: Source) -> Tensor:
    """The unit vector (dimension,) of a picture. Raises ImageError if it cannot be opened."""
    return model.embed_images([image])[0]
