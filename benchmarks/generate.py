"""Writing with a LLaVA over a language model of 1.1 B parameters, beside `transformers`, at the same random weights.

    python -m benchmarks.generate [--rounds 5] [--tokens 64] [--threads 2] [--small]

Prefill is the time to the first token after a prompt of 600. Decoding is the time of those after it; the limit is
reading all weights of the language model once for each, as `sum` does it, timed in the same loop. Loading, the way from
the start of a process to its first token, and peak memory are taken from whole processes, in turn. `--small` is for
trying out: everything is there, and the numbers mean nothing.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from torch import Tensor

import seeread
from benchmarks.interleaved import interleave, report
from benchmarks.llava_1b import IMAGE, write
from seeread.generation.complete import complete
from seeread.generation.sampling import Sampling
from seeread.interface import Batch, Role
from seeread.nn.int8 import can_pack_int8
from seeread.nn.packed import can_pack

PROMPT, QUESTIONS, WORDS = 600, 8, 16
SIDE, PATCHES = 336, 576

PROCESS = """
import json, sys, time
before = time.time()
import torch
torch.set_num_threads(int(sys.argv[2]))
{load}
loaded = time.time()
{first}
# Not getrusage, whose peak is that of the process before it, too.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak, anonymous = (int(status[name].split()[0]) * 1024 for name in ("VmHWM", "RssAnon"))
print(json.dumps(dict(load=loaded - imported, first=time.time() - before, peak=peak, anonymous=anonymous)))
"""
THEIRS = PROCESS.format(
    load="import transformers\nimported = time.time()\n"
    "model = transformers.LlavaForConditionalGeneration.from_pretrained(sys.argv[1], dtype=torch.bfloat16)",
    first="model.generate(input_ids=torch.arange(5, 25)[None], max_new_tokens=1, min_new_tokens=1, do_sample=False)",
)
OURS = PROCESS.format(
    load="import seeread\nimported = time.time()\n"
    "model = seeread.load(sys.argv[1], precision=sys.argv[3], device='cpu')",
    first="""
from seeread.generation.complete import complete
from seeread.generation.sampling import Sampling
from seeread.interface import Batch, Role
tokens = torch.arange(5, 25)[None]
batch = Batch(tokens, torch.full_like(tokens, Role.PROMPT))
complete(model.generating, batch, Sampling(max_tokens=1), frozenset(), model.processor.write)
""",
)


def main() -> None:
    """Write, compare, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    transformers.utils.logging.set_verbosity_error()
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, {options.threads} threads")
    print(f"packed weights: {can_pack()}; packed bytes: {can_pack_int8()}")
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), options.small)
        processes(folder, options.threads, rounds=0 if options.small else 3)
        models = Models.load(folder)
    with torch.inference_mode():
        models.agree()
        for batch in (1, 8):
            writing(models, batch, options.tokens, options.rounds)
        questions(models, options.rounds)


@dataclass(frozen=True)
class Models:
    """The same model three times; a GB of `weights` is what the language model reads for a token."""

    theirs: transformers.LlavaForConditionalGeneration
    half: seeread.Pretrained
    small: seeread.Pretrained
    weights: list[Tensor]

    @classmethod
    def load(cls, folder: str) -> "Models":
        theirs = transformers.LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.bfloat16).eval()
        parts = [*theirs.model.language_model.layers.parameters(), theirs.lm_head.weight]
        half, small = (seeread.load(folder, precision=precision, device="cpu") for precision in ("bf16", "int8"))
        return cls(theirs, half, small, [part.detach().view(-1).view(torch.int64) for part in parts])

    def agree(self) -> None:
        """Nobody is fast at something else: the scores after a prompt are nearly the same."""
        batch = prompt(1, 50)
        want = self.theirs(input_ids=batch.tokens).logits[0, -1].float()
        for name, model in (("bf16", self.half), ("int8", self.small)):
            writer = model.generating
            scores = writer.logits(writer.read(batch)[:, -1])[0].float()
            cosine = torch.cosine_similarity(want, scores, dim=0).item()
            print(f"scores of seeread {name} beside transformers: cosine {cosine:.5f}")
            if cosine < 0.99:
                raise SystemExit("they disagree")


def prompt(rows: int, length: int, picture: bool = False, seed: int = 0) -> Batch:
    """Rows of random words; with `picture` each begins with the same picture and 20 words, and ends in WORDS others."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(5, 32_000, (rows, length), generator=generator)
    roles = torch.full_like(tokens, Role.PROMPT)
    images = None
    if picture:
        tokens[:, : length - WORDS] = tokens[0, : length - WORDS]
        tokens[:, 1 : 1 + PATCHES], roles[:, 1 : 1 + PATCHES] = IMAGE, Role.IMAGE
        images = torch.randn(1, 3, SIDE, SIDE, generator=generator).bfloat16().expand(rows, -1, -1, -1)
    return Batch(tokens, roles, images)


def ours(model: seeread.Pretrained, batch: Batch, tokens: int) -> list[tuple[int, ...]]:
    """Ids of exactly so many tokens."""
    answers = complete(model.generating, batch, Sampling(max_tokens=tokens), frozenset(), model.processor.write)
    return [answer.ids for answer in answers]


def theirs(model: transformers.LlavaForConditionalGeneration, batch: Batch, tokens: int) -> Tensor:
    """The same of `transformers`."""
    pictures = {} if batch.images is None else {"pixel_values": batch.images}
    return model.generate(
        input_ids=batch.tokens,
        attention_mask=torch.ones_like(batch.tokens),
        max_new_tokens=tokens,
        min_new_tokens=tokens,
        do_sample=False,
        pad_token_id=0,
        **pictures,
    )


def writing(models: Models, rows: int, tokens: int, rounds: int) -> None:
    """Prefill and decoding with so many prompts at once."""
    batch = prompt(rows, PROMPT)
    contenders: dict[str, Callable[[int], object]] = {
        "transformers, bf16": lambda count: theirs(models.theirs, batch, count),
        "seeread, bf16": lambda count: ours(models.half, batch, count),
        "seeread, int8": lambda count: ours(models.small, batch, count),
    }
    first: dict[str, list[float]] = {name: [] for name in contenders}
    later: dict[str, list[float]] = {name: [] for name in contenders}
    limits: list[float] = []
    for turn in range(rounds + 1):
        limit = timed(lambda: [part.sum() for part in models.weights])
        for name, run in contenders.items():
            one = timed(lambda run=run: run(1))
            whole = timed(lambda run=run: run(1 + tokens))
            if turn:
                first[name].append(one)
                later[name].append((whole - one) / tokens)
        if turn:
            limits.append(min(limit, timed(lambda: [part.sum() for part in models.weights])))
    size = sum(part.numel() * 8 for part in models.weights)
    print(f"\n{PROMPT} tokens read, {tokens} written, batch of {rows}")
    print(f"  reading {size / 1e9:.2f} GB of weights: {size / statistics.median(limits) / 1e9:.1f} GB/s")
    base = next(iter(contenders))
    for name in contenders:
        share = statistics.median(limit / each for limit, each in zip(limits, later[name], strict=True))
        faster = [statistics.median(a / b for a, b in zip(t[base], t[name], strict=True)) for t in (first, later)]
        print(
            f"  {name:<22}prefill {statistics.median(first[name]):7.3f} s ({faster[0]:.2f} x)   decoding "
            f"{rows / statistics.median(later[name]):7.2f} tokens/s ({faster[1]:.2f} x), {share:4.0%} of the limit",
            flush=True,
        )
    gain = statistics.median(
        a / b for a, b in zip(later["seeread, bf16"], later["seeread, int8"], strict=True)
    )
    print(f"  int8 writes {gain:.2f} times as fast as bf16")


def questions(models: Models, rounds: int) -> None:
    """Short answers to several questions about one picture: one by one, and at once."""
    together = prompt(QUESTIONS, 1 + PATCHES + 20 + WORDS, picture=True)
    assert isinstance(together.images, Tensor)
    alone = [
        Batch(together.tokens[row : row + 1], together.roles[row : row + 1], together.images[row : row + 1])
        for row in range(QUESTIONS)
    ]
    contenders = {
        "seeread, one by one": lambda: [ours(models.half, batch, 4) for batch in alone],
        "transformers, one by one": lambda: [theirs(models.theirs, batch, 4) for batch in alone],
        "transformers, at once": lambda: theirs(models.theirs, together, 4),
        "seeread, at once": lambda: ours(models.half, together, 4),
    }
    report(f"{QUESTIONS} questions on one picture, 4 tokens each", interleave(contenders, rounds, warmup=1))


def processes(folder: str, threads: int, rounds: int) -> None:
    """Whole processes: loading, first token, memory."""
    commands = {"transformers, bf16": (THEIRS, ""), "seeread, bf16": (OURS, "bf16"), "seeread, int8": (OURS, "int8")}
    told: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for turn in range(-1 if rounds else 0, rounds or 1):  # the first does not count
        for name, (code, precision) in commands.items():
            command = [sys.executable, "-c", code, folder, str(threads), precision]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            if turn >= 0:
                told[name].append(json.loads(said.splitlines()[-1]))
    print("\nwhole processes")
    for name, runs in told.items():
        load, first, peak, anonymous = (
            statistics.median(run[key] for run in runs) for key in ("load", "first", "peak", "anonymous")
        )
        print(
            f"  {name:<22}loaded in {load:6.2f} s, first token after {first:6.2f} s, peak memory {peak / 1e9:5.2f} GB, "
            f"of that held in the end and by no file {anonymous / 1e9:5.2f} GB"
        )


def timed(run: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
