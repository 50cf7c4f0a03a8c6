"""`seeread build`: a model put together from published halves, to be trained."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from seeread.charts.counts import millions
from seeread.cli.input import options
from seeread.cli.output.console import print_json


def build(
    family: Annotated[Literal["pali"], Parameter(help="What to build: pali.")],
    /,
    *,
    vision: Annotated[
        str, Parameter(help="Where the image tower comes from: a ViT, a CLIP or a SigLIP; a name, folder or file.")
    ],
    text: Annotated[
        str, Parameter(help="The encoder-decoder: a T5, FLAN-T5, mT5 or UL2; a name or folder.")
    ],
    out: Annotated[Path, Parameter(help="The folder to write.")],
    seed: Annotated[int, Parameter(help="By which the connector is drawn.")] = 0,
    overwrite: Annotated[
        bool, Parameter(help="Replace what is in the folder, if it is a checkpoint.", negative="", show_default=False)
    ] = False,
    json: options.Json = False,
) -> int:
    """A model put together from published halves, to be trained.

    There are no public weights of PaLI, PaLI-X or PaLI-3. This takes the image tower out of one checkpoint and an
    encoder-decoder out of another, and puts a linear layer between them, which is random: until it is trained, what the
    model says of a picture is without meaning. PaLI-3 is SigLIP's tower and UL2.

    With --json: {"folder", "family", "image_tokens", "parameters", "untrained"}, where "untrained" are those of the
    parameters that are random.
    """
    from seeread.checkpoints.compose import build_pali, untrained

    built = build_pali(vision, text, out, seed=seed, overwrite=overwrite)
    parameters, random = sum(tensor.numel() for tensor in built.tensors.values()), untrained(built)
    facts = {"folder": str(out), "family": family, "image_tokens": built.config.image_tokens}
    if json:
        print_json(facts | {"parameters": parameters, "untrained": random})
        return 0
    print(f"{out}: PaLI of {millions(parameters)} parameters; a picture takes {facts['image_tokens']} tokens.")
    print(f"Must be trained: its connector ({random:,} parameters) is random, and the halves have never met.")
    print("No weights of PaLI are public, and these are none of them. The terms of both halves apply.")
    return 0
