"""From the start of a process to its answer: one picture, three labels, ViT-B/32 at random weights.

    python -m benchmarks.start [--rounds 5]

Whole processes, in turn: the pipeline of `transformers`, `seeread classify`, and `import torch` alone. `seeread` ends
without waiting for torch to be taken down; the line "and leave at once" is `import torch` with the same licence.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.interleaved import interleave, report
from benchmarks.vit_b_32 import write

LABELS = ("a dog", "a cat", "a horse")

PIPELINE = """
import sys
from transformers import pipeline
classify = pipeline("zero-shot-image-classification", model=sys.argv[1], image_processor=sys.argv[1])
print(classify(sys.argv[2], candidate_labels=sys.argv[3].split(",")))
"""


def main() -> None:
    """Write the checkpoint, then time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "vit-b-32"
        picture = Path(name) / "picture.jpg"
        write(folder)
        Image.effect_mandelbrot((640, 480), (-2.0, -1.2, 1.0, 1.2), 60).convert("RGB").save(picture)
        labels = ",".join(LABELS)
        commands = {
            "transformers: pipeline": [sys.executable, "-c", PIPELINE, folder, picture, labels],
            "seeread classify": [
                sys.executable, "-m", "seeread", "classify", picture, "--labels", labels, "--model", folder,
            ],
            "import torch": [sys.executable, "-c", "import torch"],
            "import torch, and leave at once": [sys.executable, "-c", "import os, torch; os._exit(0)"],
            "import seeread": [sys.executable, "-c", "import seeread"],
        }  # fmt: skip
        contenders = {
            title: lambda command=command: subprocess.run(command, check=True, capture_output=True)
            for title, command in commands.items()
        }
        report("process start to answer", interleave(contenders, options.rounds, warmup=1))


if __name__ == "__main__":
    main()
