"""What surrounds a vocabulary: cleaning, case, start and end, length, padding."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from seeread.errors import TokenizerError
from seeread.preprocessing.tokenizer.cleaning import CLEANERS, Clean


@dataclass(frozen=True, kw_only=True)
class TokenizerRules:
    """How text becomes a row of ids, apart from the vocabulary. Lengths count the start and end ids too."""

    context_length: int  # the most ids that the model has positions for; longer texts lose their tail, not their end
    pad_id: int
    start_id: int | None = None
    end_id: int | None = None
    clean: Clean = "none"
    lower_case: bool = False
    pad_to_length: bool = False  # True: SigLIP reads its padding; False: a causal tower pooled at the end never does

    def __post_init__(self) -> None:
        if self.clean not in CLEANERS:
            raise TokenizerError(f"Tokenizer rules: clean is {self.clean!r}; it must be one of {', '.join(CLEANERS)}.")
        for name, number in (("pad_id", self.pad_id), ("start_id", self.start_id), ("end_id", self.end_id)):
            if number is not None and number < 0:
                raise TokenizerError(f"Tokenizer rules: {name} is {number}; ids are not negative.")
        if not self.surroundings < self.context_length <= 2**20:
            raise TokenizerError(f"Tokenizer rules: a context_length of {self.context_length} makes no sense.")

    @property
    def surroundings(self) -> int:
        """How many ids of a row are start and end: 0, 1 or 2."""
        return (self.start_id is not None) + (self.end_id is not None)

    def to_dict(self) -> dict[str, int | str | bool | None]:
        """The rules as JSON knows them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """The rules out of JSON; every name must be known, present, and of the right type."""
        names = [field.name for field in fields(cls)]
        if unknown := sorted(values.keys() - set(names)):
            raise TokenizerError(f"Tokenizer rules: unknown {', '.join(unknown)}. Known are {', '.join(names)}.")
        if missing := [name for name in names if name not in values]:
            raise TokenizerError(f"Tokenizer rules: {', '.join(missing)} missing.")
        for name, value in values.items():
            may_be: dict[str, tuple[type, ...]] = {"clean": (str,), "lower_case": (bool,), "pad_to_length": (bool,)}
            may_be |= {"start_id": (int, type(None)), "end_id": (int, type(None))}
            if type(value) not in may_be.get(name, (int,)):
                raise TokenizerError(f"Tokenizer rules: {name} cannot be {value!r}.")
        return cls(**values)  # type: ignore[arg-type]  # checked above
