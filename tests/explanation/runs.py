"""One run of a tiny model of every family, and of every kind of attention, to be watched."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from seeread.interface import Patches
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.models.families import build_model
from seeread.nn.rope import Rope
from seeread.text.decoder import DecoderConfig
from seeread.vision.naflex import NaFlexConfig
from seeread.vision.resnet import ResNetConfig
from tests.talkers import TEXT as DECODER
from tests.talkers import VOCABULARY
from tests.training.learners import LEARNERS, SMALL, VISION

Run = tuple[nn.Module, Callable[[], Tensor]]
"""A model in evaluation mode, and what runs it: its outputs, joined."""

_DUAL: Any = LEARNERS["dual_encoder"].config
DUAL_ENCODERS: dict[str, DualEncoderConfig] = {
    "attention pooling": replace(_DUAL, vision=VISION, image_pool="attention", loss="sigmoid"),
    "NaFlex": replace(_DUAL, vision=NaFlexConfig(transformer=SMALL, patch_size=8, positions=3), image_pool="attention"),
    "ResNet": replace(
        _DUAL, vision=ResNetConfig(layers=(1, 1, 1, 1), stem=8, heads=8, image_size=64), image_pool="spatial attention",
        image_projection=False,
    ),
}  # fmt: skip
_BLOCK = DECODER.transformer
DECODERS: dict[str, DecoderConfig] = {
    "grouped keys": replace(DECODER, transformer=replace(_BLOCK, heads=4, kv_heads=2, head_width=6)),
    "softcap and a window": replace(DECODER, transformer=replace(_BLOCK, softcap=2.0, window=3, full_layers=(1,))),
    "ALiBi": replace(DECODER, alibi=8.0, transformer=replace(_BLOCK, rope=None)),
    "norms of heads, half turned": replace(
        DECODER, transformer=replace(_BLOCK, qk_norm="layer", parallel=True, rope=Rope(fraction=0.5))
    ),
}


def shaken(model: nn.Module, seed: int = 0) -> nn.Module:
    """Weights that all matter, gates included."""
    torch.manual_seed(seed)
    for name, weight in model.named_parameters():
        norm = "norm" in name and name.endswith("weight")
        nn.init.normal_(weight, mean=1.0 if norm else 0.0, std=0.2)
    return model.eval()


def run(name: str) -> Run:
    """By the name of a learner, of a dual encoder or of a decoder."""
    if name in DUAL_ENCODERS:
        return _dual(name)
    if name in DECODERS:
        model = shaken(build_model(DECODERS[name]))
        batch = LEARNERS["language_model"].batch(0)
        return model, lambda: model(batch)
    learner = LEARNERS[name]
    model, batch = shaken(learner.model()), learner.batch(0)
    if name == "coca":
        captions, pairs = batch
        return model, lambda: torch.cat((model(captions).flatten(), model.compare(  # type: ignore[operator]
            model.embed_image(captions.images), model.embed_text(pairs)).flatten()))  # type: ignore[operator]  # fmt: skip
    if name == "perceiver":
        return model, lambda: model(batch)
    if name == "dual_encoder":
        return model, lambda: model(*batch[:2])
    if name == "perceiver_language_model":
        return model, lambda: model(batch.tokens, batch.valid)
    if name in ("perceiver_classifier", "tower_probe"):
        return model, lambda: model(batch[0])
    return model, lambda: model(batch).clamp(min=-100)  # Chameleon's codes have the lowest score there is


RUNS = [*LEARNERS, *DUAL_ENCODERS, *DECODERS]


def _dual(name: str) -> Run:
    model = shaken(build_model(DUAL_ENCODERS[name]))
    chance = torch.Generator().manual_seed(1)
    images: Any = torch.randn(2, 3, 16, 16, generator=chance)
    if name == "ResNet":
        images = torch.randn(2, 3, 64, 64, generator=chance)
    if name == "NaFlex":  # the second has padding
        images = Patches(torch.randn(2, 6, 192, generator=chance), torch.tensor([[2, 3], [1, 4]]))
    tokens = torch.randint(4, VOCABULARY, (3, 16), generator=chance)
    tokens[:, -1] = 2
    return model, lambda: model(images, tokens)
