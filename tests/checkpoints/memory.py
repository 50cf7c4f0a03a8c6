"""Run on its own: builds the model of a checkpoint in shards, and tells what memory that took at its peak.

    python -m tests.checkpoints.memory <index of shards> <config as JSON> <precision>
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

from seeread.checkpoints.assemble import build
from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.files import read_tensors
from seeread.checkpoints.files.dataclass_json import from_json
from seeread.checkpoints.match import require_fit
from seeread.checkpoints.placement import choose_precision
from seeread.text.decoder import DecoderConfig

CPU = torch.device("cpu")


def held(kind: str) -> int:
    """Bytes: VmHWM, the peak of all memory; RssAnon, what no file holds."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{kind}:"))


def main(index: Path, config: DecoderConfig, precision: str) -> dict[str, int]:
    nothing: Any = None
    small = precision == "int8"
    torch.ones(64, 64) @ torch.ones(64, 64)  # what torch sets up once is not to be counted
    peak, anonymous = held("VmHWM"), held("RssAnon")
    tensors = read_tensors(index)
    require_fit(index, config, tensors)
    dtype = choose_precision("bf16" if small else precision, CPU)
    model = build(Checkpoint(config, tensors, nothing, "native"), CPU, dtype, int8=small)
    after = {"peak": held("VmHWM") - peak, "anonymous": held("RssAnon") - anonymous}
    with torch.inference_mode():  # the numbers are there
        x = torch.zeros(1, 2, dtype=torch.long)
        assert model.logits(model.text.read(model.text.embed(x), x == 0)).isfinite().all()  # type: ignore[union-attr]
    return after


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), from_json(DecoderConfig, json.loads(sys.argv[2]), {}, ""), sys.argv[3])))
