"""Chat templates like those in use, one of every way of writing them."""

LLAVA = """
{%- for message in messages %}
    {%- if message['role'] != 'system' %}
        {{- message['role'].upper() + ': ' }}
    {%- endif %}
    {#- Pictures first #}
    {%- for content in message['content'] | selectattr('type', 'equalto', 'image') %}
        {{- '<image>\n' }}
    {%- endfor %}
    {%- if message['role'] != 'assistant' %}
        {%- for content in message['content'] | selectattr('type', 'equalto', 'text') %}
            {{- content['text'] + ' ' }}
        {%- endfor %}
    {%- else %}
        {%- for content in message['content'] | selectattr('type', 'equalto', 'text') %}
            {% generation %}{{- content['text'] + ' ' }}{% endgeneration %}
        {%- endfor %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- 'ASSISTANT:' }}
{%- endif %}
"""

LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
    "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
    "{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if loop.index0 == 0 and system_message != false %}"
    "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
    "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
    "{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)

LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' ~ message['role'] ~ '<|end_header_id|>\\n\\n' }}"
    "{% if message['content'] is string %}{{ message['content'] | trim }}{% else %}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' %}{{ '<image>' }}"
    "{% elif content['type'] == 'text' %}{{ content['text'] | trim }}{% endif %}{% endfor %}{% endif %}"
    "{{ '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
)

CHATML = (
    "{%- set ns = namespace(pictures=0) %}"
    "{%- for message in messages %}"
    "{%- if loop.first and message.role != 'system' %}{{- '<|im_start|>system\\nBe kind.<|im_end|>\\n' }}{%- endif %}"
    "{{- '<|im_start|>' + message.role + '\\n' }}"
    "{%- if message.content is string %}{{- message.content }}"
    "{%- else %}{%- for part in message.content %}"
    "{%- if 'image' in part or part.type == 'image' %}{% set ns.pictures = ns.pictures + 1 %}{{- '<image>' }}"
    "{%- elif 'text' in part %}{{- part.text }}{%- endif %}{%- endfor %}{%- endif %}"
    "{{- '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)

THINKING = (
    "{%- for message in messages %}"
    "{%- if message.role == 'assistant' %}"
    "{{- '<|im_start|>assistant\\n' + message.content.split('</think>')[-1].lstrip('\\n') + '<|im_end|>\\n' }}"
    "{%- else %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endif %}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)

MACRO = (
    "{%- macro say(role, content) -%}[{{ role | upper }}] {{ content }}{%- endmacro -%}"
    "{%- for message in messages -%}{{ say(message['role'], message['content']) }} {% endfor -%}"
    "{%- if add_generation_prompt -%}[ASSISTANT]{%- endif -%}"
)

OF_PARTS = {"llava": LLAVA, "llama3": LLAMA3, "chatml": CHATML}
OF_TEXT = {"llama2": LLAMA2, "thinking": THINKING, "macro": MACRO}
"""Those that take what somebody says as a list of parts, and those that take one text."""
EVERY = OF_PARTS | OF_TEXT
