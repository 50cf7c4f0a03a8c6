"""The records that come with the bundled models are of them, whole, and listed."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from seeread.checkpoints.files import verify_manifest
from seeread.explanation.faith.record import NAME, read_record
from seeread.lab.faithfulness.rows import TESTS

FOLDERS = sorted(path.parent for path in (Path(str(files("seeread"))) / "bundled").glob(f"*/{NAME}"))


def test_each_is_shipped() -> None:
    assert len(FOLDERS) == 7


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_is_whole_and_of_its_model(folder: Path) -> None:
    found = read_record(folder / NAME)
    assert found.model == f"seeread/{folder.name}"
    assert set(found.tests) == set(found.figures) <= set(TESTS)
    assert all(0 <= figure.low <= figure.score <= figure.high <= 1 for test in found.figures.values()
               for figure in test.values())  # fmt: skip
    assert found.sentence("occlusion")
    assert NAME in json.loads((folder / "manifest.json").read_text()) and verify_manifest(folder)
