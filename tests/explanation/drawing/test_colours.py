"""Colours of maps: in their order for every sight, clear where there is nothing."""

import numpy
import pytest

from seeread.explanation.drawing.colours import COVERED, cover, ramp


def lightness(colours: numpy.ndarray) -> numpy.ndarray:
    """CIE L* of sRGB bytes."""
    share = colours / 255
    linear = numpy.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return 116 * numpy.cbrt(linear @ (0.2126, 0.7152, 0.0722)) - 16


@pytest.mark.parametrize("believed", [True, False])
def test_hotter_is_lighter_in_even_steps(believed: bool) -> None:
    levels = lightness(ramp(believed))
    steps = numpy.diff(levels[::16])
    assert (steps > 0).all()
    assert steps.max() < 2.2 * steps.mean()
    assert levels[-1] - levels[0] > 60


def test_what_is_not_believed_has_no_colour() -> None:
    grey, hot = ramp(False).astype(int), ramp(True).astype(int)
    assert (grey.max(axis=1) - grey.min(axis=1)).max() <= 1
    assert (hot.max(axis=1) - hot.min(axis=1)).min() > 60


def test_what_is_cold_hides_nothing() -> None:
    shares = numpy.linspace(0, 1, 101)
    hidden = cover(shares)
    assert (hidden[shares <= 0.08] == 0).all()
    assert (numpy.diff(hidden) >= 0).all()
    assert hidden[-1] == COVERED
