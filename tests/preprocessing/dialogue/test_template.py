"""Chat templates: those in use work as in `transformers`; those that mean harm end soon, and say one thing."""

import resource
import time
from typing import Any

import jinja2
import pytest

from seeread.errors import TemplateError
from seeread.preprocessing.dialogue import budget, closed_world, guard
from seeread.preprocessing.dialogue.template import render
from tests.preprocessing.dialogue.bombs import ENDLESS, ESCAPES, HUGE, SILENT
from tests.preprocessing.dialogue.templates import EVERY, LLAMA2, OF_PARTS

SECONDS, MEGABYTES = 4.0, 128  # of one processor, on the slowest machine; here each takes less than one
BOMBS = ENDLESS | HUGE | ESCAPES
HELLO = [{"role": "user", "content": "hello"}]


def messages(parts: bool) -> list[dict[str, Any]]:
    said = [("system", "Be brief."), ("user", "  Who?\n"), ("assistant", "A cat. \n"), ("user", "Where, then?")]
    if not parts:
        return [{"role": role, "content": text} for role, text in said]
    picture = {"user": [{"type": "image"}]}
    return [{"role": r, "content": [*picture.get(r, []), {"type": "text", "text": t}]} for r, t in said]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("ask", [True, False])
def test_writes_what_transformers_writes(name: str, ask: bool) -> None:
    utilities = pytest.importorskip("transformers.utils.chat_template_utils")
    given = messages(name in OF_PARTS)
    variables = {"bos_token": "<s>", "eos_token": "</s>"}
    (wanted,), _ = utilities.render_jinja_template(
        [given], chat_template=EVERY[name], add_generation_prompt=ask, **variables
    )
    ours = render(EVERY[name], given, add_generation_prompt=ask, tools=None, documents=None, **variables)
    assert ours == wanted


def test_what_templates_may_do() -> None:
    source = """
    {%- set n = namespace(count=0, words=[]) %}
    {%- for i in range(5) if i is not divisibleby(2) %}
        {%- if i == 4 %}{% continue %}{% endif %}{% set n.count = n.count + i %}{% set n.words = n.words + [i|string] %}
    {%- else %}never{% endfor %}
    {%- set block %}[{{ n.words|join(',') }}]{% endset %}
    {%- filter upper %}a{{ block }}{% endfilter %}
    {%- for key, value in {'b': 2, 'a': 1}|dictsort %} {{ key }}={{ value }}{{ ',' if not loop.last }}{% endfor %}
    {{- ' ' ~ ('x,y'.split(',')|last) ~ n.count ~ none ~ (7 // 2) ~ 7 % 2 ~ 2 ** 3 ~ 'ab' * 2 ~ [0] * 2 }}
    {{- ' ' + ({'k': ['é']}|tojson) + messages[0]['role'][::-1] + ' %d' | replace('%d', 'z') }}
    {{- dict(a=1).get('b', 'no') if 'a' in {'a': 1} and 3 not in [1, 2] else 'never' }}
    {%- macro f(x, y='!') %}<{{ x }}{{ y }}{{ caller() }}>{% endmacro %}{% call f('m') %}c{% endcall %}
    {%- if missing is defined or missing %}never{% endif %}{{ missing }}{{ strftime_now('%%') }}
    {%- for m in messages %}{% if loop.first %}{{ m.get('content')|length }}{% endif %}{% break %}{% endfor -%}
    """
    written = render(source, HELLO)
    assert written == "A[1,3] a=1, b=2 y4None318abab[0, 0] {\"k\": [\"é\"]}resu zno<m!c>%5"


@pytest.mark.parametrize("name", BOMBS)
def test_harm_ends_soon(name: str) -> None:
    started, before = time.thread_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TemplateError, match=r"^The model's chat template [^\n]{10,200}$") as caught:
        render(BOMBS[name], HELLO)
    assert time.thread_time() - started < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 2**10
    assert "0x" not in str(caught.value) and "<module" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", SILENT)
def test_what_is_hidden_is_not_there(name: str) -> None:
    assert render(SILENT[name], HELLO) == ""


def test_the_bombs_are_bombs() -> None:
    """Jinja's own sandbox lets a text of a million letters through, and one of them is all that it would take."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    source = "{% set n=namespace(x='a') %}{% for i in range(20) %}{% set n.x=n.x ~ n.x %}{% endfor %}{{ n.x*4 }}"
    assert len(ImmutableSandboxedEnvironment().from_string(source).render()) == 2**22
    with pytest.raises(TemplateError):
        render(source, HELLO)


def test_time_is_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does something else for a minute does not end a template; a minute of work does."""
    now = {"wall": 100.0, "work": 1.0}
    monkeypatch.setattr(budget, "monotonic", lambda: now["wall"])
    monkeypatch.setattr(budget, "thread_time", lambda: now["work"])
    left = budget.Budget(0)
    now["wall"] += 60
    left.spend(1)
    now["wall"] += 60
    now["work"] += budget.SECONDS + 1
    with pytest.raises(TemplateError, match="come to an end"):
        left.spend(1)


def test_long_dialogues_are_no_bombs() -> None:
    said = [{"role": ("user", "assistant")[turn % 2], "content": "word " * 200} for turn in range(601)]
    assert render(LLAMA2, said, bos_token="<s>", eos_token="</s>").count("word") == 601 * 200
    much = [{"role": "user", "content": "x" * 2**21}]
    assert len(render("{{ messages[0].content + messages[0].content|trim }}", much)) == 2**22


def test_a_template_may_refuse() -> None:
    twice = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    with pytest.raises(TemplateError, match=r"refuses this dialogue: Conversation roles must alternate"):
        render(LLAMA2, twice, bos_token="<s>", eos_token="</s>")
    with pytest.raises(TemplateError) as caught:
        render("{{ raise_exception('a\x1b[31m\n' ~ 'b'*999) }}", HELLO)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 200


def test_the_world_is_closed_and_counted() -> None:
    world = closed_world.ClosedWorld()
    assert set(world.globals) == {"range", "dict", "namespace", "raise_exception", "strftime_now"}
    loops = world.parse("{% for i in range(9) if i %}{{ i ~ 1 }}{% endfor %}")
    steps = [node.name for node in guard.Guard().visit(loops).find_all(jinja2.nodes.Filter)]
    assert steps.count(guard.STEP) == 2 and guard.GLUE in steps and guard.TAKE in steps
