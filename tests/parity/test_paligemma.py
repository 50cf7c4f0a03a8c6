"""PaliGemma 1 and 2 against `transformers`: what it computes, what it writes, and what would be a mistake."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seeread.checkpoints.files import read_tensors, write_safetensors
from seeread.checkpoints.formats.transformers import read_model
from seeread.checkpoints.formats.transformers_paligemma import layouts, read_paligemma, write_paligemma
from seeread.checkpoints.match import skeleton
from seeread.checkpoints.table import write as renamed_back
from seeread.errors import CheckpointError
from seeread.generation.generate import generate
from seeread.generation.sampling import Sampling
from seeread.interface import Batch, Role
from seeread.models.paligemma import PaliGemma, PaliGemmaConfig
from seeread.nn.norm import RMSNorm
from seeread.nn.rope import Rotation
from seeread.nn.transformer import Block
from tests.checkpoints.forge import same
from tests.parity import reference_paligemma as reference
from tests.parity.agreement import FORWARD, GRADIENT, distance, gradient_distances

ROWS = [(1, 5, 3), (2, 2, 4), (0, 6, 2)]  # pictures, words and answer of three prompts
SEVERAL: dict[str, dict[str, Any]] = {"one kv head": {"num_key_value_heads": 1}, "as many": {"num_key_value_heads": 4}}
SEVERAL |= {"heads share the width": {"head_dim": 10}, "untied": {"tied": False}}


def batch_of(inputs: dict[str, Tensor]) -> Batch:
    """What we take where the reference takes `inputs`."""
    roles = torch.where(inputs["token_type_ids"] == 1, Role.ANSWER, Role.PROMPT)
    roles = torch.where(inputs["input_ids"] == reference.IMAGE, Role.IMAGE, roles)
    roles = torch.where(inputs["attention_mask"] == 1, roles, Role.PADDING)
    return Batch(inputs["input_ids"], roles, inputs["pixel_values"])


def ours(folder: Path) -> PaliGemma:
    config, tensors = read_model(folder)
    model = skeleton(config)
    model.load_state_dict(tensors, assign=True)
    assert isinstance(model, PaliGemma)
    return model.eval()


@torch.no_grad()
def difference(model: nn.Module, theirs: nn.Module, inputs: dict[str, Tensor]) -> float:
    """Of all logits that are not padding's."""
    there = inputs["attention_mask"] == 1
    return distance(model(batch_of(inputs))[there], theirs(**inputs).logits[there])


@pytest.mark.parametrize("second", [False, True], ids=["Gemma", "Gemma 2"])
@pytest.mark.parametrize("left", [True, False], ids=["left", "right"])
@pytest.mark.parametrize("side", [24, 33])
def test_logits(tmp_path: Path, second: bool, left: bool, side: int) -> None:
    theirs = reference.paligemma(tmp_path, second, side=side)
    assert difference(ours(tmp_path), theirs, reference.prompts(ROWS, side, left)) < FORWARD


@pytest.mark.parametrize("second", [False, True], ids=["Gemma", "Gemma 2"])
@pytest.mark.parametrize("kind", SEVERAL)
def test_logits_of_other_shapes(tmp_path: Path, second: bool, kind: str) -> None:
    settings = SEVERAL[kind]
    theirs = reference.paligemma(tmp_path, second, **settings)
    assert difference(ours(tmp_path), theirs, reference.prompts(ROWS, 33)) < FORWARD


@pytest.mark.parametrize("window", [2, 5, 29, 4096])
def test_windows_smaller_and_larger_than_the_prompt(tmp_path: Path, window: int) -> None:
    theirs = reference.paligemma(tmp_path, True, window)
    assert difference(ours(tmp_path), theirs, reference.prompts([(1, 4, 13), (2, 2, 1)], 33)) < FORWARD


@pytest.mark.parametrize("types", [["full_attention"] * 3, ["full_attention"] * 2 + ["sliding_attention"]])
def test_layers_that_say_how_far_they_see(tmp_path: Path, types: list[str]) -> None:
    theirs = reference.paligemma(tmp_path, True, layer_types=types)
    assert difference(ours(tmp_path), theirs, reference.prompts(ROWS, 33)) < FORWARD


@pytest.mark.parametrize("second", [False, True], ids=["Gemma", "Gemma 2"])
def test_gradients(tmp_path: Path, second: bool) -> None:
    theirs = reference.paligemma(tmp_path, second)
    model = ours(tmp_path)
    inputs = reference.prompts(ROWS, 33)
    there = inputs["attention_mask"] == 1
    for logits in (model(batch_of(inputs)), theirs(**inputs).logits):
        seen = logits[there]
        (seen * torch.linspace(-1, 1, seen.numel()).reshape(seen.shape).cos()).sum().backward()
    found = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    expected = {name: weight.grad for name, weight in theirs.named_parameters() if weight.grad is not None}
    table = next(table for table in layouts(model.config) if renamed_back(found, table).keys() == expected.keys())
    distances = gradient_distances(renamed_back(found, table), expected)
    assert max(distances.values()) < GRADIENT, max(distances, key=distances.__getitem__)


@pytest.mark.parametrize("second", [False, True], ids=["Gemma", "Gemma 2"])
@pytest.mark.parametrize("rows", [[(1, 5, 0)], [(1, 5, 0), (2, 1, 0), (1, 9, 0)]], ids=["alone", "together"])
def test_greedy_text(tmp_path: Path, second: bool, rows: list[tuple[int, int, int]]) -> None:
    theirs = reference.paligemma(tmp_path, second, tied=False)  # tied, random weights say the same again and again
    inputs = reference.prompts(rows, 33)
    with torch.no_grad():
        written = theirs.generate(**inputs, max_new_tokens=15, do_sample=False, eos_token_id=None)
    steps = list(generate(ours(tmp_path), batch_of(inputs), Sampling(max_tokens=15), frozenset()))
    tokens = torch.stack([step.tokens for step in steps], dim=1)
    assert torch.equal(tokens, written[:, inputs["input_ids"].shape[1] :])
    assert len(tokens.unique()) > 5  # it does not only repeat itself


@pytest.mark.parametrize("second", [False, True], ids=["Gemma", "Gemma 2"])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shard", ["5GB", "20KB"], ids=["whole", "sharded"])
def test_every_bit_comes_back(tmp_path: Path, second: bool, precision: torch.dtype, shard: str) -> None:
    theirs = reference.paligemma(None, second).to(precision)
    theirs.save_pretrained(tmp_path, max_shard_size=shard)
    index = tmp_path / "model.safetensors.index.json"
    assert index.is_file() == (shard == "20KB")
    config, tensors = read_model(tmp_path)
    assert isinstance(config, PaliGemmaConfig)
    stored = read_tensors(index if index.is_file() else tmp_path / "model.safetensors")
    assert any(same(renamed_back(tensors, table), stored) for table in layouts(config))
    assert read_paligemma(write_paligemma(config)) == config


@pytest.mark.parametrize("second", [False, True], ids=["Gemma", "Gemma 2"])
@pytest.mark.parametrize("layout", range(4))
def test_every_layout_is_read_by_both(tmp_path: Path, second: bool, layout: int) -> None:
    """A folder as we write it, in each layout that was ever published."""
    theirs = reference.paligemma(tmp_path, second)
    config, tensors = read_model(tmp_path)
    assert isinstance(config, PaliGemmaConfig)
    write_safetensors(tmp_path / "model.safetensors", renamed_back(tensors, layouts(config)[layout]), {"format": "pt"})
    written = write_paligemma(config) | {"image_token_index": reference.IMAGE}
    (tmp_path / "config.json").write_text(json.dumps(written))
    inputs = reference.prompts(ROWS, 33)
    assert difference(ours(tmp_path), theirs, inputs) < FORWARD
    again, report = reference.reopened(tmp_path)
    assert not any(report.values())
    assert difference(ours(tmp_path), again, inputs) < FORWARD


def test_a_head_that_is_stored_though_it_is_tied(tmp_path: Path) -> None:
    theirs = reference.paligemma(tmp_path)
    file = tmp_path / "model.safetensors"
    stored = read_tensors(file)
    embedding = next(stored[name] for name in stored if name.endswith("embed_tokens.weight"))
    head = "lm_head.weight" if any(name.startswith("model.") for name in stored) else "language_model.lm_head.weight"
    write_safetensors(file, stored | {head: embedding.clone()}, {"format": "pt"})
    assert difference(ours(tmp_path), theirs, reference.prompts(ROWS, 33)) < FORWARD
    write_safetensors(file, stored | {head: embedding + 1}, {"format": "pt"})
    with pytest.raises(CheckpointError, match="differs from the embedding"):
        read_model(tmp_path)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (["projection_dim"], 41, "projection_dim is 41, and its language model reads vectors of 40"),
        (["text_config", "use_bidirectional_attention"], False, "text_config.use_bidirectional_attention is False"),
        (["text_config", "model_type"], "gemma3", "text_config.model_type is 'gemma3'"),
        (["text_config", "attention_bias"], True, "text_config.attention_bias is True"),
        (["vision_config", "model_type"], "dinov2", "vision_config.model_type is 'dinov2'"),
        (["vision_config", "num_channels"], 1, "vision_config.num_channels is 1"),
        (["text_config", "layer_types"], ["sliding_attention"], "layer_types"),
    ],
)
def test_refuses_what_it_does_not_compute(tmp_path: Path, place: list[str], value: object, words: str) -> None:
    reference.paligemma(tmp_path, True)
    config: dict[str, Any] = json.loads((tmp_path / "config.json").read_text())
    inner = config
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=words):
        read_model(tmp_path)


@dataclass(frozen=True)
class Case:
    """Ours, theirs, and what both are asked."""

    model: PaliGemma
    theirs: nn.Module
    inputs: dict[str, Tensor]


@pytest.fixture(scope="module", params=[False, True], ids=["Gemma", "Gemma 2"])
def honest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("paligemma")
    theirs = reference.paligemma(folder, request.param)
    return Case(ours(folder), theirs, reference.prompts([(1, 5, 9), (2, 2, 4), (0, 6, 2)], 33))


def causal(model: PaliGemma) -> None:
    read = model.text.read
    model.text.read = lambda x, valid, cache=None, ahead=None: read(x, valid, cache)  # type: ignore[method-assign]


def causal_words(model: PaliGemma) -> None:
    """Only the image is read both ways."""
    read, embed = model.text.read, model.text.embed
    places: list[Tensor] = []

    def note(tokens: Tensor) -> Tensor:
        places.append(tokens == reference.IMAGE)
        return embed(tokens)

    model.text.embed = note  # type: ignore[method-assign]
    model.text.read = lambda x, valid, cache=None, ahead=None: read(x, valid, cache, places[-1])  # type: ignore


def all_both_ways(model: PaliGemma) -> None:
    read = model.text.read
    model.text.read = lambda x, valid, cache=None, ahead=None: read(x, valid, cache, valid)  # type: ignore


def no_cap_on_attention(model: PaliGemma) -> None:
    for block in blocks(model.text):
        block.attention.attend.softcap = None


def no_cap_on_logits(model: PaliGemma) -> None:
    model.text.config = replace(model.text.config, logit_softcap=None)


def no_embedding_scale(model: PaliGemma) -> None:
    model.text.config = replace(model.text.config, embedding_scale=1.0)


def scaled_sight(model: PaliGemma) -> None:
    """As older versions of `transformers` did it, which divided first."""
    see = model.see
    model.see = lambda images: see(images) * model.config.text.embedding_scale  # type: ignore[method-assign]


def no_norm_offset(model: PaliGemma) -> None:
    for norm in model.text.modules():
        if isinstance(norm, RMSNorm):
            norm.offset = 0.0


def other_windows(change: Callable[[int], int | None]) -> Callable[[PaliGemma], None]:
    def mutation(model: PaliGemma) -> None:
        c = model.text.config
        assert c.transformer.window is not None
        window = change(c.transformer.window)
        model.text.config = replace(c, transformer=replace(c.transformer, window=window))

    return mutation


no_window, longer_window = other_windows(lambda _: None), other_windows(lambda window: window + 1)
no_window.__name__, longer_window.__name__ = "no_window", "longer_window"


def window_everywhere(model: PaliGemma) -> None:
    model.text.transformer.full_layers = frozenset()


def window_in_the_other_layers(model: PaliGemma) -> None:
    model.text.transformer.full_layers = frozenset({0, 2})


def no_projector_bias(model: PaliGemma) -> None:
    model.connector.bias.data.zero_()


def usual_query_scale(model: PaliGemma) -> None:
    for block in blocks(model.text):
        block.attention.attend.scale = block.attention.head_width**-0.5


def other_query_scale(model: PaliGemma) -> None:
    for block in blocks(model.text):
        block.attention.attend.scale *= 1.01


def no_post_norm(model: PaliGemma) -> None:
    blocks(model.text)[1].mlp_post_norm = nn.Identity()


def features_before_the_norm(model: PaliGemma) -> None:
    model.vision.norm = nn.Identity()  # type: ignore[union-attr]


def other_gate(model: PaliGemma) -> None:
    for block in blocks(model.text):
        block.mlp.activation = "silu"


def exact_gelu(model: PaliGemma) -> None:
    for block in blocks(model):
        block.mlp.activation = "gelu"


def turned_the_other_way(model: PaliGemma) -> None:
    transformer = model.text.transformer
    forward = transformer.forward

    def backwards(x: Tensor, mask: Tensor | None, rotation: Rotation, *rest: Any) -> Tensor:
        return forward(x, mask, Rotation(rotation.cos, -rotation.sin), *rest)

    transformer.forward = backwards  # type: ignore[method-assign, assignment]


def swapped_images(model: PaliGemma) -> None:
    see = model.see
    model.see = lambda images: see(images.flip(0))  # type: ignore[method-assign, union-attr]


def blocks(module: nn.Module) -> list[Block]:
    return [block for block in module.modules() if isinstance(block, Block)]


BOTH = [
    causal, causal_words, all_both_ways, no_embedding_scale, scaled_sight, no_norm_offset, no_projector_bias,
    other_query_scale, features_before_the_norm, other_gate, exact_gelu, swapped_images, turned_the_other_way,
]  # fmt: skip
SECOND = [
    no_cap_on_attention, no_cap_on_logits, no_window, longer_window, window_everywhere, window_in_the_other_layers,
    usual_query_scale, no_post_norm,
]  # fmt: skip


@pytest.mark.parametrize(
    ("honest", "mutation"),
    [(second, mutation) for second in (False, True) for mutation in BOTH + (SECOND if second else [])],
    indirect=["honest"],
    ids=lambda value: getattr(value, "__name__", "Gemma 2" if value else "Gemma"),
)
def test_mistake_is_caught(honest: Case, mutation: Callable[[PaliGemma], None]) -> None:
    model = deepcopy(honest.model)
    assert difference(model, honest.theirs, honest.inputs) < FORWARD
    mutation(model)
    assert difference(model, honest.theirs, honest.inputs) > 3 * FORWARD, "nobody would notice"
