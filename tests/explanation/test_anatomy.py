"""Where sight and words meet, told of every family, and held against what really happens when one of them changes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from seeread.checkpoints.match import skeleton
from seeread.explanation.anatomy import WORDS, dissect
from seeread.explanation.trace import trace
from seeread.interface import Batch, Generates, Patches, Role, Tiles
from seeread.nn.cache import Cache
from tests.training.learners import LEARNERS

# Where sight enters, the first layer that works on both, places among the words, tokens read besides, how it reads.
LTR, PREFIX = "from left to right", "prompts both ways, answers from left to right"
BLOCK = "text.transformer.blocks.0.attention"
EXPECTED: dict[str, tuple[tuple[str, ...], str | None, int, int, str | None]] = {
    "dual_encoder": (("a shared space",), "similarity", 0, 0, None),
    "language_model": ((), None, 0, 0, LTR),
    "llava": (("the sequence",), BLOCK, 4, 0, LTR),
    "paligemma": (("the sequence",), BLOCK, 4, 0, PREFIX),
    "t5": ((), None, 0, 0, PREFIX),
    "pali": (("the encoder's sequence",), "text.encoder.blocks.0.attention", 4, 0, PREFIX),
    "flamingo": (("between the blocks",), "gates.layers.0.attention", 1, 3, LTR),
    "coca": (("a shared space", "between the blocks"), "cross.0.attention", 1, 4, LTR),
    "hybrid": (("the sequence", "between the blocks"), "gates.layers.0.attention", 4, 8, LTR),
    "fuyu": (("the sequence",), BLOCK, 16 * 17, 0, LTR),
    "chameleon": (("the sequence",), BLOCK, 4, 0, LTR),
    "perceiver_classifier": ((), None, 0, 0, None),
    "tower_probe": ((), None, 0, 0, None),
    "perceiver_language_model": ((), None, 0, 0, None),
}
WRITERS = [name for name, (enters, *_, reads) in EXPECTED.items() if enters and reads]


@pytest.mark.parametrize("family", EXPECTED)
def test_every_family(family: str) -> None:
    found = dissect(skeleton(LEARNERS[family].config))
    assert (found.enters, found.first, found.places, found.media, found.reads) == EXPECTED[family]


@pytest.mark.parametrize("family", EXPECTED)
def test_every_parameter_is_counted_once(family: str) -> None:
    model = skeleton(LEARNERS[family].config)
    split = dissect(model).parameters
    assert split.sight + split.words + split.both + split.idle == sum(weight.numel() for weight in model.parameters())


def given(family: str, seed: int = 0) -> Batch:
    """One picture and some words, as the anatomy has them, with real numbers."""
    learner = LEARNERS[family]
    torch.manual_seed(seed)
    c: Any = learner.config
    side = getattr(getattr(c, "vision", None), "image_size", 0)
    images: Any = torch.randn(1, 3, side, side)
    places = c.image_tokens
    if family == "fuyu":
        images = Patches(torch.randn(1, 256, 3 * c.patch**2), torch.tensor([[16, 16]]))
        places = images.tokens()[0]
    if family == "hybrid":
        images = Tiles(torch.randn(3, 3, side, side), torch.tensor([[1, 2]]), torch.tensor([[side, 2 * side]]))
    roles = torch.full((1, places + WORDS), int(Role.PROMPT))
    roles[:, :places] = int(Role.IMAGE)
    return Batch(torch.ones_like(roles), roles, images)


def write(model: Any, batch: Batch) -> Tensor:
    assert isinstance(model, Generates)
    return model.logits(model.read(batch, Cache())[:, -1])


@pytest.mark.parametrize("family", [name for name in WRITERS if name != "coca"])  # CoCa also compares
def test_operations_are_as_many_as_are_done(family: str) -> None:
    model, batch = LEARNERS[family].model().requires_grad_(False), given(family)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH), torch.no_grad():
        write(model, batch)
    split = dissect(skeleton(LEARNERS[family].config)).flops
    told, counted = split.sight + split.words + split.both + split.idle, counter.get_total_flops()
    # On a CPU a query that is alone is multiplied twice, for speed: the start token of PaLI's decoder.
    assert told == counted if family != "pali" else 0.99 * counted < told < counted


def outputs(model: nn.Module, batch: Batch) -> dict[str, list[Tensor]]:
    """What each module gives, in the order in which they are done."""
    given: dict[str, list[Tensor]] = {}
    hooks = [
        module.register_forward_hook(
            lambda _, __, out, path=path: given.setdefault(path, []).extend(  # type: ignore[misc]
                leaf.clone() for leaf in tree_leaves(out) if isinstance(leaf, Tensor)
            )
        )
        for path, module in model.named_modules()
    ]
    with torch.no_grad():
        write(model, batch)
    for hook in hooks:
        hook.remove()
    return given


def origins(family: str) -> dict[str, set[str]]:
    """What each module's results came from, by the trace."""
    model, batch = skeleton(LEARNERS[family].config), given(family)
    images: Any = batch.images
    pixels = images if isinstance(images, Tensor) else images.pixels
    unseen = pixels.to("meta")
    if isinstance(images, Patches):
        images = Patches(unseen, images.grid)
    elif isinstance(images, Tiles):
        images = Tiles(unseen, images.grids, images.sizes)
    else:
        images = unseen
    found = trace(model, lambda: write(model, Batch(batch.tokens, batch.roles, images)), [unseen], [batch.tokens])
    told: dict[str, set[str]] = {}
    for path, came in found.modules:
        told.setdefault(path, set()).update(came)
    return told


def moved(before: dict[str, list[Tensor]], after: dict[str, list[Tensor]]) -> Iterator[str]:
    for path, tensors in before.items():
        if not all(torch.equal(one, other) for one, other in zip(tensors, after[path], strict=True)):
            yield path


@pytest.mark.parametrize("family", WRITERS)
def test_what_changes_is_what_was_said_to_depend(family: str) -> None:
    """Another picture, and then other words: nothing changes that was not said to come from them, and every attention
    and MLP that was said to work on both does."""
    model = LEARNERS[family].model()
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.3)
    model.eval()
    told, batch = origins(family), given(family)
    before = outputs(model, batch)
    for origin in ("sight", "words"):
        other = given(family, seed=1)
        tokens = torch.where(batch.roles == Role.PROMPT, 7, batch.tokens)
        seen = Batch(batch.tokens, batch.roles, other.images)
        changed = seen if origin == "sight" else Batch(tokens, batch.roles, batch.images)
        different = set(moved(before, outputs(model, changed)))
        assert different
        assert all(origin in told[path] for path in different), different - {p for p in told if origin in told[p]}
        blocks = {path for path in told if path.endswith(("attention", "mlp")) and told[path] == {"sight", "words"}}
        # The decoder's start token lies in one tensor with all others, and what lies together counts as one.
        assert blocks - {"text.decoder.blocks.0.attention"} <= different


def test_kept_is_what_can_be_kept() -> None:
    def kept(family: str) -> str:
        return " | ".join(dissect(skeleton(LEARNERS[family].config)).kept)

    assert "beginning of a prompt" in kept("llava")
    assert "whole prompt" in kept("paligemma")
    assert "keys and values" in kept("flamingo")
    assert "keys and values" not in kept("llava")
    assert "vector of a text" in kept("coca")
    assert "tokens of a picture" not in kept("language_model")


@pytest.mark.parametrize(("family", "part", "room"), [("coca", "text", 8), ("perceiver_language_model", None, 9)])
def test_no_more_words_than_there_is_room_for(family: str, part: str | None, room: int) -> None:
    """Of a model of few positions what it can read is counted, and the number is told."""
    config: Any = LEARNERS[family].config
    shorter = replace(config if part is None else config.text, positions=room)
    few = shorter if part is None else replace(config, text=shorter)
    found = dissect(skeleton(few))
    assert found.words == room - few.image_tokens
    assert found.enters == EXPECTED[family][0]


def test_real_weights_are_not_for_it() -> None:
    with pytest.raises(ValueError, match="meta device"):
        dissect(LEARNERS["llava"].model())
    with pytest.raises(ValueError, match="one of our models"):
        dissect(nn.Linear(2, 2, device="meta"))
