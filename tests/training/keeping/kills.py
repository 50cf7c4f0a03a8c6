"""Kills a run again and again, and compares what comes of it with one that was left alone, bit for bit.

`python -m tests.training.keeping.kills --kills 200`. Processes are forked from one that has torch loaded, or the
harness would do little else than import it.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from seeread.errors import CheckpointError
from seeread.training.keeping.checkpoint import checkpoints, newest, read_checkpoint
from seeread.training.keeping.stopping import SAVED_AND_STOPPED
from tests.training.keeping import toy
from tests.training.keeping.comparing import WrongError, compare
from tests.training.keeping.crash import POINTS, die_at

PATIENCE = 120.0  # seconds for a life that nobody ends


def fork(out: Path, changes: Mapping[str, Any], before: Callable[[], None] = lambda: None) -> int:
    """A process that trains. Its number."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        before()
        status = toy.live(out, changes)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def ended(process: int, within: float) -> int | None:
    """The exit status of a process, minus the signal that ended it; None if it lives on after so many seconds."""
    until = time.monotonic() + within
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(0.002)


def let_live(out: Path, changes: Mapping[str, Any]) -> float:
    """A run that is left alone. How many seconds it took."""
    out.mkdir(parents=True)
    began = time.monotonic()
    if (status := ended(fork(out, changes), PATIENCE)) != 0:
        raise WrongError(f"the run that was left alone ended with {status}")
    return time.monotonic() - began


def inspect(out: Path) -> None:
    """Raises WrongError if what a killed process left is not whole, or too much."""
    for path in checkpoints(out):
        try:
            read_checkpoint(path)
        except CheckpointError as error:
            raise WrongError(f"a checkpoint has its name and is not whole: {error}") from None
    found = list((out / "checkpoints").glob("*"))
    if len(found) > toy.SETTINGS.keep + 2:  # the one written last, and one half written or removed
        raise WrongError(f"leftovers: {sorted(path.name for path in found)}")


def kill_once(out: Path, changes: Mapping[str, Any], seconds: float, dice: random.Random) -> str | None:
    """A life of a run that ends at a random time or point. How it was killed; None if it came to its end before."""
    if dice.random() < 0.5:
        process = fork(out, changes)
        if (status := ended(process, dice.uniform(0, seconds))) is None:
            os.kill(process, signal.SIGKILL)
            status = ended(process, PATIENCE)
        how = "at any time"
    else:
        how, turn = dice.choice(list(POINTS)), dice.choice((1, 1, 2, 3))
        status = ended(fork(out, changes, lambda: die_at(how, turn)), PATIENCE)
    if status not in (0, -signal.SIGKILL):
        raise WrongError(f"a life that should be killed {how} ended with {status}")
    return how if status else None


def term_once(out: Path, changes: Mapping[str, Any], dice: random.Random) -> str | None:
    """A life that is asked to stop after some steps, and stops at once with all that it learned."""
    life = out / f"seen-{len(list(out.glob('seen-*.jsonl'))):04d}.jsonl"
    process, least = fork(out, changes), dice.randrange(1, 60)
    while not life.exists() or life.read_text().count("\n") < least:
        if (status := ended(process, 0.0)) is not None:
            return None if status == 0 else f"ended with {status}"
    os.kill(process, signal.SIGTERM)
    status = ended(process, 60.0)
    if status == 0:
        return None
    last = max(json.loads(line)[0] for line in life.read_text().splitlines())
    found = newest(out)
    if status != SAVED_AND_STOPPED or found is None or found.notes["step"] != last:
        raise WrongError(
            f"asked to stop it ended with {status} after step {last}; {found and found.path} is there"
        )
    return "SIGTERM"


def campaign(kills: int, seed: int, changes: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Runs that are killed until it was so many times, and what there is to report."""
    dice, counts, runs = random.Random(seed), Counter[str](), 0
    toy.live(
        folder, {**changes, "steps": 1}
    )  # what torch imports when it is used, those that are forked then have
    seconds = let_live(folder / "alone", changes)
    while counts.total() < kills:
        out = folder / f"run-{runs}"
        out.mkdir()
        for _ in range(10 * kills):
            term = dice.random() < 0.1
            how = term_once(out, changes, dice) if term else kill_once(out, changes, seconds, dice)
            if how is None:
                break
            counts[how] += 1
            inspect(out)
        compare(out, folder / "alone")
        runs += 1
    return {"runs": runs, "kills": counts.total(), "seconds alone": round(seconds, 2), "how": dict(counts)}


def main() -> int:
    """The campaign that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--settings", type=json.loads, default={}, help="changes to the settings, as JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        try:
            report = campaign(arguments.kills, arguments.seed, arguments.settings, Path(folder))
        except WrongError as error:
            print(error)
            return 1
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
