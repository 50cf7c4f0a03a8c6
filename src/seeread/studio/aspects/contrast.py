"""Models in sentences: how each fuses, and what sets two of them apart. Every figure in them was measured."""

from collections.abc import Iterator
from typing import Any

from seeread.charts.counts import millions, rounded
from seeread.explanation.anatomy import Anatomy, Split
from seeread.studio.aspects.meeting import ordinal
from seeread.studio.aspects.subject import Subject


def in_short(subject: Subject) -> str:
    """How a model fuses, for people; of one that is known from a paper, where sight enters it."""
    if (found := subject.anatomy) is None:
        meets = subject.reported.get("meets")
        return f"Reported: sight enters {meets.text}." if meets else "How it fuses is not published."
    if not found.enters:
        return "It works on sight or on words alone: nothing meets in it."
    said = list(_ways(subject.config, found))
    return f"{'; '.join([said[0], *(way[0].lower() + way[1:] for way in said[1:])])}."


def _ways(config: Any, found: Anatomy) -> Iterator[str]:
    if "a shared space" in found.enters:
        yield "A picture and a text each become one vector, and only their product knows both"
    blocks = getattr(getattr(config.text, "transformer", None), "layers", None)
    if "the encoder's sequence" in found.enters:
        yield f"A picture becomes {found.places:,} tokens before the text that an encoder reads; a decoder answers"
    if "the sequence" in found.enters:
        through = f", and all {blocks} blocks read both" if blocks else ""
        yield f"A picture becomes {found.places:,} tokens among the words{through}"
    if "between the blocks" in found.enters:
        every = getattr(config, "every", None)
        where = f"before {ordinal(every)} block" if every else "in half of the blocks"
        yield f"{found.media:,} tokens of a picture wait beside the words, which look at them {where}"


def between(one: Subject, other: Subject) -> list[str]:
    """What sets two measured models apart, the most telling first; nothing where one is only reported."""
    if one.anatomy is None or other.anatomy is None:
        return []
    return [
        *_depth(one, one.anatomy, other, other.anatomy),
        *_work(one, one.anatomy, other, other.anatomy),
        *_kept(one, one.anatomy, other, other.anatomy),
        *_tokens(one, one.anatomy, other, other.anatomy),
    ]


def _depth(one: Subject, first: Anatomy, other: Subject, second: Anatomy) -> Iterator[str]:
    early, late = ((other, one) if _share(second.flops) > _share(first.flops) else (one, other))
    assert early.anatomy is not None
    assert late.anatomy is not None
    more, less = _share(early.anatomy.flops), _share(late.anatomy.flops)
    if more - less < 0.02:
        return
    yield (
        f"Of the work of {early.title}, {_percent(more)} is done on sight and words together; of that of {late.title}, "
        f"{_percent(less)}."
    )


def _work(one: Subject, first: Anatomy, other: Subject, second: Anatomy) -> Iterator[str]:
    a, b = (found.flops.before + found.flops.both for found in (first, second))
    if not min(a, b) or max(a, b) / min(a, b) < 1.1:
        return
    (large, most), (small, least) = ((one, a), (other, b)) if a > b else ((other, b), (one, a))
    times = f"{most / least:.0f}" if most / least >= 10 else f"{most / least:.1f}"
    yield (
        f"{large.title} does {times} times the work of {small.title} for a picture and {first.words} words: "
        f"{rounded(most)} operations against {rounded(least)}, with {_size(large)} parameters against {_size(small)}."
    )


def _kept(one: Subject, first: Anatomy, other: Subject, second: Anatomy) -> Iterator[str]:
    vectors = "the vector of a picture, for any text"
    if (vectors in first.kept) != (vectors in second.kept):
        compares, writes = (one, other) if vectors in first.kept else (other, one)
        yield (
            f"{compares.title} turns each picture into a vector once, and any text can be compared with it from then "
            f"on; {writes.title} has to run again for every question."
        )
    elif first.reads != second.reads and first.reads and second.reads:
        ahead, behind = (one, other) if "both ways" in first.reads else (other, one)
        yield (
            f"In {ahead.title} a picture's tokens see the question, in {behind.title} they do not: there, what was "
            "read of a picture holds for the next question, too."
        )


def _tokens(one: Subject, first: Anatomy, other: Subject, second: Anatomy) -> Iterator[str]:
    a, b = first.places, second.places
    if min(a, b) == 1 < max(a, b) and (first.media or second.media):
        among, beside = (one, other) if a > b else (other, one)
        yield (
            f"A picture takes {max(a, b):,} places among the words of {among.title}, and 1 in {beside.title}, which "
            "leaves room for many pictures in one text."
        )


def _share(flops: Split) -> float:
    total = flops.before + flops.both
    return flops.both / total if total else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.005 else "next to nothing"


def _size(subject: Subject) -> str:
    assert subject.anatomy is not None
    p = subject.anatomy.parameters
    return millions(p.before + p.both + p.idle)
