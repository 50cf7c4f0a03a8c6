"""What a model is built of: its tower, its language model, and what connects them."""

from typing import Any

from seeread.interface import Patched
from seeread.nn.transformer import TransformerConfig
from seeread.studio.aspects.cell import Cell
from seeread.studio.aspects.subject import Subject
from seeread.text.decoder import DecoderConfig
from seeread.text.encoder import TextEncoderConfig
from seeread.text.encoder_decoder import EncoderDecoderConfig
from seeread.vision.naflex import NaFlexConfig
from seeread.vision.resnet import ResNetConfig
from seeread.vision.vit import ViTConfig
from seeread.vision.vq import VQConfig


def sees(subject: Subject) -> Cell | None:
    """The tower that looks at a picture."""
    if (c := subject.config) is None:
        return None
    match getattr(c, "vision", None):
        case ViTConfig(transformer=t, patch_size=patch):
            return Cell(f"ViT of {t.layers} blocks", f"{_wide(t)}; patches of {patch} × {patch} pixels", t.layers)
        case NaFlexConfig(transformer=t, patch_size=patch):
            return Cell(f"ViT of {t.layers} blocks, for any shape", f"{_wide(t)}; patches of {patch} × {patch} pixels")
        case ResNetConfig(layers=layers, width=width):
            stages = ", ".join(map(str, layers))
            return Cell(f"ResNet of {sum(layers)} blocks", f"in stages of {stages}; {width:,} wide at the end")
        case VQConfig(side=side, codes=codes):
            return Cell("a tokenizer of pictures (VQ)", f"{side} × {side} of {codes:,} code words")
    if isinstance(c.pictures, Patched):
        return Cell("no tower", f"patches of {c.pictures.patch} × {c.pictures.patch} pixels go in as they are")
    if c.pictures is not None:
        return Cell("no tower", "latents read the pixels")
    return Cell("nothing", "it sees no pictures")


def words(subject: Subject) -> Cell | None:
    """What reads and writes words."""
    if (c := subject.config) is None:
        return None
    text: Any = getattr(c, "text", c)
    match text:
        case TextEncoderConfig(transformer=t, vocabulary=known, context_length=longest):
            return Cell(f"encoder of {t.layers} blocks", f"{_wide(t)}; {longest} tokens at most, of {known:,}")
        case DecoderConfig(transformer=t, vocabulary=known):
            return Cell(f"decoder of {t.layers} blocks", f"{_wide(t)}; {known:,} tokens")
        case EncoderDecoderConfig(encoder=first, decoder=second, vocabulary=known):
            more = f"{_wide(first)}; {known:,} tokens"
            return Cell(f"encoder of {first.layers} blocks, decoder of {second.layers}", more)
    if "fill" in subject.does:
        return Cell("latents that read bytes", f"{text.positions:,} bytes at most")
    return Cell("nothing", "it reads no words")


def connector(subject: Subject) -> Cell | None:
    """What stands between the tower and the place where sight enters."""
    if (found := subject.anatomy) is None:
        return None
    said = connector_words(found.connector)
    if not said:
        return Cell("nothing", "codes of pictures are words" if found.enters else "nothing is to be connected")
    return Cell(said, ", ".join(found.connector))


def connector_words(modules: tuple[str, ...]) -> str:
    """By their classes, which are named as the field names them; "" for none."""
    kinds = dict.fromkeys(one.partition("(")[2].rstrip(")") for one in modules)
    return " and ".join(_CONNECTORS.get(kind, kind) for kind in kinds)


_CONNECTORS = {
    "TwoLayers": "MLP", "Linear": "linear", "Resampler": "perceiver resampler", "ClassToken": "class token",
    "FirstQuery": "attentional pooling", "AttentionPool": "attention pooling",
    "SpatialAttentionPool": "attention pooling",
}  # fmt: skip


def _wide(t: TransformerConfig) -> str:
    return f"{t.width:,} wide, {t.heads} heads"
