"""What the parts of models are called, and what they do, in words for people who have never seen one."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "model", "tower", "language", "fusion", "block", "attention", "head", "mlp", "norm", "linear", "embedding",
    "convolution", "positions", "join", "step",
]  # fmt: skip


@dataclass(frozen=True)
class Words:
    """What kind of part something is, what to call it, and a sentence on what it does."""

    kind: Kind
    name: str
    does: str


NAMES = {
    "vision": "Image tower", "text": "Language model", "connector": "Connector",
    "tile_connector": "Connector for tiles", "resampler": "Resampler", "image_pool": "Pooling",
    "image_projection": "Projection of the picture",
    "text_projection": "Projection of the text", "patches": "Cut into patches", "query": "Queries", "key": "Keys",
    "value": "Values", "out": "Put the heads together", "up": "Widen", "gate": "Gate", "down": "Narrow",
    "head": "Scores of all words", "first": "First layer", "second": "Second layer", "stem": "Stem",
    "encoder": "Encoder", "decoder": "Decoder", "cross_attention": "Cross-attention", "query_norm": "Norm of queries",
    "key_norm": "Norm of keys", "context_norm": "Norm of what is read", "feature_norm": "Norm of the features",
    "narrow": "Narrow", "look": "Look around", "widen": "Widen", "shortcut": "Way past", "shrink": "Shrink",
    "positions": "Positions", "pixels": "Pixels", "latents": "Latents",
}  # fmt: skip
"""What parts are called by their place in the model, where that tells more than their kind."""

JOINED = {
    "added": Words("join", "+", "Added, number by number: nothing of what was there is lost."),
    "multiplied": Words("join", "×", "Multiplied, number by number."),
    "joined": Words("join", "‖", "Put side by side."),
    "placed": Words("join", "⇣", "The tokens of the picture take the places that were kept for them among the words."),
    "together": Words("join", "·", "Worked on together."),
}
