"""How the rate climbs, stays and falls."""

from dataclasses import replace

import pytest

from seeread.training.moving.schedule import share_of_rate
from seeread.training.settings import Settings

SETTINGS = Settings(steps=100, rate=1.0, warmup=10)


def shares(settings: Settings) -> list[float]:
    return [share_of_rate(step, settings) for step in range(settings.steps)]


def test_a_cosine_climbs_then_falls_to_nothing() -> None:
    found = shares(SETTINGS)
    assert found[:10] == pytest.approx([place / 10 for place in range(1, 11)]) and found[10] == 1.0
    assert found[55] == pytest.approx(0.5) and found[99] < 0.001
    assert found[10:] == sorted(found[10:], reverse=True)


def test_wsd_climbs_stays_and_falls_in_a_line_at_the_end() -> None:
    found = shares(replace(SETTINGS, schedule="wsd", decay=0.2))
    assert found[9:81] == [1.0] * 72
    assert found[80:] == pytest.approx([1 - place / 20 for place in range(20)])


def test_a_constant_rate_climbs_and_stays() -> None:
    assert shares(replace(SETTINGS, schedule="constant"))[8:] == [0.9] + [1.0] * 91


@pytest.mark.parametrize("schedule", ["cosine", "wsd", "constant"])
@pytest.mark.parametrize(("steps", "warmup"), [(100, 0), (1, 0), (1, 1), (5, 5), (5, 9)])
def test_no_length_of_run_or_climb_is_too_short(schedule: str, steps: int, warmup: int) -> None:
    settings = replace(SETTINGS, schedule=schedule, steps=steps, warmup=warmup, decay=0.0)  # type: ignore[arg-type]
    found = shares(settings)
    assert all(0 < share <= 1 for share in found)
    assert warmup or found[0] == 1.0
