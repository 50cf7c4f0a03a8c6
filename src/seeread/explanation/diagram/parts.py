"""The parts of a run, each inside the one that called it, and of every tensor from which of them it came."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import nn

IN, BESIDE = "in", "beside"
"""Where things come from that no part of the same level has made: what a part is given first, and what else it is given
or finds."""

Shape = tuple[int, ...]
Sources = frozenset["Part | str"]


@dataclass(frozen=True)
class Flow:
    """A tensor on its way: from which parts, or `IN` or `BESIDE`, within the part around, and if these are several, how
    they came together."""

    sources: Sources
    how: str = ""


@dataclass(eq=False)
class Part:
    """A module at its place in the run. `whole` is false for a part that is around others and was never called.

    `flows` are what it was given, in the order of time, and `results` what it gave, as seen within it. `of` names what
    the run began with and has come so far. `own` counts the parameters that were met here first.
    """

    path: str
    module: nn.Module
    around: "Part | None" = None
    whole: bool = False
    parts: list["Part"] = field(default_factory=list)
    takes: list[Shape] = field(default_factory=list)
    gives: list[Shape] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    results: list[Flow] = field(default_factory=list)
    of: set[str] = field(default_factory=set)
    own: int = 0

    def note(self, sources: Sources, how: str) -> None:
        """It was given a tensor from there."""
        sources = sources - {self}
        if sources and not any(sources == flow.sources for flow in self.flows):
            self.flows.append(Flow(sources, how if len(sources) > 1 else ""))

    def within(self, path: str, module: nn.Module) -> "Part":
        """The part of that path inside of this one: the one that is there, or a new one."""
        for part in self.parts:
            if part.path == path:
                return part
        self.parts.append(Part(path, module, self))
        return self.parts[-1]


@dataclass(eq=False)
class Origin:
    """Of a tensor: for each part that it was made in, of what it was made there; for each that it was given to, that it
    came in; how it came together at last; and what of all that the run began with it depends on."""

    levels: dict[Part, Sources] = field(default_factory=dict)
    given: dict[Part, Sources] = field(default_factory=dict)
    how: str = ""
    of: frozenset[str] = frozenset()

    def within(self, level: Part) -> Sources:
        """Whence it came, as seen inside of a part."""
        own = self.levels.get(level) or self.given.get(level) or _kept_inside(self, level)
        if not level.whole and level.around is not None:  # what enters a group from outside comes in
            outside = self.within(level.around) - {level}
            if outside:
                own = own | (outside if outside == {BESIDE} else {IN})
        return own or frozenset((BESIDE,))


def _kept_inside(origin: Origin, level: Part) -> Sources:
    """Of a tensor that was made inside of a part and never given out, but remembered: that part."""
    found: set[Part | str] = set()
    for maker in origin.levels:
        part: Part | None = maker
        while part is not None and part.around is not level:
            part = part.around
        if part is not None:
            found.add(part)
    return frozenset(found)


def groups(root: nn.Module, top: str, path: str) -> Iterator[tuple[str, nn.Module]]:
    """The modules between the one at `top` and what it calls at `path` that are not called themselves."""
    steps = path.split(".")
    known = len(top.split(".")) if top else 0
    if top and steps[:known] != top.split("."):
        return  # it is called by another than the one that keeps it
    for length in range(known + 1, len(steps)):
        module = root.get_submodule(".".join(steps[:length]))
        if not isinstance(module, nn.ModuleList | nn.ModuleDict):
            yield ".".join(steps[:length]), module
