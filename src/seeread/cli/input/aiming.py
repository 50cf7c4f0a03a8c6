"""Flags that say what of a picture is to be explained."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from seeread.cli.input import options

if TYPE_CHECKING:
    from seeread.explanation.target import AnyTarget
    from seeread.preprocessing.image import Source
    from seeread.pretrained import Pretrained


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class AimFlags:
    """What `explanation.aim.aim` takes besides a model, a picture and a text."""

    task: Annotated[
        Literal["classify", "caption", "answer", "detect", "segment"] | None,
        Parameter(help="What the text is for, where that is not clear: for detect it names what to look for."),
    ] = None
    label: Annotated[
        tuple[str, ...],
        Parameter(
            help="A label to choose from, instead of those in the text. May be given several times.",
            negative="", show_default=False,
        ),
    ] = ()  # fmt: skip
    answer: Annotated[
        str | None, Parameter(help="Explain this answer, instead of the one that the model gives.")
    ] = None
    max_tokens: options.MaxTokens | None = None

    def aim(self, model: "Pretrained", image: "Source", text: str | None) -> "AnyTarget":
        """What is to be explained."""
        from seeread.explanation.aim import aim

        return aim(
            model, image, text, task=self.task, answer=self.answer, labels=self.label or None,
            max_tokens=self.max_tokens,
        )  # fmt: skip
