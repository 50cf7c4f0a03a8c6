"""Training a small CLIP (two transformers of 4 layers, 192 wide, pictures of 112 pixels), beside the trainers of
`open_clip` and `transformers`.

    python -m benchmarks.train [--rounds 5] [--steps 8] [--batch 64] [--threads 2] [--compile]

Two tables. In the first all read the same JPEG files and captions from disk, each as it does: its own batches, its own
padding. In the second the same tensors lie ready in main memory, and what is compared is the step alone. The contenders
take turns of a few steps; from the third step of a turn on it counts when one step ends after the other, whatever was
done between them. The first line is what the others are compared with.
"""

import argparse
import itertools
import statistics
import tempfile
from pathlib import Path

import torch

from benchmarks.trainers import (
    Contender,
    Task,
    draw,
    of_open_clip,
    of_seeread,
    of_transformers,
    write_model,
)

SETTLING = 2  # steps of a turn that do not count: workers start, batches that were made ahead are used up


def main() -> None:
    """Draw, train in turns, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true", help="with a contender whose blocks are compiled")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, batches of {options.batch}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        draw(folder / "pictures", options.batch * options.steps)
        for ready, title in ((False, "from JPEG files"), (True, "the step alone, from tensors in memory")):
            task = Task(folder / "pictures", options.batch, options.steps, options.threads, ready)
            if not ready:
                write_model(folder / "model", task.tokenizer)
            turns = in_turns(contenders(task, folder / "model", options.compile), options.rounds)
            report(title, turns, options.batch)


def contenders(task: Task, folder: Path, compiled: bool) -> dict[str, Contender]:
    """Everybody in both precisions."""
    all_of_them = {
        "open_clip, fp32": of_open_clip(task, "fp32"),
        "open_clip, bf16 autocast": of_open_clip(task, "amp_bf16"),
        "transformers, fp32": of_transformers(task, folder, half=False),
        "transformers, bf16 autocast": of_transformers(task, folder, half=True),
        "seeread, fp32": of_seeread(task, folder, precision="fp32"),
        "seeread, bf16 (its default)": of_seeread(task, folder, precision="bf16"),
    }
    if compiled:
        all_of_them["seeread, bf16, compiled"] = of_seeread(task, folder, precision="bf16", compile=True)
    return all_of_them


def in_turns(contenders: dict[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Seconds of each step that counts."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            ends = run()[SETTLING - 1 :]
            seconds[name] += [later - earlier for earlier, later in itertools.pairwise(ends)]
    return seconds


def report(title: str, seconds: dict[str, list[float]], batch: int) -> None:
    """One line a contender: pictures a second at its median step, and how many times faster it is than the first; then
    ours against the best of the others."""
    pictures = {name: batch / statistics.median(steps) for name, steps in seconds.items()}
    first = next(iter(pictures.values()))
    print(f"\n{title}")
    for name, rate in pictures.items():
        print(f"  {name:<34}{rate:8.1f} pictures a second{rate / first:8.2f} x", flush=True)
    for precision in ("fp32", "bf16"):
        others = [rate for name, rate in pictures.items() if "seeread" not in name and precision in name]
        ours = max(rate for name, rate in pictures.items() if "seeread" in name and precision in name)
        print(f"  {precision}: {ours / max(others):.2f} times the better of the others")


if __name__ == "__main__":
    main()
