"""CoCa as both: what it compares and what it writes, at once, remembered, shared, learned and kept."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from seeread.generation.complete import complete
from seeread.generation.sampling import Sampling
from seeread.generation.score import score
from seeread.generation.shared import last_places, read_at
from seeread.interface import Batch, Compares, Generates, Role
from seeread.models.coca import CoCa, CoCaConfig
from seeread.nn.cache import Cache
from seeread.nn.initialise import initialise
from seeread.nn.transformer import TransformerConfig
from seeread.text.decoder import DecoderConfig
from seeread.training.objectives.captions import contrast_and_captions
from seeread.vision.vit import ViTConfig
from tests.generation.agreement import same
from tests.generation.models import VOCABULARY, random, write

CONFIG = CoCaConfig(
    vision=ViTConfig(
        transformer=TransformerConfig(width=20, layers=2, heads=2, hidden=28), image_size=12, patch_size=4,
        class_token=True, norm=False,
    ),
    text=DecoderConfig(
        transformer=TransformerConfig(width=24, layers=5, heads=3, hidden=40), vocabulary=VOCABULARY, positions=150
    ),
    unimodal=2, embedding=24, queries=5, pool_heads=3,
)  # fmt: skip


def coca(**change: Any) -> CoCa:
    model = random(CoCa(replace(CONFIG, **change)))
    assert isinstance(model, CoCa)
    return model


def pictures(count: int, seed: int = 1) -> Tensor:
    return torch.randn(count, 3, 12, 12, generator=torch.Generator().manual_seed(seed))


def captions(lengths: list[int], answers: int = 0, seed: int = 0) -> Batch:
    """A picture each and words behind it, padded on the left; the last few are answers."""
    generator, width = torch.Generator().manual_seed(seed), 1 + max(lengths)
    tokens = torch.randint(1, VOCABULARY, (len(lengths), width), generator=generator)
    roles = torch.zeros_like(tokens)
    for row, length in enumerate(lengths):
        roles[row, width - length - 1] = Role.IMAGE
        roles[row, width - length :] = Role.PROMPT
        roles[row, width - answers :] = Role.ANSWER
    return Batch(tokens, roles, pictures(len(lengths)))


def test_it_is_both() -> None:
    model = coca()
    assert isinstance(model, Compares)
    assert isinstance(model, Generates)
    images = pictures(3)
    vectors, sight = model.look(images)
    assert torch.equal(vectors, model.embed_image(images))
    assert torch.equal(sight, model.see(images))
    assert sight.shape == (3, CONFIG.queries - 1, CONFIG.text.width)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3))


@torch.no_grad()
@pytest.mark.parametrize("cuts", [(4,), (1,), (2, 3), (5, 6, 7, 8)])
def test_remembered_is_read_anew(cuts: tuple[int, ...]) -> None:
    """In parts with a cache as at once without: the picture is looked at once, and then only remembered."""
    model, batch = coca(), captions([8, 8, 8])
    whole, cache = model.read(batch), Cache()
    parts = []
    for start, end in zip((0, *cuts), (*cuts, 9), strict=True):
        images = batch.images if start == 0 else None
        parts.append(model.read(Batch(batch.tokens[:, start:end], batch.roles[:, start:end], images), cache))
    assert torch.allclose(torch.cat(parts, dim=1)[:, 1:], whole[:, 1:], atol=1e-5)
    cache.cut(3)
    again = model.read(Batch(batch.tokens[:, 3:], batch.roles[:, 3:]), cache)
    assert torch.allclose(again, whole[:, 3:], atol=1e-5)


def test_together_as_one_by_one() -> None:
    model, batch = coca(), captions([6, 1, 3])
    assert isinstance(batch.images, Tensor)
    together = complete(model, batch, Sampling(max_tokens=9, logprobs=2), frozenset({7}), write)
    for row, one in enumerate(together):
        kept = batch.valid[row]
        alone = Batch(
            batch.tokens[row, kept][None], batch.roles[row, kept][None], batch.images[row : row + 1]
        )
        same(one, complete(model, alone, Sampling(max_tokens=9, logprobs=2), frozenset({7}), write)[0])
    beams = complete(model, batch, Sampling(max_tokens=5, beams=3), frozenset({7}), write)
    assert len(beams) == 3


@torch.no_grad()
def test_shared_beginnings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many captions of one picture that begin alike: read together, with the same outcome."""
    model, batch = coca(), captions([60] * 6)
    assert isinstance(batch.images, Tensor)
    tokens = batch.tokens.clone()
    tokens[:3, :50], tokens[3:, :50] = tokens[0, :50], tokens[3, :50]
    images = batch.images[[0, 0, 0, 3, 3, 3]]
    batch = Batch(tokens, batch.roles, images)
    expected = model.read(batch)[last_places(batch)]
    read: list[int] = []
    plain = model.text.read

    def counted(x: Tensor, *rest: Any, **named: Any) -> Tensor:
        read.append(x[..., 0].numel())
        return plain(x, *rest, **named)

    monkeypatch.setattr(model.text, "read", counted)
    features, cache = read_at(model, batch, last_places(batch))
    assert torch.allclose(features, expected, atol=1e-5)
    assert sum(read) < 0.5 * batch.tokens.numel()
    assert cache.context.owners is not None and len(cache.context.owners) == 6


@torch.no_grad()
def test_scores_what_it_would_write() -> None:
    model, batch = coca(), captions([9, 7], answers=3)
    found = score(model, batch)
    scores = model(batch).log_softmax(dim=-1)
    targets = batch.targets()
    wanted = scores.gather(2, targets.clamp(min=0)[..., None])[..., 0].masked_fill(targets < 0, 0).sum(dim=1)
    assert torch.allclose(found.sums, wanted, atol=1e-4)


def test_a_row_is_about_one_picture() -> None:
    model, batch = coca(), captions([4, 4])
    for images in (pictures(1), pictures(3)):
        with pytest.raises(ValueError, match="one picture"):
            model.read(replace(batch, images=images))
    roles = batch.roles.clone()
    roles[0, 2], roles[1, 0] = Role.IMAGE, Role.PROMPT
    with pytest.raises(ValueError, match="one picture"):
        model.read(replace(batch, roles=roles))
    with pytest.raises(ValueError, match="nothing was remembered"):
        model.read(replace(batch, images=None))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unimodal": 0}, "0 of the 5 layers"),
        ({"unimodal": 5}, "5 of the 5 layers"),
        ({"pad_id": VOCABULARY}, "not in its vocabulary"),
        ({"embedding": 20}, "24 wide, and what they read of a picture 20"),
        ({"pool": "class"}, "norms its features"),
        ({"queries": 1}, "1 queries"),
        ({"pool_heads": 0}, "0 heads"),
        ({"text": replace(CONFIG.text, positions=None)}, "learned positions"),
        (
            {"text": replace(CONFIG.text, transformer=replace(CONFIG.text.transformer, gated=True))},
            "another kind",
        ),
    ],
)
def test_what_it_cannot_be(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(CONFIG, **change)


def test_learns_to_compare_and_to_caption() -> None:
    """Six pictures and a caption each, by heart, in one objective."""
    torch.manual_seed(0)
    model = CoCa(replace(CONFIG, text=replace(CONFIG.text, positions=12))).train()
    initialise(model)
    images = pictures(6)
    words = torch.randint(3, VOCABULARY, (6, 4), generator=torch.Generator().manual_seed(2))
    texts = torch.cat((torch.full((6, 1), 1), words, torch.full((6, 1), 2)), dim=1)
    tokens = torch.cat((torch.zeros(6, 1, dtype=torch.long), texts), dim=1)
    roles = torch.full_like(tokens, Role.ANSWER)
    roles[:, 0], roles[:, 1] = Role.IMAGE, Role.PROMPT
    objective = contrast_and_captions()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(120):
        optimizer.zero_grad()
        loss = objective(model, (Batch(tokens, roles, images), texts))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    model.eval()
    with torch.no_grad():
        assert model.compare(model.embed_image(images), model.embed_text(texts)).argmax(dim=1).tolist() == [
            *range(6)
        ]
    prompts = Batch(tokens[:, :2], roles[:, :2], images)
    written = complete(model, prompts, Sampling(max_tokens=9), frozenset({2}), write)
    assert [list(one.ids) for one in written] == texts[:, 1:].tolist()
