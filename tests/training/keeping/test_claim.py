"""One writer for the folder of a run."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from seeread.errors import UsageError
from seeread.training.keeping.checkpoint import write_checkpoint
from seeread.training.keeping.claim import claim

HOLD = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from seeread.training.keeping.claim import claim\n"
    "with claim(Path(sys.argv[1])):\n"
    "    print('mine', flush=True)\n"
    "    time.sleep(60)\n"
)


def test_another_process_is_kept_out_until_the_first_is_gone(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, 1, {"a": torch.ones(1)}, {})
    half = path.with_name(".step-00000002.1a2b3c4d.part")
    ready, told = os.pipe()
    other = os.fork()
    if not other:
        with claim(tmp_path):
            os.write(told, b"mine")
            signal.pause()
    assert os.read(ready, 4) == b"mine"
    shutil.copytree(path, half)  # it writes
    with pytest.raises(UsageError, match=rf"process {other} trains in this folder"), claim(tmp_path):
        pass
    assert half.exists()  # what a living writer writes is left alone
    os.kill(other, signal.SIGKILL)
    os.waitpid(other, 0)
    with claim(tmp_path):
        assert not half.exists() and path.exists()


def test_the_same_process_is_kept_out_too_and_its_first_claim_stands(tmp_path: Path) -> None:
    with claim(tmp_path):
        with pytest.raises(UsageError, match=f"process {os.getpid()} trains"), claim(tmp_path):
            pass
        arguments = [sys.executable, "-c", HOLD, str(tmp_path)]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 1 and f"process {os.getpid()} trains" in done.stderr
    with claim(tmp_path):
        pass


def test_a_worker_that_outlives_its_run_keeps_nobody_out(tmp_path: Path) -> None:
    with claim(tmp_path):
        worker = os.fork()
        if not worker:
            signal.pause()
    try:
        with claim(tmp_path):
            pass
    finally:
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)


def test_a_place_for_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file/run: Not a directory"), claim(tmp_path / "file" / "run"):
        pass
