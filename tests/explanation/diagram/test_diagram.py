"""Diagrams: every arrow held against what really happens when a part gives something else."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from seeread.checkpoints.match import skeleton
from seeread.errors import UsageError
from seeread.explanation.anatomy import dissect
from seeread.explanation.diagram.box import Arrow, Box
from seeread.explanation.diagram.diagram import diagram
from seeread.models.dual_encoder import DualEncoder
from seeread.models.families import build_model
from seeread.preprocessing.dialogue import ask
from seeread.pretrained import Pretrained
from tests.talkers import TEXT, tiny_flamingo, tiny_llava, tiny_pali, tiny_paligemma
from tests.tiny import colour_model, tiny_model
from tests.training.learners import LEARNERS, PICTURES

FAMILIES = [name for name in LEARNERS if name not in ("perceiver", "perceiver_flow")]


@cache
def drawn(family: str) -> Box:
    return diagram(skeleton(LEARNERS[family].config))


def box(of: Box, path: str) -> Box:
    return next(one for one in of.walk() if one.path == path)


def led(of: Box) -> set[tuple[str, str]]:
    """The arrows inside of a box, by the names of what they connect."""
    names = [one.path.rpartition(".")[2] or one.name for one in of.inside]

    def name(end: int | str) -> str:
        return end if isinstance(end, str) else names[end]

    return {(name(arrow.start), name(arrow.end)) for arrow in of.arrows}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_down_to_a_head(family: str) -> None:
    whole = drawn(family)
    heads = [one for one in whole.walk() if one.kind == "head"]
    assert heads and all([step.name for step in head.inside][-2:] == ["Softmax", "Weighted sum"] for head in heads)
    for one in whole.walk():
        assert one.does and one.name and one.like >= 1
        for arrow in one.arrows:  # nothing leads back, and nowhere
            start = -1 if isinstance(arrow.start, str) else arrow.start
            end = len(one.inside) if isinstance(arrow.end, str) else arrow.end
            assert start < end <= len(one.inside)


@pytest.mark.parametrize("family", FAMILIES)
def test_parameters_are_counted_once(family: str) -> None:
    model = skeleton(LEARNERS[family].config)
    whole = diagram(model)
    assert whole.parameters == sum(weight.numel() for weight in model.parameters()) - dissect(model).parameters.idle


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_with_numbers_has_the_same_diagram(family: str) -> None:
    assert diagram(build_model(LEARNERS[family].config)) == drawn(family)


def test_a_block_adds_twice_to_its_stream() -> None:
    block = box(drawn("llava"), "text.transformer.blocks.0")
    assert [one.name for one in block.inside] == ["Norm", "Attention", "+", "Norm", "Gated MLP", "+"]
    assert set(block.arrows) == {
        Arrow("in", 0), Arrow(0, 1), Arrow(1, 2), Arrow("in", 2), Arrow(2, 3), Arrow(3, 4), Arrow(2, 5), Arrow(4, 5),
        Arrow(5, "out"),
    }  # fmt: skip
    assert block.like == 2 and block.takes == block.gives == ((1, 36, 32),)


def test_branches_side_by_side_read_the_same() -> None:
    side_by_side = replace(TEXT.transformer, parallel=True)
    block = box(
        diagram(skeleton(replace(TEXT, transformer=side_by_side))), "text.transformer.blocks.0"
    )
    assert ("in", "mlp_norm") in led(block)
    assert ("+", "mlp_norm") not in led(block)


def test_where_sight_enters() -> None:
    assert led(drawn("dual_encoder")) >= {
        ("picture", "vision"), ("words", "text"), ("image_projection", "similarity"), ("text_projection", "similarity")
    }  # fmt: skip
    assert led(drawn("llava")) == {
        ("picture", "vision"), ("vision", "connector"), ("connector", "text"), ("words", "text"), ("text", "out")
    }  # fmt: skip
    assert {("in", "⇣"), ("embedding", "⇣"), ("⇣", "transformer")} <= led(box(drawn("llava"), "text"))
    config = LEARNERS["dual_encoder"].config
    largest = replace(config, text=replace(config.text, pool="largest"))
    tower = box(diagram(skeleton(largest)), "text")  # where a text ends says what to take, and is no number in it
    assert led(tower) == {("in", "embedding"), ("embedding", "transformer"), ("transformer", "norm"), ("norm", "out")}
    assert ("gates", "text") in led(drawn("flamingo"))
    stack = box(drawn("flamingo"), "text.transformer")
    assert [one.path for one in stack.inside] == ["gates.layers.0", "text.transformer.blocks.0"]
    assert ("beside", "0") in led(stack) and stack.inside[0].of == ("picture", "words")
    both = box(drawn("hybrid"), "text")
    assert {("in", "⇣"), ("in", "transformer")} <= led(both)
    reads = box(drawn("pali"), "text")
    assert ("encoder_norm", "decoder") in led(reads) and ("in", "⇣") in led(reads)


def test_what_is_read_comes_from_beside() -> None:
    """In cross-attention the queries come in, and keys and values are made of what is read besides."""
    reads = led(box(drawn("flamingo"), "resampler.layers.0.attention"))
    assert {("in", "query"), ("beside", "key"), ("beside", "value")} <= reads and ("in", "key") not in reads
    alone = led(box(drawn("llava"), "text.transformer.blocks.0.attention"))
    assert {("in", "query"), ("in", "key"), ("in", "value")} <= alone


def test_what_a_part_works_on() -> None:
    whole = drawn("flamingo")
    assert box(whole, "vision").of == ("picture",)
    assert box(whole, "text.embedding").of == ("words",)
    assert box(whole, "text.transformer.blocks.0").of == ("picture", "words")


def test_heads_have_the_shapes_of_the_run() -> None:
    grouped = replace(TEXT.transformer, heads=4, kv_heads=2, softcap=50.0)
    model: nn.Module = skeleton(replace(TEXT, transformer=grouped))
    head = next(one for one in diagram(model).walk() if one.kind == "head")
    assert head.like == 4 and "Each of 2 heads of keys and values serves 2" in head.does
    assert [step.name for step in head.inside] == ["Similarities", "Soft cap", "Softmax", "Weighted sum"]
    assert head.takes == ((32, 8), (32, 8), (32, 8)) and head.gives == ((32, 8),)
    assert head.inside[0].gives == ((32, 32),)


BUILDS = [tiny_llava, tiny_paligemma, tiny_pali, tiny_flamingo, tiny_model]


@pytest.mark.parametrize("build", BUILDS)
def test_shapes_are_those_of_a_real_run(build: Callable[[], Pretrained]) -> None:
    """Of every module that gives as much whatever the length of the text."""
    pretrained = build()
    real = {path: given.shape[-1] for path, given in outputs(pretrained).items() if not path.endswith("_bias")}
    boxes = {one.path: one for one in diagram(pretrained).walk() if one.path and one.gives}
    seen = real.keys() & boxes.keys()
    assert len(seen) > 12
    assert {path: boxes[path].gives[0][-1] for path in seen} == {path: real[path] for path in seen}


@pytest.mark.parametrize("build", BUILDS)
def test_arrows_lead_where_changes_go(build: Callable[[], Pretrained]) -> None:
    """If a part gives something else, then so do those of its neighbours that arrows lead to, and no others."""
    pretrained = build()
    before, changed = outputs(pretrained), {}
    for one in diagram(pretrained).walk():
        paths = [inner.path for inner in one.inside if inner.path in before]
        for path in paths:
            after = changed.setdefault(path, outputs(pretrained, path))
            differing = {other for other in paths if other != path and not torch.equal(before[other], after[other])}
            assert differing == reached(one, path) & set(paths), path


def outputs(pretrained: Pretrained, changing: str | None = None) -> dict[str, Tensor]:
    """What every module gives, by its path, if the one of the path `changing` gives something else."""
    found: dict[str, Tensor] = {}

    def keep(path: str) -> Callable[[nn.Module, object, object], Tensor | None]:
        def hook(module: nn.Module, given: object, out: object) -> Tensor | None:
            if not isinstance(out, Tensor):
                return None
            out = out + 1.0 + torch.arange(out.shape[-1]) if path == changing else out
            found.setdefault(path, out.clone())
            return out

        return hook

    modules = pretrained.module.named_modules()
    handles = [module.register_forward_hook(keep(path)) for path, module in modules if path]
    with torch.no_grad():
        if isinstance(pretrained.module, DualEncoder):
            pretrained.module(pretrained.processor.images(PICTURES[:1]), torch.tensor([[1, 4, 2]]))
        else:
            pretrained.module(pretrained.processor.prompts([ask("what?", PICTURES[0])], ["red"]))
    for handle in handles:
        handle.remove()
    return found


def reached(whole: Box, path: str) -> set[str]:
    """The paths of all that arrows lead to from there, over any number of boxes."""
    start = next(number for number, one in enumerate(whole.inside) if one.path == path)
    found: set[int] = set()
    waiting = [start]
    while waiting:
        ends = {arrow.end for arrow in whole.arrows if arrow.start == waiting[-1] and isinstance(arrow.end, int)}
        waiting.pop()
        waiting += ends - found
        found |= ends  # type: ignore[arg-type]
    return {whole.inside[number].path for number in found}


def test_what_cannot_be_drawn_says_so() -> None:
    with pytest.raises(UsageError, match="does not tell what it is built from"):
        diagram(colour_model())
    with pytest.raises(UsageError, match="has no task here"):
        diagram(skeleton(LEARNERS["perceiver_flow"].config))


def test_as_json() -> None:
    told = drawn("dual_encoder").to_dict()
    assert told["inside"][0]["path"] == "vision" and told["arrows"][0] == {"start": "picture", "end": 0}


def test_large_models_take_no_memory() -> None:
    deep = replace(TEXT.transformer, layers=80, width=8192, heads=64, head_width=128, hidden=28672)
    whole = diagram(skeleton(replace(TEXT, transformer=deep, vocabulary=32000)))
    assert box(whole, "text.transformer.blocks.0").like == 80
    assert whole.parameters > 70e9


