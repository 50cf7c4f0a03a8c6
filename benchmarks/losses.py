"""Contrastive losses, forward and backward: tile by tile, beside the whole matrix of logits and `open_clip`'s.

    python -m benchmarks.losses [--rounds 3] [--pairs 8192] [--large 16384] [--largest 32768] [--threads 2]

The time is that of `--pairs` vectors of 512 numbers, in turn in one process. The memory is the peak of a process of its
own (Linux), above what it held when it had its inputs, for `--large` pairs; for `--largest`, which only the tiles
attempt, also that of the whole process. All contenders must agree before anything is timed.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.interleaved import interleave, report
from seeread.training.objectives.contrast import info_nce, pairwise_sigmoid
from seeread.training.objectives.tiled import tiled_info_nce, tiled_sigmoid

WIDTH, SCALE, BIAS = 512, 100.0, -10.0
TILES, PEER = "seeread, tile by tile", "open_clip"
Given = tuple[Tensor, Tensor, Tensor, Tensor]
Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def ours(name: str) -> dict[str, Loss]:
    """By contender, of "InfoNCE" or "sigmoid"; the first has the whole matrix."""
    if name == "InfoNCE":
        return {
            "whole matrix": lambda images, texts, scale, bias: info_nce(scale * (images @ texts.T)),
            TILES: lambda images, texts, scale, bias: tiled_info_nce(images, texts, scale),
        }
    return {
        "whole matrix": lambda images, texts, scale, bias: pairwise_sigmoid(
            scale * (images @ texts.T) + bias
        ),
        TILES: tiled_sigmoid,
    }


def theirs(name: str) -> dict[str, Loss]:
    """The same of open_clip; nothing if it is not installed."""
    try:
        from tests.parity.reference_open_clip import open_clip
    except ImportError as error:
        print(f"open_clip is left out: {error}")
        return {}
    softmax, sigmoid = open_clip.loss.ClipLoss(), open_clip.loss.SigLipLoss()
    if name == "InfoNCE":
        return {PEER: lambda images, texts, scale, bias: softmax(images, texts, scale)}
    return {PEER: lambda images, texts, scale, bias: sigmoid(images, texts, scale, bias)}


def given(pairs: int) -> Given:
    """Unit vectors of pictures and of texts somewhat like them, a scale and a bias: all are learned."""
    chance = torch.Generator().manual_seed(0)
    images = F.normalize(torch.randn(pairs, WIDTH, generator=chance), dim=-1)
    texts = F.normalize(images + 0.1 * torch.randn(pairs, WIDTH, generator=chance), dim=-1)
    return (
        images.requires_grad_(), texts.requires_grad_(),
        torch.tensor([SCALE], requires_grad=True), torch.tensor([BIAS], requires_grad=True),
    )  # fmt: skip


def learn(loss: Loss, inputs: Given) -> list[Tensor]:
    """The loss and its gradients."""
    for each in inputs:
        each.grad = None
    value = loss(*inputs)
    value.backward()
    return [value.detach(), *(each.grad for each in inputs if each.grad is not None)]


def agree(contenders: dict[str, Loss]) -> None:
    """All say the same of 1,500 pairs."""
    first, *others = (learn(loss, given(1500)) for loss in contenders.values())
    for other in others:
        torch.testing.assert_close(other, first, rtol=1e-4, atol=1e-5)


def peak() -> float:
    """The most memory that this process has held, in MiB. (What `resource` tells begins with that of its parent.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def alone(name: str, contender: str, pairs: int, threads: int) -> tuple[float, float, float]:
    """MiB above the inputs, MiB in all, and seconds, of one contender in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.losses",
        "--only",
        name,
        contender,
        "--threads",
        str(threads),
    ]
    run = subprocess.run([*command, "--pairs", str(pairs)], capture_output=True, text=True, check=True)
    above, whole, seconds = map(float, run.stdout.split())
    return above, whole, seconds


def only(name: str, contender: str, pairs: int) -> None:
    """Print the memory and the time of one contender."""
    loss = (theirs if contender == PEER else ours)(name)[contender]
    learn(loss, given(64))
    inputs = given(pairs)
    before, began = peak(), time.perf_counter()
    learn(loss, inputs)
    print(peak() - before, peak(), time.perf_counter() - began)


def main() -> None:
    """Compare, time, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=8192)
    parser.add_argument("--large", type=int, default=16384)
    parser.add_argument("--largest", type=int, default=32768)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.only:
        only(*options.only, options.pairs)
        return
    print(f"torch {torch.__version__}, {options.threads} threads, vectors of {WIDTH}, a scale of {SCALE:g}")
    for name in ("InfoNCE", "sigmoid"):
        contenders = ours(name) | theirs(name)
        agree(contenders)
        inputs = given(options.pairs)
        runs = {each: partial(learn, loss, inputs) for each, loss in contenders.items()}
        report(f"{name}, {options.pairs:,} pairs", interleave(runs, options.rounds, warmup=1))
        for pairs, who in ((options.large, contenders), (options.largest, [TILES])):
            print(f"\n{name}, {pairs:,} pairs, each in a process of its own")
            for contender in who:
                above, whole, seconds = alone(name, contender, pairs, options.threads)
                print(
                    f"  {contender:<30}{above:9,.0f} MiB above its inputs{whole:9,.0f} MiB in all{seconds:8.1f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main()
