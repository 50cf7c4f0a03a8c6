"""Where sight and words meet in a model, and what that costs: measured on the model itself, not looked up."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seeread.explanation.trace import BOTH, Look, Origins, Trace, trace
from seeread.interface import (
    Batch,
    Classifies,
    Compares,
    Fills,
    Generates,
    Images,
    Patched,
    Patches,
    Role,
    Square,
    Tiled,
    Tiles,
)
from seeread.nn.cache import Cache

WORDS = 32
"""So many words are read about the one picture, where there is room for them; of a model of tiles the picture has four,
of one of patches 16 x 16."""


@dataclass(frozen=True)
class Split:
    """Numbers of parameters, or floating point operations, by what they work on: sight alone, words alone, or what both
    have come to. `idle` are parameters that are never used."""

    sight: int
    words: int
    both: int
    idle: int = 0

    @property
    def before(self) -> int:
        """What happens before sight and words meet."""
        return self.sight + self.words


@dataclass(frozen=True)
class Anatomy:
    """What a model does with one picture and a few words.

    `sees_with` is its tower, None where there is none. `connector` names what is between the tower and the place where
    sight enters, and `enters` says where that is: "a shared space", "the sequence", "the encoder's sequence", "between
    the blocks". `first` is the path of the first layer that works on both. `places` is how many places the picture
    takes among the words, and `media` how many of its tokens are read besides, from there. `reads` is how prompts are
    read, None for a model that does not write. `kept` is what can be remembered and used again with the very same
    result. `words` is how many were read.
    """

    sees_with: str | None
    connector: tuple[str, ...]
    enters: tuple[str, ...]
    first: str | None
    places: int
    media: int
    reads: str | None
    kept: tuple[str, ...]
    parameters: Split
    flops: Split
    words: int


def dissect(model: nn.Module) -> Anatomy:
    """The anatomy of a model whose weights are on torch's "meta" device: nothing is computed, and no size is too large.

    Raises ValueError for a module that is none of our models.
    """
    config = vars(model).get("config")
    if config is None or any(not weight.is_meta for weight in model.parameters()):
        raise ValueError("the anatomy is that of one of our models, with weights on the meta device")
    images = blank_picture(config.pictures)
    pixels = [] if images is None else [images if isinstance(images, Tensor) else images.pixels]
    words = torch.ones(1, words_for(config), dtype=torch.long)
    places, cache = 0, Cache()

    def use() -> None:
        nonlocal places
        places = use_all(model, images, words, cache)

    found = trace(model, use, pixels, [words])
    enters = _enters(model, found)
    crossed = cache.context.owners if "between the blocks" in enters else None
    return Anatomy(
        sees_with=_tower(config),
        connector=_connector(model, found) if enters else (),
        enters=enters,
        first=_first(found),
        places=places,
        media=0 if crossed is None else crossed.shape[1],
        reads=_reads(model),
        kept=_kept(model, enters),
        parameters=_parameters(model, found),
        flops=_split(found.flops),
        words=words.shape[1],
    )


def use_all(model: nn.Module, images: Images | None, words: Tensor, cache: Cache) -> int:
    """All that a model can do with a picture and words, once. How many places the picture takes among words."""
    places = 0
    if isinstance(model, Compares) and images is not None:
        model.compare(model.embed_image(images), model.embed_text(words))
    if isinstance(model, Generates):
        sight = None if images is None else model.see(images)
        places = 0 if sight is None else len(sight)
        roles = torch.full((1, places + words.shape[1]), int(Role.PROMPT))  # which came from nowhere
        roles[:, :places] = int(Role.IMAGE)
        tokens = torch.cat((words.new_ones(1, places), words), dim=1)
        model.logits(model.read(Batch(tokens, roles, sight=sight), cache)[:, -1])
    if isinstance(model, Classifies) and images is not None:
        model.classify(images)
    if isinstance(model, Fills):
        model.fill(words)
    return places


def blank_picture(wanted: object) -> Images | None:
    """One picture of the kind that a model takes, without its numbers."""
    match wanted:
        case Square(side=side):
            return torch.empty(1, 3, side, side, device="meta")
        case Tiled(side=side, apart=most):
            grid = torch.tensor([[2, 2] if most is None else [1, most]])
            return Tiles(torch.empty(1 + int(grid.prod()), 3, side, side, device="meta"), grid, grid * side)
        case Patched(patch=patch):
            return Patches(torch.empty(1, 256, 3 * patch**2, device="meta"), torch.tensor([[16, 16]]))
    return None


def words_for(config: Any) -> int:
    """As many words as are asked for, unless a text tower takes another number, or there are no positions for them."""
    text = getattr(config, "text", config)
    longest = getattr(text, "context_length", WORDS)
    if not getattr(text, "cut_is_exact", True):
        return int(longest)
    if (positions := getattr(text, "positions", None)) is not None:
        longest = positions - config.image_tokens
    return int(max(1, min(WORDS, longest)))


def _tower(config: Any) -> str | None:
    """The kind of the tower, and what it sees at a time."""
    tower = getattr(config, "vision", None)
    if tower is None:
        return None
    kind = type(tower).__name__.removesuffix("Config")
    side, patch = getattr(tower, "image_size", None), getattr(tower, "patch_size", None)
    sizes = ([f"{side} x {side} pixels"] if side else []) + ([f"patches of {patch}"] if patch else [])
    return f"{kind}, {', '.join(sizes)}" if sizes else kind


def _connector(model: nn.Module, found: Trace) -> tuple[str, ...]:
    """The modules at the top of the model that work on sight alone, after the tower."""
    names = dict.fromkeys(path.partition(".")[0] for path, origins in found.modules if origins == frozenset(("sight",)))
    inside = [name for name in names if name not in ("", "vision", "text", "gates", "cross", "similarity")]
    kinds = (type(model.get_submodule(name)).__name__ for name in inside)
    return tuple(f"{name} ({kind})" for name, kind in zip(inside, kinds, strict=True) if kind != "Identity")


def _enters(model: nn.Module, found: Trace) -> tuple[str, ...]:
    mixing = [look for look in found.looks if look.queries | look.keys == BOTH]
    ways = []
    if isinstance(model, Compares) and any(origins == BOTH for path, origins in found.modules):
        ways.append("a shared space")
    if mixing and mixing[0].queries == BOTH:  # what already has both in it looks at itself, or at more
        ways.append("the encoder's sequence" if ".encoder." in mixing[0].module else "the sequence")
    if any(_crosses(look) for look in mixing):
        ways.append("between the blocks")
    return tuple(ways)


def _crosses(look: Look) -> bool:
    """Whether words read what was seen, and nothing else."""
    return "words" in look.queries and look.keys == frozenset(("sight",))


def _first(found: Trace) -> str | None:
    """The first layer that works on both, by its attention; or else the first module that gives what both led to."""
    looks = (look.module.removesuffix(".attend") for look in found.looks if look.queries | look.keys == BOTH)
    modules = (path for path, origins in found.modules if path and origins == BOTH)
    return next(looks, next(modules, None))


def _reads(model: nn.Module) -> str | None:
    if not isinstance(model, Generates):
        return None
    return "prompts both ways, answers from left to right" if model.reads_ahead else "from left to right"


def _kept(model: nn.Module, enters: tuple[str, ...]) -> tuple[str, ...]:
    """What depends on nothing that comes later: that is what makes remembering exact."""
    kept = []
    if isinstance(model, Compares):
        kept += ["the vector of a picture, for any text", "the vector of a text, for any picture"]
    if isinstance(model, Generates):
        kept += ["the tokens of a picture, for any words"] if enters else []
        if "between the blocks" in enters:
            kept.append("keys and values of a picture in every cross-attention, for any words behind it")
        kept.append(
            "a whole prompt, for several answers"
            if model.reads_ahead
            else "the beginning of a prompt, as far as it agrees"
        )
    return tuple(kept)


def _parameters(model: nn.Module, found: Trace) -> Split:
    """By what each meets. What meets neither, such as the first norm of learned queries, counts with the rest of its
    part of the model, or where that is all there is of it, as with a temperature, with what works on both."""
    sizes = {name: weight.numel() for name, weight in model.named_parameters()}
    met: dict[Origins, int] = {}
    for name, origins in found.used.items():
        origins = origins or _of_its_part(name, found)
        met[origins] = met.get(origins, 0) + sizes[name]
    split = _split(met)
    return Split(split.sight, split.words, split.both, met.get(frozenset(), 0))


def _of_its_part(name: str, found: Trace) -> Origins:
    """Of a parameter that met neither: what its part of the model meets, if it was used at all."""
    if name not in found.touched:
        return frozenset()
    part = name.partition(".")[0]
    around = [origins for other, origins in found.used.items() if origins and other.partition(".")[0] == part]
    return max(around, key=around.count, default=BOTH)


def _split(counts: dict[Origins, int]) -> Split:
    sight, words, neither = (counts.get(frozenset(one), 0) for one in (("sight",), ("words",), ()))
    return Split(sight, words, counts.get(BOTH, 0), neither)
