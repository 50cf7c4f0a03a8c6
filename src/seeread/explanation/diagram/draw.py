"""From the parts of a run to the boxes of a diagram."""

from collections.abc import Sequence
from dataclasses import replace

from seeread.explanation.diagram.box import OUT, Arrow, Box
from seeread.explanation.diagram.heads import heads
from seeread.explanation.diagram.parts import IN, Flow, Part, Shape, Sources
from seeread.explanation.diagram.sentences import words_for
from seeread.explanation.diagram.words import JOINED
from seeread.nn.attention import Attend


def draw(part: Part) -> Box:
    """A part and all that is inside of it."""
    words = words_for(part.module, part.path)
    of = tuple(name for name in ("picture", "words") if name in part.of)
    inside, arrows = _inside(part)
    box = Box(
        path=part.path, name=words.name, kind=words.kind, does=words.does,
        parameters=part.own + sum(box.parameters * box.like for box in inside),
        takes=tuple(part.takes) or _entering(part), gives=tuple(part.gives) or _leaving(part), of=of,
        inside=inside, arrows=arrows,
    )  # fmt: skip
    if isinstance(part.module, Attend) and not inside:
        return replace(box, inside=(heads(box, part.module),), arrows=(Arrow(IN, 0), Arrow(0, OUT)))
    return box


def _entering(part: Part) -> tuple[Shape, ...]:
    """Of a group what the first of its parts is given first."""
    return next((found for one in part.parts if (found := tuple(one.takes[:1]) or _entering(one))), ())


def _leaving(part: Part) -> tuple[Shape, ...]:
    """Of a group what the last of its parts gives; nothing of the whole model, which gives more than one thing."""
    if part.around is None or not part.parts:
        return ()
    return tuple(part.parts[-1].gives) or _leaving(part.parts[-1])


Node = Part | Flow | str
"""A part, where several things are joined, or "in", "beside", "picture", "words" and "out"."""


def _inside(part: Part) -> tuple[tuple[Box, ...], tuple[Arrow, ...]]:
    """The boxes inside of a part, with what comes together drawn as boxes of its own, and the arrows between them."""
    if not part.parts:
        return (), ()
    plan = _Plan(part.parts)
    for one in part.parts:
        for flow in one.flows:
            plan.lead(flow, one)
    for flow in part.results:
        plan.lead(flow, None)
    return plan.drawn(sinks_leave=not part.results)


class _Plan:
    """Nodes in the order in which they came up, and edges, of which none leads back."""

    def __init__(self, parts: Sequence[Part]):
        self.parts = _folded(parts)
        self.first = {member: run[0] for run in self.parts for member in run}
        self.nodes: list[Part | Flow] = [run[0] for run in self.parts]
        self.edges: list[tuple[Node, Node]] = []
        self.joins: list[Flow] = []

    def lead(self, flow: Flow, end: Part | None) -> None:
        """Something goes into a part, or out where it is None."""
        target: Node = OUT if end is None else self.first[end]
        sources = frozenset(self.first.get(one, one) if isinstance(one, Part) else one for one in flow.sources)
        for source in self._sources(sources - {target}, flow.how):
            self._connect(source, target)

    def _sources(self, sources: Sources, how: str) -> list[Node]:
        """The nodes that stand for these sources: the parts themselves, or where they are joined."""
        if not how or len(sources) < 2:
            return self._ordered(sources)
        for join in self.joins:
            if join.sources == sources:
                return [join]
        rest: Sources = sources
        inner: list[Node] = []
        for join in sorted(self.joins, key=lambda one: -len(one.sources)):  # what was joined before is one of them
            if join.sources < sources and join.sources <= rest:
                rest, inner = rest - join.sources, [*inner, join]
        joined = Flow(sources, how)
        self.joins.append(joined)
        self.nodes.append(joined)
        for source in (*inner, *self._ordered(rest)):
            self._connect(source, joined)
        return [joined]

    def _ordered(self, sources: Sources) -> list[Node]:
        return sorted(sources, key=lambda one: (-1, one) if isinstance(one, str) else (self.nodes.index(one), ""))

    def _connect(self, start: Node, end: Node) -> None:
        if start != end and (start, end) not in self.edges and not self._reaches(end, start):
            self.edges.append((start, end))

    def _reaches(self, start: Node, end: Node) -> bool:
        seen, waiting = set(), [start]
        while waiting:
            node = waiting.pop()
            if node == end:
                return True
            if node not in seen:
                seen.add(node)
                waiting += [after for before, after in self.edges if before == node]
        return False

    def drawn(self, sinks_leave: bool) -> tuple[tuple[Box, ...], tuple[Arrow, ...]]:
        """The boxes, each behind all that lead to it, and the arrows."""
        if sinks_leave:
            starts = {start for start, _ in self.edges}
            self.edges += [(node, OUT) for node in self.nodes if node not in starts]
        ordered: list[Part | Flow] = []
        waiting = list(self.nodes)
        while waiting:
            ready = next(node for node in waiting if not any(e == node and s in waiting for s, e in self.edges))
            waiting.remove(ready)
            ordered.append(ready)
        numbers: dict[Node, int] = {node: number for number, node in enumerate(ordered)}
        arrows = tuple(Arrow(_end(start, numbers), _end(end, numbers)) for start, end in self.edges)
        return tuple(self._box(node) for node in ordered), arrows

    def _box(self, node: Part | Flow) -> Box:
        if isinstance(node, Part):
            like = next(len(run) for run in self.parts if run[0] is node)
            return replace(draw(node), like=like)
        words = JOINED[node.how]
        return Box("", words.name, words.kind, words.does, of=_of(node))


def _end(node: Node, numbers: dict[Node, int]) -> int | str:
    return node if isinstance(node, str) else numbers[node]


def _of(flow: Flow) -> tuple[str, ...]:
    met = {name for one in flow.sources for name in (one.of if isinstance(one, Part) else {one})}
    for around in (one.around for one in flow.sources if isinstance(one, Part) and IN in flow.sources):
        met |= around.of if around is not None else set()
    return tuple(name for name in ("picture", "words") if name in met)


def _folded(parts: Sequence[Part]) -> list[list[Part]]:
    """Parts that follow each other and are alike in all that is inside of them come as one run."""
    runs: list[list[Part]] = []
    for part in parts:
        if runs and _continues(runs[-1], part):
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def _continues(run: Sequence[Part], part: Part) -> bool:
    """Whether a part does once more what the last of the run did, to what that gave."""
    last = run[-1]
    if not part.path.rpartition(".")[2].isdigit():
        return False
    before = [flow.sources for flow in part.flows]
    others = [sources for sources in before if last not in sources]
    known = [flow.sources for flow in last.flows if len(run) == 1 or run[-2] not in flow.sources]
    leads = any(last in sources for sources in before)
    return leads and all(one in known for one in others) and _alike(last) == _alike(part)


def _alike(part: Part) -> object:
    """What two parts share that are alike but for their weights."""
    kind = type(part.module).__name__
    return kind, part.own, tuple(part.takes), tuple(part.gives), tuple(map(_alike, part.parts))
