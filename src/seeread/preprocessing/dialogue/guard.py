"""A chat template's syntax tree, checked and rebuilt so that every step of it is paid for."""

from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from seeread.errors import TemplateError

# Filters that only this file writes into a tree. No template can name them in its text.
TAKE, STEP, GLUE = "(take)", "(step)", "(glue)"

TAKING = (
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg, nodes.Pos,
    nodes.Compare, nodes.Operand, nodes.Filter, nodes.Test, nodes.Call, nodes.Keyword, nodes.List, nodes.Dict,
    nodes.Pair, nodes.Slice,
)  # fmt: skip
"""Expressions that work with the values of others. Each value is paid for first."""

OTHERS = (
    nodes.Template, nodes.Output, nodes.For, nodes.If, nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.With,
    nodes.Assign, nodes.AssignBlock, nodes.ExprStmt, nodes.Name, nodes.NSRef, nodes.Const, nodes.TemplateData,
    nodes.Tuple, nodes.CondExpr, nodes.Getitem, nodes.Getattr, nodes.Concat, nodes.And, nodes.Or, nodes.Not,
    nodes.Continue, nodes.Break,
)  # fmt: skip
"""What else may be in a template. There is no including, importing, extending or switching of modes."""


REPEATING = (nodes.For, nodes.Macro, nodes.CallBlock)
"""What may run more than once. Each time costs as many steps as there are nodes in it."""

CALL = 50
"""What it costs besides to call a macro."""

MOST_NODES = 10_000
"""The largest in use have about 4,000. It bounds the time that Jinja takes to compile a template."""

DEEPEST = 80
"""How many nodes may stand in each other. Jinja takes its time over loops in loops."""


class Guard(NodeTransformer):
    """Rebuilds a tree from its leaves. Raises TemplateError for what is not allowed in one."""

    def __init__(self) -> None:
        self._depth = 0

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        """The node, rebuilt with everything below it."""
        if not isinstance(node, (*TAKING, *OTHERS)):
            raise TemplateError(
                f"The model's chat template uses {type(node).__name__.lower()}, which has no place in one (line "
                f"{node.lineno}). Use another template."
            )
        if isinstance(node, nodes.Template) and _size(node) > MOST_NODES:
            raise TemplateError("The model's chat template is too large. Use another template.")
        if self._depth > DEEPEST:
            raise TemplateError("The model's chat template goes in too deep. Use another template.")
        steps = _size(node) if isinstance(node, REPEATING) else 1
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        match node:
            case nodes.TemplateData():  # so that it is counted like everything that is written
                return nodes.Const(node.data, lineno=node.lineno)
            case nodes.Concat():
                parts = nodes.List(node.nodes, lineno=node.lineno)
                _pay(parts)
                return _filter(parts, GLUE)
            case nodes.For():
                if node.recursive:
                    raise TemplateError("The model's chat template loops into itself. Use another template.")
                node.iter = _filter(node.iter, TAKE)
                if node.test is not None:
                    node.test = nodes.And(_step(steps, node), node.test, lineno=node.lineno)
                node.body.insert(0, nodes.ExprStmt(_step(steps, node), lineno=node.lineno))
            case nodes.Macro() | nodes.CallBlock():
                node.body.insert(0, nodes.ExprStmt(_step(steps + CALL, node), lineno=node.lineno))
            case nodes.Getitem(arg=nodes.Slice()):
                node.node = _filter(node.node, TAKE)
            case _ if isinstance(node, TAKING) or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
                _pay(node)
        return node


def _size(node: nodes.Node) -> int:
    return 1 + sum(1 for _ in node.find_all(nodes.Node))


def _pay(node: nodes.Node) -> None:
    """Have every value that the node takes paid for."""
    for name, value in list(node.iter_fields()):
        if isinstance(node, nodes.Call) and name == "node":
            continue  # what is called, not what it is given
        if isinstance(value, list):
            value[:] = [_filter(one, TAKE) if isinstance(one, nodes.Expr) else one for one in value]
        elif isinstance(value, nodes.Expr):
            setattr(node, name, _filter(value, TAKE))


def _filter(node: nodes.Node, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)


def _step(steps: int, node: nodes.Node) -> nodes.Filter:
    return _filter(nodes.Const(True, lineno=node.lineno), STEP, nodes.Const(steps, lineno=node.lineno))
