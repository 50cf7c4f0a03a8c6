"""Llama, Vicuna, Mistral, Qwen2, Gemma 1 and 2, GPT-2 and OPT as `transformers` computes them, and back."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from seeread.checkpoints.files import read_tensors
from seeread.checkpoints.formats import transformers as ours
from seeread.checkpoints.formats.settings import Settings
from seeread.checkpoints.parts import transformers_decoder_config as kinds
from seeread.checkpoints.table import write as renamed_back
from seeread.errors import CheckpointError
from seeread.models.language_model import LanguageModel
from tests.checkpoints.forge import same
from tests.parity import reference_writers as reference
from tests.parity.agreement import FORWARD, GRADIENT, distance, gradient_distances

LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 12}

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Llama": ("llama", {"num_key_value_heads": 6}),
    "Llama, shared heads of a width of their own": ("llama", {"head_dim": 10, "rope_theta": 500.0}),
    "Llama 3.1": ("llama", {"rope_scaling": LLAMA3 | {"original_max_position_embeddings": 16}}),
    "Llama 3.2": ("llama", {"tie_word_embeddings": True}),
    "Llama with biases": ("llama", {"attention_bias": True, "mlp_bias": True}),
    "Vicuna of 16k": ("llama", {"rope_scaling": {"rope_type": "linear", "factor": 4.0}}),
    "YaRN": ("llama", {"rope_scaling": YARN, "head_dim": 18}),
    "YaRN, odd": ("llama", {"rope_scaling": YARN | {"beta_fast": 3.0, "beta_slow": 0.5, "attention_factor": 1.5}}),
    "Mistral": ("mistral", {}),
    "Mistral without a window": ("mistral", {"sliding_window": None}),
    "Qwen2": ("qwen2", {}),
    "Qwen2, later layers short-sighted": (
        "qwen2",
        {"use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1, "tie_word_embeddings": True},
    ),
    "Gemma": ("gemma", {}),
    "Gemma 2": ("gemma2", {}),
    "Gemma 2 without caps": ("gemma2", {"attn_logit_softcapping": None, "final_logit_softcapping": None}),
    "GPT-2": ("gpt2", {}),
    "GPT-2, odd": ("gpt2", {"tie_word_embeddings": False, "activation_function": "relu", "layer_norm_epsilon": 0.1}),
    "OPT": ("opt", {}),
    "OPT, odd": ("opt", {"tie_word_embeddings": False, "activation_function": "gelu"}),
}
LENGTHS = [13, 1, 9, 12]


@pytest.fixture(params=VARIANTS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[torch.nn.Module, LanguageModel]:
    """The reference, and ours out of the folder it saved."""
    kind, settings = VARIANTS[request.param]
    theirs = reference.language_model(tmp_path, kind, **settings)
    model = reference.opened(tmp_path)
    assert isinstance(model, LanguageModel)
    return theirs, model


def test_says_the_same(case: tuple[torch.nn.Module, LanguageModel]) -> None:
    theirs, model = case
    for left in (True, False):
        mine, expected = reference.said(theirs, model, reference.prompts(LENGTHS, left=left, seed=3 + left))
        assert distance(mine, expected) < FORWARD
    for logits in (mine, expected):
        (logits * torch.linspace(-1, 1, logits.numel()).view_as(logits).cos()).sum().backward()
    mine_of = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    distances = gradient_distances(
        renamed_back(mine_of, kinds.layouts(model.config)[0]), reference.gradients(theirs)
    )
    assert max(distances.values()) < GRADIENT, max(distances, key=lambda name: distances[name])


def test_writes_the_same(case: tuple[torch.nn.Module, LanguageModel]) -> None:
    """Token for token, with a cache, past the window, from prompts of different lengths."""
    theirs, model = case
    mine, expected = reference.written(theirs, model, reference.prompts(LENGTHS), 17)
    assert mine == expected


@pytest.mark.parametrize("name", VARIANTS)
def test_config_goes_both_ways(name: str) -> None:
    kind, settings = VARIANTS[name]
    config = reference.transformers.AutoConfig.for_model(kind, **reference.LANGUAGE_MODELS[kind] | settings)
    read = kinds.read_decoder(Settings(json.loads(config.to_json_string(use_diff=False))))
    assert kinds.read_decoder(Settings(kinds.write_decoder(read))) == read
    plain = {"model_type": kind} | reference.LANGUAGE_MODELS[kind] | settings
    assert kinds.read_decoder(Settings(plain)) == read, "what older versions write means the same"


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_defaults_are_theirs(kind: str) -> None:
    """A config that says nothing means what it means to `transformers`."""
    config = json.loads(reference.transformers.AutoConfig.for_model(kind).to_json_string(use_diff=False))
    assert kinds.read_decoder(Settings({"model_type": kind})) == kinds.read_decoder(Settings(config))
