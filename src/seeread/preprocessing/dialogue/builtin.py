"""The templates of models whose folders bring none: LLaVA, in the words of its authors.

Source: `llava/conversation.py` of haotian-liu/LLaVA. A picture's place is a line of its own before the question.
"""

_GREETING = (
    "A chat between a curious human and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the human's questions."
)
_NO_SYSTEM = "{% if messages[0].role != 'system' %}"

LLAVA_V0 = (
    _NO_SYSTEM + _GREETING + "###{% endif %}"
    "{% for message in messages %}"
    "{{ {'user': 'Human: ', 'assistant': 'Assistant: '}.get(message.role, '') }}{{ message.content }}###"
    "{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""LLaVA 1.0 over LLaMA. Answers end with "###", which is no token of its own: ask for it as a stop string."""

VICUNA = (
    "{% for message in messages %}"
    "{% if message.role == 'user' %}USER: {{ message.content }} "
    "{% elif message.role == 'assistant' %}ASSISTANT: {{ message.content }}{{ eos_token }}"
    "{% else %}{{ message.content }} {% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
"""LLaVA 1.5 as llava-hf publishes it: no greeting."""

LLAVA_V1 = _NO_SYSTEM + _GREETING + " {% endif %}" + VICUNA
"""LLaVA 1.0 and 1.5 over Vicuna as its authors run it, and LLaVA 1.6 over Vicuna."""

MISTRAL = (
    "{% for message in messages %}"
    "{% if message.role == 'user' %}[INST] {{ message.content }} [/INST]"
    "{% elif message.role == 'assistant' %} {{ message.content }}{{ eos_token }}"
    "{% else %}<<SYS>>\n{{ message.content }}\n<</SYS>>\n\n{% endif %}"
    "{% endfor %}"
)
"""LLaVA 1.6 over Mistral."""

CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""LLaVA over Qwen2, and LLaVA 1.6 over Yi."""
