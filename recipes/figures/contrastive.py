"""Contrastive learning: six photographs, six texts, and what their comparison teaches."""

from pathlib import Path

from PIL import Image

import seeread as sr
from examples.demo import PHOTOGRAPHS, collect_photographs
from recipes.figures.figure import Figure, thumbnail

TEXTS = {
    "cat.png": "a tabby cat",
    "coffee.png": "a cup of coffee",
    "rocket.jpg": "a rocket launch",
    "flower.jpg": "an orange flower",
    "temple.jpg": "a temple by the water",
    "motorcycle.png": "a motorcycle",
}


def matrix(scratch: Path) -> Figure:
    """Cosines of photographs and texts, to be turned into probabilities at any temperature."""
    model = sr.load("seeread/mini-clip")
    folder = collect_photographs(scratch / "photos")
    paths = [folder / name for name in PHOTOGRAPHS]
    images = model.embed_images(paths)
    texts = model.embed_texts(list(TEXTS.values()))
    scale = model.compare(images[:1], images[:1]).item()  # of a cosine of one
    return Figure(
        "contrast",
        "Which text belongs to which photograph?",
        "Each row is a photograph, each column a text, each cell their cosine in mini-clip's space and, beside it, the "
        "share that the loss makes of it. Slide the temperature: a low one sees only the best match, a high one hardly "
        "any difference. The loss is what training would still change.",
        {
            "cosines": [[round(value, 4) for value in row] for row in (images @ texts.T).tolist()],
            "texts": list(TEXTS.values()),
            "pictures": [thumbnail(Image.open(path)) for path in paths],
            "scale": round(scale, 3),
        },
    )
