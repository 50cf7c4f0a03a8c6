"""The world of a chat template: data, and the few functions listed here.

Templates are taken for what they are, programs by strangers. Jinja's immutable sandbox is the first fence. Inside it
the world is closed: nothing can be called, and no attribute seen, that is not named below. And it is counted: the
`Guard` rebuilds a template so that each of its steps is taken off a `Budget`, which no loop, no recursion and no
doubling of texts gets around. So there is no thread or process to be watched and killed.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import jinja2
from jinja2 import nodes, pass_context
from jinja2.ext import Extension, loopcontrols
from jinja2.filters import FILTERS
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import Namespace

from seeread.errors import TemplateError
from seeread.preprocessing.dialogue.budget import PLAIN, Budget
from seeread.preprocessing.dialogue.guard import GLUE, STEP, TAKE

BUDGET = "the budget"
"""The name of a variable that no template can spell."""


def _names(line: str) -> frozenset[str]:
    return frozenset(line.split())


FILTER_NAMES = _names(
    "abs capitalize count d default dictsort first float int items last length list lower map max min reject "
    "rejectattr reverse select selectattr sort title trim unique upper"
)
TEST_NAMES = _names(
    "boolean callable defined divisibleby eq equalto == even false float ge >= greaterthan gt > integer iterable le "
    "<= lessthan lt < mapping ne != none number odd sameas sequence string true undefined"
)
ATTRIBUTES: dict[type, frozenset[str]] = {
    str: _names(
        "capitalize count endswith find index isalnum isalpha isdigit islower isnumeric isspace isupper join lower "
        "lstrip partition removeprefix removesuffix replace rfind rindex rpartition rsplit rstrip split splitlines "
        "startswith strip title upper"
    ),
    dict: _names("get items keys values"),
    list: _names("count index"),
    tuple: _names("count index"),
    LoopContext: _names(
        "changed cycle depth depth0 first index index0 last length nextitem previtem revindex revindex0"
    ),
}


class Generation(Extension):
    """`{% generation %}` marks what an assistant said, for those who train; it writes nothing itself."""

    tags = {"generation"}  # noqa: RUF012  (as jinja2 declares it)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """What stands between the two tags."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class ClosedWorld(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with nothing in it but what this file lists."""

    intercepted_binops = frozenset(["*", "**", "%"])

    def __init__(self) -> None:
        options: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "optimized": False}
        super().__init__(extensions=[Generation, loopcontrols], finalize=_write, **options)
        self.filters = {name: FILTERS[name] for name in FILTER_NAMES} | OWN_FILTERS
        self.tests = {name: TESTS[name] for name in TEST_NAMES} | {"in": _is_in}
        self.globals = {
            "range": range,
            "dict": dict,
            "namespace": Namespace,
            "raise_exception": _refuse,
            "strftime_now": _now,
        }

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Only what is listed above; of a namespace, what the template put there."""
        if type(obj) is Namespace:
            return not attr.startswith("_")
        return attr in ATTRIBUTES.get(type(obj), ())

    def wrap_str_format(self, value: Any) -> None:
        """Formatting can ask for a text of any width, so there is none."""

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """What can make much of little: repeating texts and lists, powers, formatting."""
        budget = _budget(context)
        if operator == "%" and isinstance(left, str):
            raise TemplateError("The model's chat template formats text with %. Use another template.")
        if operator == "**" and not (_is_small(left, 2**16) and _is_small(right, 64)):
            raise TemplateError("The model's chat template takes too high a power. Use another template.")
        for one, times in ((left, right), (right, left)):
            if operator == "*" and isinstance(times, int):
                if isinstance(one, str):
                    budget.allow(len(one) * times)
                elif isinstance(one, list | tuple):
                    budget.spend(len(one) * times)
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  (as in jinja2)
        """A function or method; the text or list that a method belongs to is paid for first."""
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str | list | tuple):
            _budget(__context).take(owner)
        if isinstance(owner, str) and __obj.__name__ == "replace":
            return _replace(__context, owner, *args, **kwargs)
        if isinstance(owner, str) and __obj.__name__ == "join":
            (values,) = args
            return _join(__context, values, owner)
        return super().call(__context, __obj, *args, **kwargs)


def _budget(context: Context) -> Budget:
    budget = context.resolve_or_missing(BUDGET)
    assert isinstance(budget, Budget)
    return budget


@pass_context
def _take(context: Context, value: Any) -> Any:
    return _budget(context).take(value)


@pass_context
def _step(context: Context, value: Any, steps: int) -> Any:
    _budget(context).spend(steps)
    return value


@pass_context
def _write(context: Context, value: Any) -> str:
    budget = _budget(context)
    return budget.write(_text(budget.take(value)))


@pass_context
def _join(context: Context, values: Iterable[Any], between: Any = "") -> str:
    budget = _budget(context)
    texts, glue = [_text(value) for value in budget.take(values)], _text(between)
    budget.allow(sum(map(len, texts)) + len(glue) * len(texts))
    return glue.join(texts)


@pass_context
def _replace(context: Context, text: Any, old: Any, new: Any, count: int | None = None) -> str:
    text, old, new = _text(text), _text(old), _text(new)
    places = text.count(old) if old else len(text) + 1
    _budget(context).allow(len(text) + len(new) * places)
    return str(text.replace(old, new, -1 if count is None else count))


@pass_context
def _is_in(context: Context, value: Any, values: Any) -> bool:
    return bool(value in _budget(context).take(values))


def _text(value: Any) -> str:
    """Data as text; there is no text for anything else."""
    if not isinstance(value, PLAIN):
        raise TemplateError("The model's chat template writes what is no data. Use another template.")
    return str(value)


def _is_small(number: Any, limit: int) -> bool:
    return isinstance(number, int | float) and abs(number) <= limit


def _refuse(message: object = "it does not say why") -> None:
    raise jinja2.TemplateError(_text(message))


def _now(form: str) -> str:
    return datetime.now().strftime(str(form)[:100])


def _to_json(value: object, indent: int | None = None, **_: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=None if indent is None else min(int(indent), 8))


OWN_FILTERS: dict[str, Any] = {
    TAKE: _take,
    STEP: _step,
    GLUE: _join,
    "join": _join,
    "replace": _replace,
    "safe": _text,
    "string": _text,
    "tojson": _to_json,
}
