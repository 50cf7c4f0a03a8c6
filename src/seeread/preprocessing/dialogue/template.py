"""Chat templates: small programs in Jinja that come with a model and lay out a dialogue as one text."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import jinja2

from seeread.errors import TemplateError
from seeread.preprocessing.dialogue.budget import Budget
from seeread.preprocessing.dialogue.closed_world import BUDGET, ClosedWorld
from seeread.preprocessing.dialogue.guard import Guard

LONGEST_SOURCE = 2**16
"""Characters. The longest in use have about 20,000."""


def render(source: str, messages: Sequence[Mapping[str, Any]], **variables: object) -> str:
    """The dialogue as one text. Raises TemplateError for whatever is wrong with a template or goes wrong in it."""
    budget = Budget(sum(len(str(message)) for message in messages))
    try:
        return "".join(_compiled(source).generate(messages=messages, **variables, **{BUDGET: budget}))
    except TemplateError:
        raise
    except jinja2.TemplateSyntaxError as problem:
        raise TemplateError(
            f"The model's chat template cannot be read (line {problem.lineno}). Download it again, or use another."
        ) from None
    except jinja2.TemplateError as problem:  # what it says itself, through raise_exception, among others
        reason = "".join(letter for letter in str(problem)[:120] if letter.isprintable())
        raise TemplateError(f"The model's chat template refuses this dialogue: {reason}") from None
    except RecursionError:
        raise TemplateError("The model's chat template goes in too deep. Use another template.") from None
    except Exception as problem:
        name = type(problem).__name__
        raise TemplateError(f"The model's chat template fails on this dialogue ({name}). Use another one.") from None


@lru_cache(maxsize=16)
def _compiled(source: str) -> jinja2.Template:
    if len(source) > LONGEST_SOURCE:
        raise TemplateError(
            f"The model's chat template has {len(source):,} characters, more than {LONGEST_SOURCE:,}. Use another."
        )
    world = ClosedWorld()
    tree = Guard().visit(world.parse(source))
    tree.set_environment(world)
    return world.from_string(tree)
