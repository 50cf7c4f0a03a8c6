"""Rename tables: how the tensors of a foreign checkpoint are ours under other names.

A table is a tuple of rules; a rule maps the path of a module or tensor, and `{}` in it stands for a layer number.
Rules run both ways, so one table both reads and writes a format, and no value changes on the way.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor

State = dict[str, Tensor]
LEAF = r"((?:\.(?:weight|bias|running_mean|running_var|num_batches_tracked))?)"


@dataclass(frozen=True)
class Rule:
    """`theirs` is called `ours`. One tensor of theirs may be several of ours, joined on axis 0; None is not needed
    here (position ids, which count from 0) and not written."""

    theirs: str
    ours: str | tuple[str, ...] | None
    read: Callable[[Tensor], Tensor] | None = None  # to our layout: a view, never a calculation
    write: Callable[[Tensor], Tensor] | None = None  # and back


Table = tuple[Rule, ...]


def under(theirs: str, ours: str, table: Table) -> Table:
    """The same table, one level deeper on either side: tables compose as modules do."""

    def deeper(rule: Rule) -> Rule:
        names = rule.ours
        if isinstance(names, str):
            names = ours + names
        elif names is not None:
            names = tuple(ours + name for name in names)
        return replace(rule, theirs=theirs + rule.theirs, ours=names)

    return tuple(map(deeper, table))


def read(state: State, table: Table) -> tuple[State, list[str]]:
    """Their tensors under our names, and the keys that met no rule, or one that was taken."""
    ours: State = {}
    strangers = []
    for key, tensor in state.items():
        match = _match(key, table)
        if match is None:
            strangers.append(key)
            continue
        rule, layers, leaf = match
        tensor = rule.read(tensor) if rule.read else tensor
        names = (rule.ours,) if isinstance(rule.ours, str) else rule.ours or ()
        # One that cannot be shared out fits nowhere: it goes on whole, and is listed with what does not fit.
        whole = len(names) < 2 or tensor.ndim == 0 or len(tensor) % len(names) > 0
        parts = (tensor,) if whole else tensor.chunk(len(names))
        named = {name.format(*layers) + leaf: part for name, part in zip(names, parts, strict=False)}
        if ours.keys() & named.keys():  # two layouts at once, of which one would silently win
            strangers.append(key)
        else:
            ours |= named
    return ours, strangers


def write(state: State, table: Table) -> State:
    """Our tensors under their names: `read` backwards. KeyError where a tensor of ours has no place there."""
    theirs: State = {}
    joined = {rule.ours[0]: rule.ours for rule in table if isinstance(rule.ours, tuple)}
    back = _backwards(table)
    for key, tensor in state.items():
        match = _match(key, back)
        if match is None:
            raise KeyError(key)
        rule, layers, leaf = match
        if not isinstance(rule.ours, str):
            continue
        if names := joined.get(rule.theirs):
            tensor = torch.cat([state[name.format(*layers) + leaf] for name in names])
        theirs[rule.ours.format(*layers) + leaf] = rule.read(tensor) if rule.read else tensor
    return theirs


def their_name(name: str, table: Table) -> str:
    """What a tensor of ours is called in their file, or is part of; `name` itself where they have no such thing."""
    for rule in table:
        for ours in (rule.ours,) if isinstance(rule.ours, str) else rule.ours or ():
            if match := _match(name, (Rule(ours, rule.theirs),)):
                return rule.theirs.format(*match[1]) + match[2]
    return name


@cache
def _backwards(table: Table) -> Table:
    back = []
    for rule in table:
        if isinstance(rule.ours, str):
            back.append(Rule(rule.ours, rule.theirs, rule.write, rule.read))
        elif rule.ours:  # the first of the joined tensors brings the others along
            back.append(Rule(rule.ours[0], rule.theirs, rule.write, rule.read))
            back += [Rule(name, None) for name in rule.ours[1:]]
    return tuple(back)


def _match(key: str, table: Table) -> tuple[Rule, list[str], str] | None:
    """The most specific rule whose path is the whole key, or all but its last name."""
    for pattern, rule in _patterns(table):
        if found := pattern.fullmatch(key):
            *layers, leaf = found.groups()
            return rule, layers, leaf
    return None


@cache
def _patterns(table: Table) -> Iterable[tuple[re.Pattern[str], Rule]]:
    longest_first = sorted(table, key=lambda rule: -len(rule.theirs))
    return [(re.compile(re.escape(r.theirs).replace(r"\{\}", r"(\d+)") + LEAF), r) for r in longest_first]
