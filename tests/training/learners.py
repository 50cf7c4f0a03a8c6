"""A tiny untrained model of every family, with a processor to match, and four things for it to learn by heart."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from seeread.data.collate import batches, batches_and_texts, pairs
from seeread.data.example import Example
from seeread.data.lessons.captions import Captioning
from seeread.data.masking import Masking
from seeread.data.mixture import Mixture, Part
from seeread.fusion.latents import LatentsConfig, ReaderConfig
from seeread.fusion.modalities import ModalityConfig
from seeread.fusion.resampler import ResamplerConfig
from seeread.models.chameleon import ChameleonConfig
from seeread.models.coca import CoCaConfig
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.models.families import build_model
from seeread.models.flamingo import FlamingoConfig
from seeread.models.fuyu import FuyuConfig
from seeread.models.hybrid import HybridConfig
from seeread.models.llava import LLaVAConfig
from seeread.models.pali import PaLIConfig
from seeread.models.paligemma import PaliGemmaConfig
from seeread.models.perceiver import (
    Perceiver,
    PerceiverClassifierConfig,
    PerceiverConfig,
    PerceiverFlowConfig,
    PerceiverLanguageModelConfig,
)
from seeread.models.tower_probe import TowerProbeConfig
from seeread.nn.initialise import initialise
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.dialogue import PromptStyle, ask
from seeread.preprocessing.lines import LineTransform
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.tokenizer import Tokenizer
from seeread.preprocessing.tokenizer.byte_level import byte_tokenizer as perceiver_tokenizer
from seeread.preprocessing.transform import ImageTransform, Transform
from seeread.pretrained import Origin, Pretrained
from seeread.text.encoder import TextEncoderConfig
from seeread.text.encoder_decoder import EncoderDecoderConfig
from seeread.training.objectives.captions import contrast_and_captions
from seeread.training.objectives.classification import classification
from seeread.training.objectives.contrast import contrastive
from seeread.training.objectives.filling import filling
from seeread.training.objectives.objective import Objective
from seeread.training.objectives.writing import writing
from seeread.training.streams.stream import Steps
from seeread.vision.pixels import PixelsConfig
from seeread.vision.vit import ViTConfig
from seeread.vision.vq import VQConfig
from tests.talkers import CHAT, END, IMAGE, PAD, PREFIX, START, TEXT, VOCABULARY, byte_tokenizer

COLOURS = ("red", "green", "blue", "white")
PICTURES = [Image.new("RGB", (16, 16), colour) for colour in COLOURS]
QUESTION = "what colour?"
EXAMPLES = [
    Example(picture, "caption", "", colour) for picture, colour in zip(PICTURES, COLOURS, strict=True)
]
NAMES = [Example(None, "caption", "", colour) for colour in COLOURS]
HALF = (0.5, 0.5, 0.5)

SMALL = TransformerConfig(width=32, layers=2, heads=2, hidden=48)
VISION = ViTConfig(transformer=SMALL, image_size=16, patch_size=8)
CLASSED = replace(VISION, class_token=True)
GATES = replace(SMALL, layers=1, context_width=32)
T5_TEXT = EncoderDecoderConfig(
    encoder=replace(SMALL, norm="rms", bias=False, gated=True, scale=1.0),
    decoder=replace(SMALL, norm="rms", bias=False, gated=True, scale=1.0, context_width=32),
    vocabulary=VOCABULARY,
    buckets=8,
    furthest=64,
)
LATENTS = LatentsConfig(
    count=4, reader=ReaderConfig(width=32, context_width=32, heads=2, hidden=32), blocks=SMALL
)
READER = ReaderConfig(width=32, context_width=32, heads=2, hidden=32)

SQUARE = ImageTransform(size=(16, 16), mean=HALF, std=HALF)
PLAIN = PromptStyle(kind="plain", end_ids=(END,))
SEEN = {"image_text": "<image>", "image_id": IMAGE, "image_tokens": 4}
SIGHTED = PromptStyle(kind="plain", end_ids=(END,), **SEEN)  # type: ignore[arg-type]
INTERLEAVED = replace(SIGHTED, kind="interleaved", image_tokens=1, turn_end="<end>")
CAPTION = replace(SIGHTED, kind="caption", image_tokens=1, start_text="<start>", caption="", answer=None)


Teaching = tuple[Objective, Callable[[int], Any]]
"""What a model is to do, and the batches that it learns from."""


@dataclass(frozen=True)
class Learner:
    """What a family is made of and taught. `steps` are enough to know it all by heart."""

    config: Any
    processor: Processor
    teaching: Callable[["Learner"], "Teaching"]
    steps: int = 60

    @property
    def objective(self) -> Objective:
        """What it is to do."""
        return self.teaching(self)[0]

    def batch(self, step: int) -> Any:
        """What it learns from in a step."""
        return self.teaching(self)[1](step)

    def stream(self) -> Steps:
        """All of it."""
        return Steps(self.teaching(self)[1])

    def loss(self, model: nn.Module) -> Tensor:
        """Of the first batch."""
        return self.objective(model, self.batch(0))

    def model(self, seed: int = 0) -> nn.Module:
        """Untrained, always the same."""
        torch.manual_seed(seed)
        model = (
            Perceiver(self.config) if isinstance(self.config, PerceiverConfig) else build_model(self.config)
        )
        initialise(model)
        return model

    def pretrained(self, model: nn.Module) -> Pretrained:
        """Ready to use."""
        return Pretrained(model.eval(), self.processor, Origin("learned", Path("learned"), "native"))  # type: ignore[arg-type]


def processor(
    style: PromptStyle | None, transform: Transform | None = SQUARE, tokenizer: Tokenizer | None = None
) -> Processor:
    return Processor(transform, tokenizer or byte_tokenizer(), style)


def mixture(examples: list[Example], wording: str) -> Mixture:
    return Mixture([Part(examples, Captioning(wording))], batch=4)


def to_write(learner: Learner) -> Teaching:
    wording = "" if learner.processor.style == CAPTION else QUESTION
    return writing, batches(mixture(EXAMPLES, wording), learner.processor)


def to_say(learner: Learner) -> Teaching:
    """Without pictures: each question has its answer."""
    rows = learner.processor.prompts([ask(f"{number}?") for number in range(4)], COLOURS)
    return writing, lambda step: rows


def to_compare(learner: Learner) -> Teaching:
    return contrastive(), pairs(mixture(EXAMPLES, QUESTION), learner.processor)


def to_compare_and_write(learner: Learner) -> Teaching:
    return contrast_and_captions(), batches_and_texts(mixture(EXAMPLES, ""), learner.processor)


def to_classify(learner: Learner) -> Teaching:
    images = learner.processor.images(PICTURES)
    return classification, lambda step: (images, torch.arange(4))


def to_fill(learner: Learner) -> Teaching:
    texts = [f"{colour[0]} {colour[0]}" for colour in COLOURS]
    return filling, Masking(learner.processor.tokenizer).batches(texts, 4)


def to_move(learner: Learner) -> Teaching:
    chance = torch.Generator().manual_seed(0)
    frames, flow = (
        torch.randn(1, 2, 3, 4, 4, generator=chance),
        torch.randn(1, 4, 4, 2, generator=chance) / 100,
    )
    return lambda model, batch: F.mse_loss(100 * model(batch), 100 * flow), lambda step: frames


def to_tell_apart(learner: Learner) -> Teaching:
    chance = torch.Generator().manual_seed(0)
    inputs = {
        "image": torch.randn(4, 2, 2, 5, generator=chance),
        "text": torch.arange(4)[:, None].expand(4, 3),
    }

    def objective(model: nn.Module, batch: Any) -> Tensor:
        return F.cross_entropy(model(batch)[:, 0], torch.arange(4))

    return objective, lambda step: inputs


def learners() -> dict[str, Learner]:
    """One of every family, and the Perceiver that is none."""
    text_encoder = TextEncoderConfig(
        transformer=SMALL, vocabulary=VOCABULARY, context_length=16, pool="end", end_id=END
    )
    dual = DualEncoderConfig(vision=CLASSED, text=text_encoder, embedding=16)
    ends = byte_tokenizer(16)
    pairing = Tokenizer(ends._backend, replace(ends.rules, end_id=END, pad_id=PAD, start_id=START))
    coca = CoCaConfig(
        vision=replace(CLASSED, norm=False), text=replace(TEXT, transformer=SMALL, positions=48), unimodal=1,
        embedding=32, queries=5, pool_heads=2, pad_id=PAD,
    )  # fmt: skip
    vq = VQConfig(
        image_size=16, width=32, multipliers=(1, 1, 1, 1), blocks=1, latent=16, codes=16, code_width=8
    )
    lines = LineTransform(patch_size=8, most=(16, 16))
    tiles = TileTransform(side=16, grids=((1, 2), (2, 1)), mean=HALF, std=HALF, apart=True)
    pixels = PixelsConfig(side=16, stem="conv", channels=22, bands=2)
    bytes_reader = replace(LATENTS, reader=replace(READER, residual=False))
    modalities = (
        ModalityConfig(name="image", shape=(2, 2), channels=5, bands=2),
        ModalityConfig(name="text", shape=(3,), channels=6, vocabulary=9),
    )
    return {
        "dual_encoder": Learner(dual, processor(None, tokenizer=pairing), to_compare, steps=30),
        "language_model": Learner(TEXT, processor(PLAIN, None), to_say),
        "llava": Learner(LLaVAConfig(vision=CLASSED, text=TEXT, skip_last=0), processor(CHAT), to_write),
        "paligemma": Learner(PaliGemmaConfig(vision=VISION, text=TEXT), processor(PREFIX), to_write),
        "t5": Learner(T5_TEXT, processor(PLAIN, None), to_say),
        "pali": Learner(PaLIConfig(vision=VISION, text=T5_TEXT), processor(SIGHTED), to_write, steps=80),
        "flamingo": Learner(
            FlamingoConfig(
                vision=CLASSED, text=TEXT, gates=GATES, resampler=ResamplerConfig(transformer=SMALL, queries=3), every=2
            ),
            processor(INTERLEAVED), to_write,
        ),
        "coca": Learner(coca, processor(CAPTION, tokenizer=pairing), to_compare_and_write),
        "hybrid": Learner(
            HybridConfig(vision=VISION, text=TEXT, gates=GATES, every=2, tiles=2), processor(SIGHTED, tiles), to_write
        ),
        "fuyu": Learner(
            FuyuConfig(text=TEXT, patch=8, newline_id=5), processor(replace(SIGHTED, image_tokens=1), lines), to_write
        ),
        "chameleon": Learner(
            ChameleonConfig(vision=vq, text=TEXT, code_ids=tuple(range(4, 20))), processor(SIGHTED), to_write
        ),
        "perceiver_classifier": Learner(
            PerceiverClassifierConfig(
                pixels=pixels, latents=LATENTS, decoder=READER, classes=4
            ),
            Processor(SQUARE, None, labels=COLOURS), to_classify, steps=30,
        ),
        "perceiver_language_model": Learner(
            PerceiverLanguageModelConfig(vocabulary=262, width=32, positions=40, latents=bytes_reader, decoder=READER),
            Processor(None, perceiver_tokenizer(40)), to_fill, steps=120,
        ),
        "perceiver_flow": Learner(
            PerceiverFlowConfig(
                size=(4, 4), patch=3, channels=22, bands=2, latents=LATENTS, decoder=READER
            ),
            Processor(None, None), to_move,
        ),
        "tower_probe": Learner(
            TowerProbeConfig(vision=CLASSED, image_pool="class", classes=4),
            Processor(SQUARE, None, labels=COLOURS), to_classify, steps=30,
        ),
        "perceiver": Learner(
            PerceiverConfig(modalities=modalities, latents=4, blocks=SMALL, outputs=4), Processor(None, None),
            to_tell_apart, steps=30,
        ),
    }  # fmt: skip


LEARNERS = learners()
