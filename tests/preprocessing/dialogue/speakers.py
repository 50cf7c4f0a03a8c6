"""Small processors of every kind of vocabulary that writing models have, trained on a few sentences."""

import json
from functools import cache

import tokenizers
from PIL import Image
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, trainers

from seeread.preprocessing.dialogue import PromptStyle
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer import Tokenizer, TokenizerRules
from seeread.preprocessing.transform import ImageTransform
from tests.preprocessing.vocabularies import SENTENCES

PICTURE = Image.new("RGB", (20, 12), (200, 30, 60))
SPECIAL = ["<s>", "</s>", "<pad>", "<image>", "<|im_start|>", "<|im_end|>", "<|eot_id|>"]
HEADERS = ["<|start_header_id|>", "<|end_header_id|>"]
PLACES = ["<loc0000>", "<loc0001>", "<seg000>", "<think>"]
WORDS = ["USER: ", "ASSISTANT:", "[INST]", "user\n", "assistant\n\n\n", "<<SYS>>", "system", "  \n \t"]
KINDS = ("prepend", "metaspace first", "metaspace always", "gemma", "bytes", "bytes with space")


@cache
def backend(kind: str) -> tokenizers.Tokenizer:
    """Llama's older and newer ways with the first space, Gemma's (runs of line breaks are tokens), GPT-2's."""
    small = tokenizers.Tokenizer(models.BPE() if "bytes" in kind else models.BPE(unk_token="<unk>"))
    trainer = {"vocab_size": 460, "show_progress": False, "special_tokens": []}
    if kind == "prepend":
        small.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    elif kind == "gemma":
        small.normalizer = normalizers.Replace(" ", "▁")
    elif "bytes" in kind:
        small.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space="space" in kind)
        trainer["initial_alphabet"] = sorted(pre_tokenizers.ByteLevel.alphabet())
    else:
        small.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme=kind.split()[1], split=False)
    small.train_from_iterator(SENTENCES + WORDS * 4, trainers.BpeTrainer(**trainer))
    model = json.loads(small.to_str())["model"]
    if "bytes" in kind:
        small.decoder = decoders.ByteLevel()
    else:
        pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *model["vocab"]]
        merges = [tuple(merge) for merge in model["merges"]]
        numbers = {piece: number for number, piece in enumerate(pieces)}
        small.model = models.BPE(numbers, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
        steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
        small.decoder = decoders.Sequence(steps if kind == "gemma" else [*steps, decoders.Strip(" ", 1, 0)])
    small.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in SPECIAL])
    claims = kind != "gemma"  # a token that takes white space beside tokens of white space: no vocabulary has both
    small.add_special_tokens([AddedToken(HEADERS[0]), AddedToken(HEADERS[1], rstrip=claims)])
    small.add_tokens([AddedToken(text, normalized=False) for text in PLACES])
    if kind == "gemma":
        small.add_tokens([AddedToken("\n" * count, normalized=False) for count in range(2, 5)])
    return small


@cache
def tokenizer(kind: str, starts: bool = True, context_length: int = 4096) -> Tokenizer:
    small = backend(kind)
    start = small.token_to_id("<s>") if starts else None
    rules = TokenizerRules(context_length=context_length, pad_id=small.token_to_id("<pad>"), start_id=start)
    return Tokenizer(tokenizers.Tokenizer.from_str(small.to_str()), rules)


def chat(template: str, kind: str = "metaspace first", **changes: object) -> Processor:
    return _processor(kind, {"kind": "chat", "template": template} | changes)


def prefix(kind: str = "gemma", **changes: object) -> Processor:
    return _processor(kind, {"kind": "prefix"} | changes)


def plain(kind: str = "bytes", **changes: object) -> Processor:
    return _processor(kind, {"kind": "plain"} | changes)


def _processor(kind: str, values: dict[str, object]) -> Processor:
    words = tokenizer(kind)
    number = {name: words.number(name) for name in SPECIAL}
    style = PromptStyle(
        **{
            "end_ids": (number["</s>"], number["<|im_end|>"]), "start_text": "<s>", "end_text": "</s>",
            "image_text": "<image>", "image_id": number["<image>"], "image_tokens": 3,
        } | values  # type: ignore[arg-type]
    )  # fmt: skip
    return Processor(ImageTransform(size=(8, 8)), words, style)
