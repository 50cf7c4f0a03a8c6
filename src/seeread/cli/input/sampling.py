"""Flags that say how an answer is written, the same for every command that writes."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

if TYPE_CHECKING:
    from seeread.generation.sampling import Sampling

_BETWEEN = Number(gte=0, lte=1)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SamplingFlags:
    """The fields of `generation.sampling.Sampling` that a command line has, with the same defaults."""

    max_tokens: Annotated[int, Parameter(help="The longest answer, in tokens.", validator=Number(gte=1))] = 256
    temperature: Annotated[
        float,
        Parameter(help="0 takes the likeliest token each time; above it, tokens are drawn.", validator=Number(gte=0)),
    ] = 0.0
    top_k: Annotated[
        int | None, Parameter(help="Draw from so many of the likeliest tokens only.", validator=Number(gte=1))
    ] = None
    top_p: Annotated[
        float | None, Parameter(help="Draw from the likeliest tokens that are so likely together.", validator=_BETWEEN)
    ] = None
    min_p: Annotated[
        float | None, Parameter(help="Draw from tokens so likely, compared with the likeliest.", validator=_BETWEEN)
    ] = None
    repetition_penalty: Annotated[
        float, Parameter(help="Above 1, what was said is less likely to be said again.", validator=Number(gt=0))
    ] = 1.0
    beams: Annotated[int, Parameter(help="Follow so many answers, and tell the best.", validator=Number(gte=1))] = 1
    stop: Annotated[
        tuple[str, ...],
        Parameter(help="End before this text. May be given several times.", negative="", show_default=False),
    ] = ()
    seed: Annotated[
        int | None, Parameter(help="The same seed draws the same answer again.", validator=Number(gte=0))
    ] = None

    def sampling(self, logprobs: bool = False) -> "Sampling":
        """As generation takes it; `logprobs` asks for how likely the answer was. Raises UsageError for flags that do
        not go together."""
        from seeread.generation.sampling import Sampling

        return Sampling(**asdict(self), logprobs=int(logprobs))
