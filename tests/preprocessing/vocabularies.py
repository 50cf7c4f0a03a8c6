"""Small vocabularies of every kind, trained on a few sentences, and texts to try them on."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from seeread.preprocessing.tokenizer.sentencepiece_file import to_sentencepiece
from tests.shared import shared

SENTENCES = [
    "a photo of a dog that's running on the beach.",
    "two cats sleep on a red sofa, under the window",
    "the horses and the dogs don't like 3 cats",
    "A child's hand holding a yellow flower!",
    "Grüße aus München, café and crème brûlée",
    "a man riding a wave on top of a surfboard",
    "naïve readers read the sign: stop, look & listen",
    "many bicycles, motorcycles and buses in the street",
] * 4

TEXTS = [
    "",
    " ",
    "Hello World!",
    "a photo of a dog",
    "  Two   CATS\t\n sleeping  ",
    "it's 1234, isn't it?  We'll see; they've gone... I'd say I'm 'S",
    "don\u2019t \u201cquote\u201d me \u2014 ok",
    "Grüße aus MÜNCHEN, cafe\u0301 crème",
    "ΟΔΟΣ ΣΚΥΛΟΣ",
    "İstanbul ſtraße K",
    "東京タワー と 한국어 и русский язык",
    "emoji \U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "a &amp; b &lt;b&gt; &amp;quot;c&amp;quot;",
    "under_score golden_retriever hot-dog e-mail@x.org (c) 100%",
    "ﬁne ｗｉｄｅ ﬂow ½ ² №",
    "null\x00byte \x1b[31mred\x1b[0m bell\x07",
    "no\u00a0break\u2003em\u3000wide\u200bzero",
    "!!! ??? ... -- //",
    "x" * 300,
    "a dog " * 100,
]


def captions() -> list[str]:
    """What people wrote about pictures: a part of COCO's captions, and Flickr8k's dev set."""
    lines = shared("coco_mini", "captions_val2017_text_only.jsonl").read_text().splitlines()
    texts = [caption for line in lines[::8] for caption in json.loads(line)[1]]
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(shared("flickr8k", "dev.parquet"), columns=["captions"])
    return texts + [caption for captions in table["captions"].to_pylist() for caption in captions]


def clip_folder(folder: Path) -> Path:
    """`vocab.json` and `merges.txt` of a small vocabulary of CLIP's kind."""
    backend = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=800, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False
    )
    backend.train_from_iterator([text.lower() for text in SENTENCES], trainer)
    model = json.loads(backend.to_str())["model"]
    pieces = dict.fromkeys([*model["vocab"], *(letter + "</w>" for letter in alphabet)])
    pieces |= dict.fromkeys(["<|startoftext|>", "<|endoftext|>"])
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("vocab.json").write_text(json.dumps({piece: number for number, piece in enumerate(pieces)}))
    merges = ["#version: 0.2", *(" ".join(merge) for merge in model["merges"])]
    folder.joinpath("merges.txt").write_text("\n".join(merges) + "\n", encoding="utf-8")
    return folder


def unigram() -> Tokenizer:
    """A small unigram model with T5's (and SigLIP's) first ids: padding 0, end 1, unknown 2."""
    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=200, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    backend.train_from_iterator(SENTENCES, trainer)
    return backend


def siglip_folder(folder: Path) -> Path:
    """A folder with a small `spiece.model` and no configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    content = to_sentencepiece(unigram())
    assert content is not None
    folder.joinpath("spiece.model").write_bytes(content)
    return folder


def siglip2_folder(folder: Path) -> Path:
    """A folder as published for SigLIP 2: Gemma's kind of `tokenizer.json`, small, and its configuration."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    letters = [f"<0x{byte:02X}>" for byte in range(256)]
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
    trained.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=300, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    pieces = [*special, *letters, *model["vocab"]]
    merges = [tuple(merge) for merge in model["merges"]]
    backend = Tokenizer(
        models.BPE(
            {piece: number for number, piece in enumerate(pieces)},
            merges,
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    backend.add_special_tokens(special)
    backend.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    folder.mkdir(parents=True, exist_ok=True)
    backend.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "GemmaTokenizer",
        "add_bos_token": False,
        "add_eos_token": True,
        "padding_side": "right",
        "model_max_length": 1000000000000000019884624838656,
    }
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    folder.joinpath("tokenizer_config.json").write_text(json.dumps(config | names))
    return folder
