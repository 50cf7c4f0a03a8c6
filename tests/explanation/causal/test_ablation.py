"""Image tokens that are taken away: exactly those, exactly their effect, and the map points where it lies."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from seeread.errors import UsageError
from seeread.explanation.aim import aim
from seeread.explanation.causal.ablation import ABLATION, ablate
from seeread.explanation.causal.effects import AT_ONCE, Region, cells
from seeread.explanation.causal.spots import spots
from seeread.explanation.heatmap import Area
from tests.explanation.causal.writers import MIXED, SPOTTED, Only, noise, target_of, writer
from tests.tiny import colour_model

WHOLE = Region("all of it", Area())


@pytest.mark.parametrize("name", [*SPOTTED, "chameleon"])
def test_only_what_is_read_matters(name: str) -> None:
    """Of a model that reads one token alone: regions with its spot change the score, and no others do."""
    model, picture = writer(name), noise(64, 32)
    images = model.processor.images([picture])
    shows = spots(model, images, model.generating.see(images), 64, 32)
    spotted = (~shows[:, 0].isnan()).nonzero()[:, 0].tolist()
    for place in (spotted[0], spotted[-1], spotted[len(spotted) // 2]):
        target = target_of(replace(model, model=Only(model.model, place)), picture)  # type: ignore[arg-type]
        left, top, right, bottom = shows[place].tolist()
        x, y = (left + right) / 2, (top + bottom) / 2
        regions = cells(4, 8, Area(), 1.5)
        effects = ablate(target, regions)
        assert len(regions) > AT_ONCE
        for region, changes in zip(effects.regions, effects.changes, strict=True):
            area = region.area
            here = area.left <= x < area.right and area.top <= y < area.bottom
            assert any(abs(change) > 1e-5 for change in changes) == here, (region, changes)
        for (values, over), change in zip(ABLATION.maps(target), zip(*effects.changes, strict=True), strict=True):
            row = int((y - over.top) / (over.bottom - over.top) * values.shape[0])
            column = int((x - over.left) / (over.right - over.left) * values.shape[1])
            fell = min(change) < -1e-5
            assert (values[row, column] > 1e-5) == fell and values[row, column] > values.max() - 1e-5


def test_an_effect_is_that_of_the_mean_token() -> None:
    """By hand: two tokens of a LLaVA become the mean of the other two, or all four their own."""
    target = target_of(writer("llava"), noise(16, 16))
    batch = target.batch(target.prepare([target.picture]))
    with torch.no_grad():
        sight = target.model.generating.see(batch.images)  # type: ignore[arg-type]
        changed = sight.clone()
        changed[[0, 2]] = sight[[1, 3]].mean(dim=0)
        plain = target.score(batch.images)[0]  # type: ignore[arg-type]
        without = target.score_batch(replace(batch, images=None, sight=changed))[0]
        mean = sight.mean(dim=0).expand_as(sight)
        nothing = target.score_batch(replace(batch, images=None, sight=mean))[0]
    effects = ablate(target, [Region("left", Area(0, 0, 0.5, 1)), Region("nothing", Area(0, 0, 0.1, 0.1)), WHOLE])
    assert torch.allclose(torch.tensor(effects.changes[2]), nothing - plain, atol=1e-5)
    assert torch.allclose(torch.tensor(effects.scores), plain, atol=1e-5)
    assert torch.allclose(torch.tensor(effects.changes[0]), without - plain, atol=1e-5)
    assert max(map(abs, effects.changes[1])) < 1e-5
    assert effects.about == tuple(name for name, _ in target.about)


def test_a_map_is_as_fine_as_the_tokens_and_no_finer_than_eight() -> None:
    for name, size, shape in (("fuyu", (64, 32), (4, 8)), ("fuyu", (16, 120), (8, 2)), ("llava", (64, 32), (2, 2))):
        (values, _), *_ = ABLATION.maps(target_of(writer(name), noise(*size)))
        assert values.shape == shape and values.dtype == torch.float32


def test_mixtures_cannot_be_taken_away() -> None:
    for name in MIXED:
        target = target_of(writer(name), noise(16, 16))
        assert ABLATION.fits(target) == "its image tokens are mixtures of the whole picture"
        with pytest.raises(UsageError, match="mixtures of the whole picture"):
            ablate(target, [WHOLE])


def test_models_that_compare_have_none() -> None:
    reason = ABLATION.fits(aim(colour_model(), noise(16, 16), "red ; blue"))
    assert reason is not None and "no image tokens" in reason


def test_no_regions_and_json() -> None:
    target = target_of(writer("paligemma"), noise(16, 16))
    assert ablate(target, []).changes == ()
    told: Any = json.loads(json.dumps(ablate(target, [WHOLE]).as_json()))
    assert set(told) == {"about", "scores", "regions"}
    assert told["regions"][0]["area"] == [0, 0, 1, 1] and len(told["regions"][0]["changes"]) == len(told["about"])
