"""Where the shared test data lies, if it is there: real pictures and assets that do not belong in the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("SEEREAD_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def shared(*parts: str) -> Path:
    """The path of a piece of shared test data; skips the test where it is absent."""
    path = ROOT.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs the shared test data: {'/'.join(parts)} (set SEEREAD_TEST_DATA to its folder)")
    return path
