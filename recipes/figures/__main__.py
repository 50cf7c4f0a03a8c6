"""`python -m recipes.figures [NAME ...]`: makes the figures of the documentation, all of them or those that are named.

They are written to docs/live/data, from the bundled models, drawn scenes and the demo's photographs alone.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from recipes.figures import calibration, contrastive, explanations, fusion, shared, tokens
from recipes.figures.figure import Figure, write
from seeread.errors import SeereadError

FIGURES: dict[str, Callable[[Path], Figure]] = {
    "contrastive-matrix": contrastive.matrix,
    "tokens-sequence": tokens.sequence,
    "space-points": shared.points,
    "fusion-ways": fusion.ways,
    "fusion-cost": fusion.cost,
    "calibration-reliability": calibration.reliability,
    "explanations-words": explanations.words,
    "explanations-records": explanations.records,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make them, and say how long each took."""
    parser = argparse.ArgumentParser(prog="python -m recipes.figures", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument("--out", type=Path, default=Path("docs/live/data"), help="the folder they are written to")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(FIGURES)):
        parser.error(f"no figure is called {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    try:
        with tempfile.TemporaryDirectory() as scratch:
            for name in options.names or FIGURES:
                began = time.perf_counter()
                path = write(name, FIGURES[name](Path(scratch)), options.out)
                print(f"{path}  {path.stat().st_size / 1000:,.0f} kB, {time.perf_counter() - began:.1f} s")
    except SeereadError as error:
        print(f"figures: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
