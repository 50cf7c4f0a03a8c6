"""Is a configuration one that a model can have? Asked before anything is built from it."""

import math

from seeread.checkpoints.refusal import Refusal, shown
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.models.families import ModelConfig
from seeread.models.llava import LLaVAConfig
from seeread.nn.rope import LinearScaling, Llama3Scaling, Rope, YarnScaling
from seeread.nn.transformer import TransformerConfig
from seeread.text.decoder import DecoderConfig
from seeread.text.encoder import TextEncoderConfig
from seeread.vision.naflex import NaFlexConfig
from seeread.vision.resnet import ResNetConfig
from seeread.vision.tower import TowerConfig
from seeread.vision.vit import ViTConfig

_MOST_LAYERS, _MOST_WIDTH, _MOST_TOKENS, _MOST_WORDS, _MOST_CONTEXT = 256, 2**16, 2**16, 2**22, 2**27


def require_possible(config: ModelConfig) -> None:
    """Raises `Refusal` for sizes that no model has, which would cost memory or hours before anything is compared, and
    for numbers with which a forward pass would end in an error of torch's, or in NaN."""
    if isinstance(config, DecoderConfig):
        return _check_decoder(config)
    _check_tower(config.vision)
    if isinstance(config, DualEncoderConfig):
        _check("embedding", config.embedding, _MOST_WIDTH)
        return _check_text_encoder(config.text)
    _check_decoder(config.text)
    if isinstance(config, LLaVAConfig):
        tower = config.vision
        layers = len(tower.layers) if isinstance(tower, ResNetConfig) else tower.transformer.layers
        if not 0 <= config.skip_last < layers:  # one stage or block at least must be left
            raise _absurd(f"it leaves out {shown(config.skip_last)} layers of its image tower")
        if config.class_token and config.tiles:
            raise _absurd("its tiles cannot be laid out with a class token among them")
    return None


def _check_decoder(c: DecoderConfig) -> None:
    _check_transformer("text", c.transformer)
    _check("text vocabulary", c.vocabulary, _MOST_WORDS)
    _check_factor("embedding scale", c.embedding_scale)
    _check_factor("soft-cap of logits", c.logit_softcap)
    if c.positions is not None:
        _check("text context length", c.positions, _MOST_TOKENS)
    if not 0 <= c.position_offset <= _MOST_TOKENS:
        raise _absurd(f"its positions begin at {shown(c.position_offset)}")
    if (c.positions is None) == (c.transformer.rope is None):
        raise _absurd("its tokens must either have learned positions or turn by them, and not both")
    rope = c.transformer.rope
    if rope is not None:
        _check_rope(rope, c.head_width)


def _check_rope(rope: Rope, head_width: int) -> None:
    _check_factor("theta of its rotary positions", rope.theta)
    turning = int(head_width * rope.fraction) if math.isfinite(rope.fraction) else 0
    if not 2 <= turning <= head_width or turning % 2:
        raise _absurd(f"{rope.fraction} of a head of {head_width} cannot turn")
    match rope.scaling:
        case LinearScaling(factor=factor):
            _check_factor("scaling of its positions", factor)
        case Llama3Scaling(factor=factor, low_factor=low, high_factor=high, trained_length=length):
            _check_factor("scaling of its positions", factor)
            _check("trained length", length, _MOST_CONTEXT)
            if not (math.isfinite(high) and 0 < low < high):
                raise _absurd(f"its positions are scaled between {low} and {high} turns")
        case YarnScaling(factor=factor, trained_length=length, sharpening=sharpening):
            _check_factor("scaling of its positions", factor)
            _check_factor("sharpening of its attention", sharpening)
            _check("trained length", length, _MOST_CONTEXT)


def _check_text_encoder(c: TextEncoderConfig) -> None:
    _check_transformer("text", c.transformer)
    _check("text vocabulary", c.vocabulary, _MOST_WORDS)
    _check("text context length", c.context_length, _MOST_TOKENS)
    if c.pool == "end" and (c.end_id is None or not 0 <= c.end_id < c.vocabulary):
        raise _absurd(f"its text is read from the token {c.end_id}, which is not in its vocabulary")


def _check_tower(c: TowerConfig) -> None:
    match c:
        case ResNetConfig():
            _check("vision stages", len(c.layers), 8)
            for count in c.layers:
                _check("vision layers", count, _MOST_LAYERS)
            _check("vision stem", c.stem, _MOST_WIDTH // 32)
            _check("vision heads", c.heads, c.width)
            _check("vision image size", c.image_size, 2**14)
            if c.width % c.heads:
                raise _absurd(f"a vision width of {c.width} cannot be shared by {c.heads} heads")
        case NaFlexConfig():
            _check_transformer("vision", c.transformer)
            _check("vision patch size", c.patch_size, 2**10)
            _check("vision grid of positions", c.positions, 2**10)
        case ViTConfig():
            _check_transformer("vision", c.transformer)
            _check("vision image size", c.image_size, 2**14)
            _check("vision patch size", c.patch_size, c.image_size)


def _check_transformer(part: str, c: TransformerConfig) -> None:
    _check(f"{part} width", c.width, _MOST_WIDTH)
    _check(f"{part} layers", c.layers, _MOST_LAYERS)
    _check(f"{part} heads", c.heads, c.width)
    _check(f"{part} hidden width", c.hidden, 4 * _MOST_WIDTH)
    if c.head_width is not None:
        _check(f"{part} head width", c.head_width, _MOST_WIDTH)
    elif c.width % c.heads:
        raise _absurd(f"a {part} width of {c.width} cannot be shared by {c.heads} heads")
    if c.kv_heads is not None:
        _check(f"{part} key and value heads", c.kv_heads, c.heads)
        if c.heads % c.kv_heads:
            raise _absurd(f"{c.heads} {part} heads cannot share {c.kv_heads} heads of keys and values")
    if c.window is not None:
        _check(f"{part} window", c.window, _MOST_CONTEXT)
    if not all(0 <= layer < c.layers for layer in c.full_layers):
        raise _absurd(f"its {part} has {c.layers} layers, and one beyond them is to see everything")
    if not (math.isfinite(c.norm_eps) and 0 <= c.norm_eps <= 1):
        raise _absurd(f"a norm epsilon of {c.norm_eps} in {part}")
    if not math.isfinite(c.norm_offset):
        raise _absurd(f"a norm offset of {c.norm_offset} in {part}")
    _check_factor(f"scale of attention in {part}", c.scale)
    _check_factor(f"soft-cap of attention in {part}", c.softcap)


def _check(what: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise _absurd(f"{what} is {shown(value)}, and 1 to {most:,} is possible")


def _check_factor(what: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise _absurd(f"the {what} is {value}, and must be a number above 0")


def _absurd(what: str) -> Refusal:
    return Refusal(f"its configuration describes no possible model: {what}")
