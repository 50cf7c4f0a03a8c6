"""A LLaVA with a language model like Llama 3.2 1B, at random weights in bf16, as `transformers` writes it."""

import json
from pathlib import Path
from typing import Any

import tokenizers
import torch
import transformers
from tokenizers import models, pre_tokenizers

IMAGE = 4
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "<image>")
CHAT = "{% for m in messages %}{{ m.content }} {% endfor %}w5"

# Untied, so that as many weights are read for every token as the model has.
TEXT = {
    "model_type": "llama", "vocab_size": 32_000, "hidden_size": 2048, "intermediate_size": 8192,
    "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 4096,
}  # fmt: skip
VISION = {"model_type": "clip_vision_model", "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
          "num_attention_heads": 16, "image_size": 336, "patch_size": 14}  # fmt: skip
SMALL_TEXT = {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 4, "num_attention_heads": 8,
              "num_key_value_heads": 2}  # fmt: skip
SMALL_VISION = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 2}


def write(folder: Path, small: bool = False) -> None:
    """Model, image processor, and a tokenizer that knows w5, w6 ..."""
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    text, vision = (TEXT | SMALL_TEXT, VISION | SMALL_VISION) if small else (TEXT, VISION)
    config = transformers.LlavaConfig(
        text_config=text, vision_config=vision, image_token_index=IMAGE, dtype=torch.bfloat16
    )
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        transformers.LlavaForConditionalGeneration(config).save_pretrained(folder, max_shard_size="1GB")
    finally:
        torch.set_default_dtype(before)
    side: dict[str, Any] = {"size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}, "resample": 3}
    (folder / "preprocessor_config.json").write_text(json.dumps({"image_processor_type": "CLIPImageProcessor"} | side))
    names = [*SPECIAL, *(f"w{number}" for number in range(len(SPECIAL), TEXT["vocab_size"]))]
    backend = tokenizers.Tokenizer(models.WordLevel({name: n for n, name in enumerate(names)}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.add_special_tokens([tokenizers.AddedToken(name, special=True, normalized=False) for name in SPECIAL])
    backend.save(str(folder / "tokenizer.json"))
    roles = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    rest = {"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": True, "chat_template": CHAT}
    (folder / "tokenizer_config.json").write_text(json.dumps(roles | rest))
