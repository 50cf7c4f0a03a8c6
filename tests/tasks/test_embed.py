"""Broken pictures among good ones."""

import torch
from PIL import Image

from seeread.tasks.embed import embed_readable
from tests.tiny import colour_model


def test_broken_pictures_do_not_hold_up_the_others() -> None:
    model = colour_model()
    good = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue", "white")]
    mixed = [good[0], b"broken", good[1], good[2], "missing.png", b"", good[3]]
    batches = list(embed_readable(model, mixed, batch_size=3))
    assert [batch.places for batch in batches] == [(0, 2), (3,), (6,)]
    assert [place for batch in batches for place, _ in batch.failures] == [1, 4, 5]
    codes = [error.code for batch in batches for _, error in batch.failures]
    assert codes == ["image_format", "image_missing", "image_empty"]
    assert sum(map(len, batches)) == len(mixed)
    torch.testing.assert_close(torch.cat([batch.vectors for batch in batches]), model.embed_images(good))


def test_only_broken_pictures() -> None:
    (batch,) = embed_readable(colour_model(), [b"x", b"y"])
    assert batch.places == ()
    assert len(batch.vectors) == 0
    assert list(embed_readable(colour_model(), [])) == []
