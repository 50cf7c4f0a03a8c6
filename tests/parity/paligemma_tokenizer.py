"""The vocabulary of PaliGemma in small: Gemma's kind, with the tokens that point, and the image's last."""

import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, processors

from tests.preprocessing.vocabularies import siglip2_folder

POINTS = [f"<loc{place:04}>" for place in range(1024)] + [f"<seg{code:03}>" for code in range(128)]


def paligemma_folder(folder: Path, side: int) -> int:
    """Tokenizer and image processor as published for a PaliGemma of that resolution. How many tokens there are."""
    siglip2_folder(folder)
    backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    backend.add_tokens([AddedToken(name, normalized=False) for name in POINTS])
    backend.add_special_tokens([AddedToken("<image>", normalized=False)])
    backend.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    backend.save(str(folder / "tokenizer.json"))
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    _write(folder / "tokenizer_config.json", names | {
        "tokenizer_class": "GemmaTokenizer", "processor_class": "PaliGemmaProcessor", "padding_side": "left",
        "add_bos_token": True, "add_eos_token": False, "extra_special_tokens": {"image_token": "<image>"},
    })  # fmt: skip
    _write(folder / "preprocessor_config.json", {
        "image_processor_type": "SiglipImageProcessor", "processor_class": "PaliGemmaProcessor", "resample": 3,
        "size": {"height": side, "width": side}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
        "do_convert_rgb": None, "do_normalize": True, "do_rescale": True, "do_resize": True,
        "image_seq_length": (side // 8) ** 2, "rescale_factor": 1 / 255,
    })  # fmt: skip
    return backend.get_vocab_size()


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content))
