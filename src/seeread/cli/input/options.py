"""Options that several commands have, said once."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

DEFAULT_MODEL = "seeread/mini-clip"
WRITING_MODEL = "seeread/mini-llava"
POINTING_MODEL = "seeread/mini-paligemma"
"""What is taken where nobody asks for another model: to compare, to write, and to point."""

Model = Annotated[
    str,
    Parameter(
        help='A name ("seeread models" lists them), a repository of the Hugging Face hub, a folder or file, or, of a '
        "model on a server that writes, openai:NAME."
    ),
]
TokenizerFile = Annotated[
    Path | None, Parameter(help="A file or folder to take the tokenizer from, for checkpoints that carry none.")
]
Architecture = Annotated[
    str | None,
    Parameter(help='Of a file of weights without configuration: open_clip\'s name, such as ViT-B-32, or "openai".'),
]
Device = Annotated[str, Parameter(help="Where to compute: auto, cpu, cuda, cuda:1, mps, or spread over all GPUs.")]
Precision = Annotated[
    Literal["auto", "fp32", "bf16", "fp16", "int8"],
    Parameter(
        help="Of the arithmetic; auto is what the hardware is made for. int8: as auto, and the weights of a model that "
        "writes in 8 bits."
    ),
]
BatchSize = Annotated[int, Parameter(help="Pictures computed at a time.", validator=Number(gte=1))]
Answers = Annotated[int, Parameter(help="Answers written at a time.", validator=Number(gte=1))]
Json = Annotated[bool, Parameter(help="Print JSON, for programs.", negative="", show_default=False)]
AllowUrl = Annotated[
    bool, Parameter(help="Fetch pictures given as https addresses.", negative="", show_default=False)
]
MaxTokens = Annotated[int, Parameter(help="The longest answer about a picture, in tokens.", validator=Number(gte=1))]
Out = Annotated[
    Path | None,
    Parameter(help="Draw what was found: into this .png, .jpg or .webp, or for several pictures into this folder."),
]
ClassNames = Annotated[
    list[str] | None, Parameter(help="Other names for the classes, in their order: as of classify.", negative="")
]
Templates = Annotated[
    list[str] | None, Parameter(help="Sentences with {} for the label, or names: as of classify.", negative="")
]
Split = Annotated[
    str | None, Parameter(help="Which part of a divided set: val, test... By default one that is held out.")
]
Limit = Annotated[int | None, Parameter(help="At most so many pictures, drawn.", validator=Number(gte=1))]
Seed = Annotated[int, Parameter(help="Of all that is drawn.", validator=Number(gte=0, lt=2**32))]
Separately = Annotated[
    bool,
    Parameter(help="Look for one thing after the other: slower, misses less.", negative="", show_default=False),
]
