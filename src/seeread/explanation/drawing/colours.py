"""The colours of maps: from nothing through purple, red and orange to a light yellow; where it is not believed, grey.

The steps look equally large: lightness and hue go evenly in Oklab (Björn Ottosson, 2020), whose lightness tells the
order to those who see no colours, too. Where there is nothing the picture shows through.
"""

from math import cos, pi, sin

import numpy
from numpy.typing import NDArray

Floats = NDArray[numpy.float64]
Bytes = NDArray[numpy.uint8]

STEPS = 256
_LIGHTNESS, _HUE, _CHROMA = (0.36, 0.94), (298.0, 462.0), (0.16, 0.205, 0.165)
_GREYS = (0.25, 0.97)
COVERED = 0.74
"""How much of the picture a map hides where it is hottest."""


def ramp(believed: bool) -> Bytes:
    """(256, 3): from the coldest to the hottest."""
    share = numpy.linspace(0, 1, STEPS)
    if not believed:
        return _screen(_between(_GREYS, share), numpy.zeros(STEPS), numpy.zeros(STEPS))
    angles = _between(_HUE, share) * pi / 180
    chroma = numpy.interp(share, (0, 0.45, 1), _CHROMA)
    cosines, sines = numpy.array([cos(a) for a in angles]), numpy.array([sin(a) for a in angles])
    return _screen(_between(_LIGHTNESS, share), chroma * cosines, chroma * sines)


def cover(shares: Floats) -> Floats:
    """How much of the picture is hidden where a map is so hot, 0 to 1 each: little where there is little."""
    rising = numpy.clip((shares - 0.08) / 0.5, 0, 1)
    return COVERED * rising * rising * (3 - 2 * rising)


def _between(ends: tuple[float, float], share: Floats) -> Floats:
    return ends[0] + (ends[1] - ends[0]) * share


def _screen(lightness: Floats, a: Floats, b: Floats) -> Bytes:
    """Oklab to sRGB, as bytes; what no screen shows is moved to the nearest that it does."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = numpy.stack((
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    ), axis=-1).clip(0, 1)  # fmt: skip
    bent = numpy.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * bent).round().astype(numpy.uint8)
