"""Runs that are killed, asked to stop, or out of disk, in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def campaign(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What `kills` does and tells, as from a shell."""
    command = [sys.executable, "-m", "tests.training.keeping.kills", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=ROOT, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="it looks where files lie in /proc")
def test_a_run_that_is_killed_a_dozen_times_ends_as_one_that_was_left_alone() -> None:
    done = campaign("--kills", "12", "--settings", json.dumps({"steps": 60}))
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["kills"] >= 12
