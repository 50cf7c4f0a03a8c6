"""Each image token stands for the spot of the picture that it is made of."""

import pytest
import torch
from PIL import Image

from seeread.explanation.causal.spots import mixed, spots
from seeread.explanation.edit import edit
from tests.explanation.causal.writers import MIXED, SPOTTED, noise, writer


@pytest.mark.parametrize("size", [(32, 16), (64, 32), (16, 16)])
@pytest.mark.parametrize("name", SPOTTED)
@torch.no_grad()
def test_a_spot_is_where_the_picture_matters(name: str, size: tuple[int, int]) -> None:
    """With a tower in which no patch looks at another, a dot changes those tokens that show it and no others."""
    model = writer(name)
    width, height = size
    white = Image.new("RGB", size, "white")
    for x, y in [(width * across // 8, height * down // 8) for across in range(1, 8, 2) for down in range(1, 8, 2)]:
        dotted = white.copy()
        dotted.paste((0, 0, 0), (x, y, x + 1, y + 1))
        blind = {"*attend": lambda path, inputs, given: torch.zeros_like(given)}
        see = model.generating.see
        with edit(model.module, blind):
            plain, changed = (see(model.processor.images([picture])) for picture in (white, dotted))
        shows = spots(model, model.processor.images([white]), plain, width, height)
        moved = (plain - changed)[0] if len(plain) == 1 else (plain - changed)
        moves = moved.abs().flatten(1).amax(dim=1)
        left, top, right, bottom = shows.T
        there = (left * width <= x) & (x < right * width) & (top * height <= y) & (y < bottom * height)
        assert len(there) == len(moves)
        assert torch.equal(moves > 0.1 * moves.amax().clamp(min=1e-6), there), (x, y)  # resizing rings


@pytest.mark.parametrize("name", MIXED)
def test_mixtures_stand_for_no_spot(name: str) -> None:
    assert mixed(writer(name)) and not any(mixed(writer(other)) for other in SPOTTED)


def test_class_tokens_and_ends_of_lines_stand_for_nothing() -> None:
    for name, nowhere in (("llava, class token kept", [0]), ("fuyu", [2, 5]), ("llava", [])):
        model, picture = writer(name), noise(16, 16)
        images = model.processor.images([picture])
        shows = spots(model, images, model.generating.see(images), 16, 16)
        assert shows.isnan().all(dim=1).nonzero()[:, 0].tolist() == nowhere
