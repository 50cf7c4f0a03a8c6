"""CLIP's ViT-B/32 at random weights, as `transformers` writes it: what all sides of a comparison read."""

from pathlib import Path

import torch
import transformers

START, END = 49406, 49407


def random_model() -> transformers.CLIPModel:
    """Always the same weights, in the published shape."""
    torch.manual_seed(0)
    config = transformers.CLIPConfig()
    config.text_config.eos_token_id = END
    return transformers.CLIPModel(config).eval()


def write(folder: Path) -> None:
    """Model, image processor and a tokenizer that knows no words, only letters, under the ids that CLIP has."""
    transformers.utils.logging.disable_progress_bar()
    random_model().save_pretrained(folder)
    transformers.CLIPImageProcessorPil().save_pretrained(folder)
    letters = [chr(place) for place in range(ord("a"), ord("z") + 1)]
    pieces = [*letters, *(letter + "</w>" for letter in letters)]
    never_used = [f"{place}</w>" for place in range(len(pieces), START)]
    entries = [*pieces, *never_used, "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {entry: place for place, entry in enumerate(entries)}
    transformers.CLIPTokenizer(vocab=vocabulary, merges=[]).save_pretrained(folder)
