"""What the bodies of requests have in common: nothing that is not expected is let by."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid", str_max_length=20_000)
"""Of dataclasses that are bodies: unknown fields and endless texts are refused."""


@dataclass(frozen=True, config=STRICT)
class Things:
    """A model, a kept picture, and what to look for; `together` asks for all of it at once, and not one by one."""

    model: str
    picture: str
    labels: Annotated[list[str], Field(max_length=100)]
    together: bool = True
