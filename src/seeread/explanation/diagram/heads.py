"""A single attention head, step by step: what is too small to be a module of its own."""

from seeread.explanation.diagram.box import OUT, Arrow, Box
from seeread.nn.attention import Attend


def heads(box: Box, attend: Attend) -> Box:
    """The heads of an attention, all alike, of which the first is opened; `box` has the shapes that went through it."""
    q, k, v = box.takes[:3]
    queries, keys, width, value_width = q[2], k[2], q[3], v[3]
    steps = [
        Box(
            "", "Similarities", "step",
            f"Every query times every key: the sum of {width} products, times {attend.scale:.4g} so that wide heads "
            "do not shout.",
            takes=((queries, width), (keys, width)), gives=((queries, keys),), of=box.of,
        )
    ]  # fmt: skip
    if attend.softcap is not None:
        steps.append(
            Box(
                "", "Soft cap", "step",
                f"Squeezed into -{attend.softcap:g} to {attend.softcap:g}, so that none runs away.",
                takes=((queries, keys),), gives=((queries, keys),), of=box.of,
            )
        )  # fmt: skip
    steps += [
        Box(
            "", "Softmax", "step",
            "Similarities become shares: none below zero, and those of a query add up to 1. Where it may not look, the "
            "share is 0.",
            takes=((queries, keys),), gives=((queries, keys),), of=box.of,
        ),
        Box(
            "", "Weighted sum", "step", "The values of all keys, mixed by their shares: what the query takes home.",
            takes=((queries, keys), (keys, value_width)), gives=((queries, value_width),), of=box.of,
        ),
    ]  # fmt: skip
    last = len(steps) - 1
    arrows = [Arrow("in", 0), *(Arrow(place, place + 1) for place in range(last)), Arrow("in", last), Arrow(last, OUT)]
    shared = "" if q[1] == k[1] else f" Each of {k[1]} heads of keys and values serves {q[1] // k[1]} of them."
    return Box(
        "", "Attention head", "head", f"One of {q[1]} that look for different things at once.{shared}",
        takes=((queries, width), (keys, width), (keys, value_width)), gives=((queries, value_width),), of=box.of,
        like=q[1], inside=tuple(steps), arrows=tuple(arrows),
    )  # fmt: skip
