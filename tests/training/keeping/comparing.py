"""Are two runs the same, to the last bit?"""

import json
from pathlib import Path
from typing import Any

import torch

from seeread.checkpoints.files import read_tensors
from seeread.training.keeping.checkpoint import newest
from seeread.training.watching.journal import read_journal
from tests.training.keeping.toy import FINAL

Lines = dict[int, tuple[Any, ...]]


class WrongError(Exception):
    """The run that was ended and gone on with is not the one that was left alone."""


def compare(out: Path, alone: Path) -> None:
    """Raises WrongError unless two runs that are over gave the same weights, losses and examples, to the last bit."""
    mine, others = read_tensors(out / FINAL), read_tensors(alone / FINAL)
    if different := [name for name, tensor in others.items() if not torch.equal(tensor, mine[name])]:
        raise WrongError(f"{len(different)} of {len(others)} weights differ, {different[0]} first")
    seen, expected = witnessed(out), witnessed(alone)
    if other_steps := [step for step in expected if seen.get(step) != expected[step]]:
        raise WrongError(f"step {other_steps[0]} saw {seen.get(other_steps[0])}, not what it should")
    losses, expected_losses = ([(m.step, m.loss) for m in read_journal(folder)] for folder in (out, alone))
    if losses != expected_losses:
        raise WrongError(f"the journal has {len(losses)} steps, or other losses")
    one, other = newest(out), newest(alone)
    assert one is not None and other is not None
    if different := [
        name for name, tensor in other.tensors.items() if not torch.equal(tensor, one.tensors[name])
    ]:
        raise WrongError(f"{different[0]} of the last checkpoint differs")
    if one.notes != other.notes:
        raise WrongError(
            f"the notes differ: {[name for name in other.notes if one.notes.get(name) != other.notes[name]]}"
        )


def witnessed(out: Path) -> Lines:
    """What was written down of each step. Raises WrongError if two lives saw a step differently."""
    found: Lines = {}
    for path in sorted(out.glob("seen-*.jsonl")):
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):  # the last may be torn
                step, *seen = json.loads(line)
                if found.setdefault(step, tuple(seen)) != tuple(seen):
                    raise WrongError(f"step {step} of {path.name} was another in a life before")
    return found
