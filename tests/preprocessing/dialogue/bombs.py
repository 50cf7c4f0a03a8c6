"""Chat templates that mean harm: work without end, memory without end, and ways out of the sandbox."""

ENDLESS = {
    "a long range": "{% for i in range(10**9) %}x{% endfor %}",
    "nested ranges": "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "loops over letters": "{% for i in 'a'*900 %}{% for j in 'a'*900 %}{% for k in 'a'*900 %}"
    "{% endfor %}{% endfor %}{% endfor %}",
    "fifteen loops": "{% for i in range(1000) %}" * 15 + "{% endfor %}" * 15,
    "loops that choose nothing": "{% for i in range(9999) %}{% for j in range(9999) if false %}"
    "{% endfor %}{% endfor %}",
    "a macro in a macro": "{% macro f(n) %}{{ f(n+1) }}{% endmacro %}{{ f(0) }}",
    "a macro twice in a macro": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}"
    "{{ f(99) }}",
    "callers": "{% macro f() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call f() %}" * 15
    + "x"
    + "{% endcall %}" * 15,
    "a recursive loop": "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "equal texts": "{% set a='x'*999999 %}{% set b='x'*999998+'x' %}{% for i in range(99999) %}{{ a==b }}{% endfor %}",
    "sorting": "{% set a=range(99999)|list %}" + "{{ a|sort|first }}" * 500,
    "looking in lists": "{% set a=range(99999)|list %}{{ a|select('in', a)|list|length }}",
    "looking in lists by hand": "{% set a=range(99999)|list %}{% for x in a if x in a %}{% endfor %}",
    "splitting": "{% for i in range(99999) %}{% set a=('a '*400000).split() %}{% endfor %}",
    "steps given back": "{{ [1]|map('(step)', 0 - 10**12)|list }}{% for i in range(9999) %}{% for j in range(9999) %}"
    "{% endfor %}{% endfor %}",
    "a power": "{{ 10**10**8 }}",
    "a tower of powers": "{{ 9**9**9**9 }}",
    "a power by filter": "{{ 1|round(10**9, 'ceil') }}",
    "squares of squares": "{% set n=namespace(x=3) %}{% for i in range(999) %}{% set n.x=n.x*n.x %}{% endfor %}",
}

HUGE = {
    "a text repeated": "{{ 'x' * 10**9 }}",
    "a number of texts": "{{ 10**9 * 'x' }}",
    "a list repeated": "{% set a=[1]*10**9 %}",
    "lists of lists": "{% set a=[1]*999 %}{% set b=[a]*999 %}{% set c=[b]*999 %}{{ c }}",
    "doubled by ~": "{% set n=namespace(x='a') %}{% for i in range(64) %}{% set n.x=n.x ~ n.x %}{% endfor %}",
    "doubled by +": "{% set n=namespace(x='a') %}{% for i in range(64) %}{% set n.x=n.x + n.x %}{% endfor %}",
    "doubled lists": "{% set n=namespace(x=['a']) %}{% for i in range(64) %}{% set n.x=[n.x,n.x] %}{% endfor %}"
    "{{ n.x }}",
    "doubled and compared": "{% set n=namespace(x=[1],y=[1]) %}{% for i in range(64) %}{% set n.x=[n.x,n.x] %}"
    "{% set n.y=[n.y,n.y] %}{% endfor %}{{ n.x==n.y }}",
    "doubled namespaces": "{% set n=namespace(x=1) %}{% for i in range(64) %}{% set n.x=namespace(a=n.x,b=n.x) %}"
    "{% endfor %}{{ n.x }}",
    "many of one text": "{% set a='x'*999999 %}{{ " + " ~ ".join(["a"] * 2000) + " }}",
    "joined": "{{ (['a'*99999]*9999)|join }}",
    "joined by method": "{{ ('a'*99999).join(['a']*99999) }}",
    "replaced": "{{ ('a'*99999)|replace('a', 'b'*99999) }}",
    "replaced by method": "{{ ('a'*99999).replace('', 'b'*99999) }}",
    "replaced in many": "{{ (['a'*999]*999)|map('replace', 'a', 'b'*99999)|list }}",
    "formatted": "{{ '%1000000000d' % 1 }}",
    "formatted by method": "{{ '{:1000000000}'.format(1) }}",
    "formatted by map": "{{ '{a:1000000000}'.format_map({'a': 1}) }}",
    "formatted by filter": "{{ '%1000000000d'|format(1) }}",
    "centred": "{{ 'a'|center(10**9) }}",
    "centred by method": "{{ 'a'.center(10**9) }}",
    "filled": "{{ 'a'.zfill(10**9) }}",
    "tabs": "{{ '\t'.expandtabs(10**9) }}",
    "indented": "{{ 'a'|indent(10**9) }}",
    "batched": "{{ [1]|batch(10**9, 'x')|list }}",
    "macros that write": "{% macro f() %}"
    + "x" * 50000
    + "{% endmacro %}{% for i in range(9999) %}{% set y=f() %}{% endfor %}",
    "blocks that are set": "{% for i in range(9999) %}{% set y %}" + "x" * 50000 + "{% endset %}{% endfor %}",
    "blocks that are filtered": "{% filter upper %}{% for i in range(999999) %}xxxxxxxxxxxxxxxxxxx{% endfor %}"
    "{% endfilter %}",
    "dates": "{{ strftime_now('%Y'*10**8) }}",
    "words": "{{ lipsum(n=10**9) }}",
    "a long source": "x" * 70000,
    "a source of many pieces": "{{x}}" * 11000,
    "brackets in brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "lists in lists": "{{ " + "[" * 5000 + "]" * 5000 + " }}",
    "a long sum": "{{ " + "+".join(["1"] * 4000) + " }}",
    "blocks in blocks": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "a hundred loops": "{% for i in [1] %}" * 100 + "{% endfor %}" * 100,
    "a long number": "{{ " + "9" * 60000 + " }}",
}

ESCAPES = {
    "the class of a text": "{{ ''.__class__.__mro__ }}",
    "the class by filter": "{{ ''|attr('__class__') }}",
    "globals": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "globals of a filter": "{{ lipsum.__globals__ }}",
    "a changed list": "{% set a=[1] %}{{ a.append(2) }}",
    "a changed dictionary": "{{ messages[0].update(role='system') }}",
    "including": "{% include '/etc/passwd' %}",
    "importing": "{% import 'os' as os %}",
    "extending": "{% extends 'x' %}",
    "blocks": "{% block a %}{% endblock %}",
    "escaping modes": "{% autoescape true %}{% endautoescape %}",
    "the context": "{{ self }}",
    "what a loop is": "{% for i in [1] %}{{ loop }}{% endfor %}",
    "what a function is": "{{ range }}",
    "a namespace": "{{ namespace(a=1) }}",
    "a namespace in a list": "{{ [namespace(a=1)] }}",
    "not a template": "{% for i in",
    "division by zero": "{{ 1/0 }}",
    "what is not there": "{{ a.b.c }}",
}

SILENT = {
    "the class by index": "{{ ''['__class__'] }}",
    "the class by map": "{{ ['a']|map(attribute='__class__')|first }}",
    "what a loop hides": "{% for i in [1] %}{{ loop._iterator }}{{ loop.__class__ }}{% endfor %}",
    "what a function hides": "{{ range.__class__ }}{{ namespace.__init__ }}{{ 'a'.upper.__self__ }}",
    "what a context hides": "{{ self._TemplateReference__context }}{{ context }}{{ joiner }}",
    "what a namespace hides": "{{ namespace(a=1).__class__ }}{{ namespace(a=1)._Namespace__attrs }}",
}
"""Those that are shown nothing: what they ask for does not exist in their world."""
