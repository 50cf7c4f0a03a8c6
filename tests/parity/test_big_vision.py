"""PaliGemma out of big_vision's `.npz`: the published conversion turned round, and the same answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from seeread.checkpoints.formats.big_vision import config_of, read_model
from seeread.checkpoints.formats.transformers import read_model as read_transformers
from seeread.checkpoints.match import skeleton
from seeread.checkpoints.parts.big_vision import unstacked
from seeread.errors import CheckpointError
from seeread.models.paligemma import PaliGemma, PaliGemmaConfig
from tests.checkpoints.forge import same
from tests.parity import reference_paligemma as reference
from tests.parity.agreement import FORWARD
from tests.parity.test_paligemma import ROWS, difference

PUBLISHED = {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "query_pre_attn_scalar": 14}
SIDE = 32  # a whole number of patches: the file does not say how many pixels were left over
Arrays = dict[str, np.ndarray[Any, Any]]


def published(second: bool, **text: Any) -> nn.Module:
    """With the settings that all published checkpoints share, for the arrays do not tell them."""
    return reference.paligemma(None, second, 4096, SIDE, **((PUBLISHED if second else {}) | text))


def built(file: Path) -> PaliGemma:
    config, tensors = read_model(file)
    model = skeleton(config)
    model.load_state_dict(tensors, assign=True)
    assert isinstance(model, PaliGemma)
    return model.eval()


@pytest.mark.parametrize("second", [False, True], ids=["Gemma", "Gemma 2"])
@pytest.mark.parametrize("stacked", [True, False], ids=["stacked", "apart"])
@pytest.mark.parametrize("joined", [False, True], ids=["grouped", "joined"])
def test_same_answers(tmp_path: Path, second: bool, stacked: bool, joined: bool) -> None:
    theirs = published(second, num_key_value_heads=4 if joined else 1)
    np.savez(tmp_path / "pt_32.npz", **reference.big_vision_arrays(theirs, stacked, joined))
    model = built(tmp_path / "pt_32.npz")
    assert difference(model, theirs, reference.prompts(ROWS, SIDE)) < FORWARD
    assert model.config == in_transformers(theirs, tmp_path)[0]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("precision", ["float32", "float16", "bfloat16"])
def test_every_bit_is_kept(tmp_path: Path, precision: str, compressed: bool) -> None:
    theirs = published(True)
    kind = getattr(torch, precision)
    rounded = {name: tensor.to(kind) for name, tensor in in_transformers(theirs, tmp_path)[1].items()}
    arrays = reference.big_vision_arrays(theirs)
    if precision == "bfloat16":  # numpy has no such numbers, and writes them as two bytes without a meaning
        halves = {name: torch.from_numpy(np.ascontiguousarray(array)).bfloat16() for name, array in arrays.items()}
        arrays = {name: half.view(torch.int16).numpy().view("V2") for name, half in halves.items()}
    else:
        arrays = {name: array.astype(precision) for name, array in arrays.items()}
    (np.savez_compressed if compressed else np.savez)(tmp_path / "pt.npz", **arrays)
    _, tensors = read_model(tmp_path / "pt.npz")
    assert same(tensors, rounded)


def test_names_without_what_all_have_in_common(tmp_path: Path) -> None:
    arrays = {name.removeprefix("params/"): array for name, array in small().items()}
    np.savez(tmp_path / "pt.npz", **arrays)
    assert isinstance(read_model(tmp_path / "pt.npz")[0], PaliGemmaConfig)


def test_published_scale_of_the_largest() -> None:
    """Gemma 2 of 27 B divides by the root of 144, which no array tells."""
    empty = {name: torch.empty(array.shape, device="meta") for name, array in small(True).items()}
    block = "params/llm/layers/"
    shapes = {
        "params/llm/embedder/input_embedding": (257_152, 4608),
        f"{block}attn/attn_vec_einsum/w": (46, 32, 128, 4608),
        f"{block}attn/kv_einsum/w": (46, 2, 16, 4608, 128),
        f"{block}mlp/gating_einsum": (46, 2, 4608, 36_864),
        f"{block}pre_attention_norm/scale": (46, 4608),
        f"{block}post_attention_norm/scale": (46, 4608),
    }
    empty |= {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    text = config_of(unstacked(empty)).text
    c = text.transformer
    assert c.scale == 144**-0.5
    assert (c.layers, c.heads, c.kv_heads, text.head_width, c.hidden) == (46, 32, 16, 128, 36_864)
    assert (c.window, c.softcap, text.logit_softcap) == (4096, 50.0, 30.0)


def lacking(name: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {one: array for one, array in arrays.items() if one != f"params/{name}"}


def changed(name: str, change: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]) -> Callable[[Arrays], Arrays]:
    return lambda arrays: arrays | {f"params/{name}": change(arrays[f"params/{name}"])}


def added(name: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: arrays | {name: np.zeros(3, dtype=np.float32)}


def never(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array = array.copy()
    array.flat[5] = np.nan
    return array


KERNEL = "img/Transformer/encoderblock/MlpBlock_0/Dense_0/kernel"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lacking("img/embedding/kernel"), "lacks img/embedding/kernel"),
        (lacking("llm/layers/attn/kv_einsum/w"), "lacks llm/layers/0/attn/kv_einsum/w"),
        (lacking("llm/final_norm/scale"), "1 missing: llm/final_norm/scale"),
        (lacking("img/head/bias"), "1 missing: img/head/bias"),
        (lacking("llm/layers/post_ffw_norm/scale"), "3 missing: llm/layers/0/post_ffw_norm/scale"),
        (added("params/llm/layers/surprise"), "3 unexpected: llm/layers/0/surprise"),
        (added("params/img/cls"), "1 unexpected: img/cls"),
        (added("img/embedding/bias"), "'img/embedding/bias' twice"),
        (changed("img/pos_embedding", lambda x: x[:, :7]), "places for 7 patches"),
        (changed("img/pos_embedding", lambda x: x[0]), "has the shape (\\(16, 36\\)), and 3 axes"),
        (changed("img/embedding/kernel", lambda x: x[:7]), "1 of another shape: img/embedding/kernel"),
        (changed("llm/layers/mlp/linear", lambda x: x[:, :9]), "3 of another shape: llm/layers/0/mlp/linear"),
        (changed("llm/layers/mlp/linear", lambda x: x[:2]), "1 missing: llm/layers/2/mlp/linear"),
        (changed(KERNEL, lambda x: x[:0]), "lacks img/Transformer/encoderblock_0/MlpBlock_0/Dense_0/kernel"),
        (changed(KERNEL, lambda x: x.astype(np.int32)), "not of floating point"),
        (changed(KERNEL, lambda x: x.astype(object)), "Python objects"),
        (changed("llm/layers/attn/q_einsum/w", never), "NaN"),
        (changed("llm/final_norm/scale", lambda x: np.float32(1)), "1 of another shape: llm/final_norm/scale"),
        (changed("llm/layers/pre_ffw_norm/scale", lambda x: np.float32(1)), "no stack of layers"),
    ],
)  # fmt: skip
def test_refuses_another_file(tmp_path: Path, change: Callable[[Arrays], Arrays], words: str) -> None:
    file = tmp_path / "pt.npz"
    np.savez(file, **change(small(True)))
    with pytest.raises(CheckpointError, match=words) as caught:
        read_model(file)
    assert str(file) in str(caught.value)


def in_transformers(theirs: nn.Module, folder: Path) -> tuple[PaliGemmaConfig, dict[str, torch.Tensor]]:
    """What we read where `transformers` has saved it."""
    theirs.save_pretrained(folder / "transformers")
    config, tensors = read_transformers(folder / "transformers")
    assert isinstance(config, PaliGemmaConfig)
    return config, tensors


def small(second: bool = False) -> Arrays:
    return reference.big_vision_arrays(published(second))
