"""Chat templates: small programs in Jinja that come with a model and lay out a dialogue as one text."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seeread.errors import SeereadError


class TemplateError(SeereadError):
    """A chat template that is damaged, hostile, or of no use for the dialogue at hand."""


class Generation(Extension):
    """`{% generation %}` marks what an assistant said, for those who train; it writes nothing itself."""

    tags: ClassVar[set[str]] = {"generation"}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """What stands between the two tags."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def render(source: str, messages: Sequence[Mapping[str, Any]], **variables: object) -> str:
    """The dialogue as one text. Raises TemplateError for whatever goes wrong in the template."""
    try:
        return _compiled(source).render(messages=messages, **variables)
    except jinja2.TemplateError as problem:
        raise TemplateError(f"The model's chat template failed: {problem}") from None
    except Exception as problem:
        raise TemplateError(f"The model's chat template failed: {type(problem).__name__}.") from None


@lru_cache(maxsize=16)
def _compiled(source: str) -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.globals |= {"raise_exception": _raise, "strftime_now": _now}
    environment.filters["tojson"] = _to_json
    return environment.from_string(source)


def _raise(message: object) -> None:
    raise jinja2.TemplateError(str(message))


def _now(form: str) -> str:
    return datetime.now().strftime(form)


def _to_json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
