"""Small models for tests: one with random weights, and one that knows nothing but colours."""

from pathlib import Path

import tokenizers
import torch
import torch.nn.functional as F
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch import Tensor, nn

from seeread.interface import Images
from seeread.models.dual_encoder import DualEncoder, DualEncoderConfig
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer, TokenizerRules
from seeread.preprocessing.transform import ImageTransform
from seeread.pretrained import Origin, Pretrained
from seeread.text.encoder import TextEncoderConfig
from seeread.vision.vit import ViTConfig

WORDS = ["<pad>", "<start>", "<end>", "<unknown>", *"red green blue a photo of the dog cat".split()]
COLOURS = {"red": (1.0, -0.5, -0.5), "green": (-0.5, 1.0, -0.5), "blue": (-0.5, -0.5, 1.0)}


def word_tokenizer(context_length: int = 16) -> Tokenizer:
    """A dozen words; every other is unknown."""
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    backend = tokenizers.Tokenizer(WordLevel(vocabulary, unk_token="<unknown>"))
    backend.pre_tokenizer = Whitespace()
    return Tokenizer(backend, TokenizerRules(context_length=context_length, pad_id=0, start_id=1, end_id=2))


def tiny_config(loss: str = "softmax") -> DualEncoderConfig:
    small = TransformerConfig(width=16, layers=1, heads=2, hidden=32)
    return DualEncoderConfig(
        vision=ViTConfig(transformer=small, image_size=16, patch_size=8, class_token=True, patch_bias=False),
        text=TextEncoderConfig(transformer=small, vocabulary=len(WORDS), context_length=16, pool="end", end_id=2),
        embedding=8,
        loss=loss,  # type: ignore[arg-type]
    )


def tiny_model(loss: str = "softmax", seed: int = 0, name: str = "tests/tiny") -> Pretrained:
    """A random dual encoder, ready to use."""
    torch.manual_seed(seed)
    model = DualEncoder(tiny_config(loss)).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    processor = Processor(ImageTransform(size=(16, 16)), word_tokenizer())
    return Pretrained(model, processor, Origin(name, Path("tiny"), "native"))


class ColourModel(nn.Module):
    """Its vectors are the mean colour of a picture, and the colours that a text names: right answers are known."""

    def __init__(self, loss: str = "softmax"):
        super().__init__()
        self.loss = loss
        self.words = nn.Parameter(torch.tensor([COLOURS.get(word, (0.0, 0.0, 0.0)) for word in WORDS]))
        self.scale = nn.Parameter(torch.tensor([5.0]))

    def embed_image(self, images: Images) -> Tensor:
        assert isinstance(images, Tensor)
        mean = images.mean(dim=(2, 3))
        return F.normalize(mean - mean.mean(dim=1, keepdim=True) + 1e-4, dim=-1)

    def embed_text(self, tokens: Tensor) -> Tensor:
        return F.normalize(self.words[tokens].sum(dim=1) + 1e-4, dim=-1)

    def compare(self, images: Tensor, texts: Tensor) -> Tensor:
        return self.scale * images @ texts.T


def colour_model(loss: str = "softmax", name: str = "tests/colours") -> Pretrained:
    transform = ImageTransform(size=(8, 8), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    processor = Processor(transform, word_tokenizer(64))
    return Pretrained(ColourModel(loss).eval(), processor, Origin(name, Path("colours"), "native"))  # type: ignore[arg-type]
