"""Adapters in peft's files: what we write, peft reads onto the model of `transformers`, and what it writes, we read.

peft is the oracle. Where it is not installed (`pip install --no-deps peft`), what needs it is skipped.
"""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seeread.checkpoints.files import read_tensors, write_safetensors
from seeread.checkpoints.formats.transformers.kinds import written
from seeread.checkpoints.table import write as renamed_back
from seeread.errors import CheckpointError, UsageError
from seeread.models.families import config_of
from seeread.pretrained import Origin, Pretrained
from seeread.training.modes.adapter import CONFIG, WEIGHTS, with_adapter, write_adapter
from seeread.training.modes.lora import LoRA, add, additions, merge, put
from tests.parity import reference_paligemma, reference_t5, reference_transformers, reference_writers
from tests.training.learners import LEARNERS

pytestmark = pytest.mark.filterwarnings(
    "ignore::FutureWarning"
)  # of transformers, about what peft asks of it

REFERENCES: dict[str, Callable[[Path], nn.Module]] = {
    "clip": reference_transformers.clip,
    "siglip": reference_transformers.siglip,
    "llava": reference_writers.llava,
    "llava next": lambda folder: reference_writers.llava(folder, pinpoints=[[30, 60], [60, 30]]),
    "llava over siglip and qwen2": lambda folder: reference_writers.llava(
        folder, "siglip_vision_model", "qwen2"
    ),
    "paligemma": reference_paligemma.paligemma,
    "llama": lambda folder: reference_writers.language_model(folder, "llama"),
    "gemma2": lambda folder: reference_writers.language_model(folder, "gemma2"),
    "opt": lambda folder: reference_writers.language_model(folder, "opt"),
    "t5": reference_t5.t5,
}


@pytest.fixture
def peft() -> Any:
    return pytest.importorskip("peft", reason="peft is not installed: pip install --no-deps peft")


def opened(folder: Path) -> Pretrained:
    """Ours, of a folder of `transformers`; its processor is never asked."""
    model = reference_writers.opened(folder)
    return Pretrained(model, None, Origin("tiny", folder, "transformers"))  # type: ignore[arg-type]


def trained(model: nn.Module, rank: int = 3, alpha: float = 7.0) -> nn.Module:
    """With additions that say something."""
    torch.manual_seed(0)
    add(model, rank, alpha)
    for _, addition in additions(model):
        nn.init.normal_(addition.up.weight, std=0.2)
    return model


def as_theirs(model: nn.Module) -> dict[str, Tensor]:
    """Our weights as `transformers` calls them in memory."""
    kind, _ = written(config_of(model))  # type: ignore[arg-type]
    return renamed_back(dict(model.state_dict()), kind.layouts(config_of(model))[kind.in_memory])


def furthest(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    assert len(ours) > 10 and ours.keys() <= theirs.keys()
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)


@pytest.mark.parametrize("name", REFERENCES)
def test_peft_reads_what_we_write(name: str, tmp_path: Path, peft: Any) -> None:
    theirs = REFERENCES[name](tmp_path / "base")
    model = trained(opened(tmp_path / "base").module)
    before = as_theirs(opened(tmp_path / "base").module)
    write_adapter(tmp_path / "adapter", model, "tiny")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*(missing|unexpected).*")
        wrapped = peft.PeftModel.from_pretrained(theirs, str(tmp_path / "adapter"))
    assert sum(hasattr(module, "lora_A") for module in wrapped.modules()) == len(list(additions(model)))
    merge(model)
    merged = dict(wrapped.merge_and_unload().state_dict())
    assert furthest(as_theirs(model), merged) < 1e-6
    assert furthest(before, merged) > 0.01


@pytest.mark.parametrize("name", REFERENCES)
def test_we_read_what_peft_writes(name: str, tmp_path: Path, peft: Any) -> None:
    """On some of the layers only, with rank-stabilised scaling for one."""
    theirs = REFERENCES[name](tmp_path / "base")
    base = opened(tmp_path / "base")
    targets = ["q_proj", "fc1", "up_proj", "q", "wo"]
    torch.manual_seed(0)
    config = peft.LoraConfig(
        r=4, lora_alpha=6, target_modules=targets, init_lora_weights=False, use_rslora=name == "clip"
    )
    wrapped = peft.get_peft_model(theirs, config)
    wrapped.save_pretrained(tmp_path / "adapter")
    start = {key: value.clone() for key, value in base.module.state_dict().items()}
    adapted = with_adapter(base, tmp_path / "adapter")
    assert furthest(as_theirs(adapted.module), dict(wrapped.merge_and_unload().state_dict())) < 1e-6
    assert all(
        torch.equal(value, start[key]) for key, value in base.module.state_dict().items()
    )  # left alone
    assert not all(torch.equal(value, start[key]) for key, value in adapted.module.state_dict().items())


@pytest.mark.parametrize("name", ["llava", "flamingo", "pali", "tower_probe", "dual_encoder"])
def test_there_and_back(name: str, tmp_path: Path) -> None:
    """Also of models that `transformers` does not have, by our own names."""
    base = LEARNERS[name].pretrained(LEARNERS[name].model())
    model = trained(LEARNERS[name].model())
    write_adapter(tmp_path, model, "base")
    merge(model)
    found = with_adapter(base, tmp_path).module.state_dict()
    assert all(torch.allclose(found[key], value, atol=1e-6) for key, value in model.state_dict().items())


def test_peft_takes_our_own_modules(tmp_path: Path, peft: Any) -> None:
    """Flamingo is none of `transformers`: the adapter has our names, and fits around our model."""
    model = trained(LEARNERS["flamingo"].model())
    write_adapter(tmp_path, model, "base")
    wrapped = peft.PeftModel.from_pretrained(LEARNERS["flamingo"].model(), str(tmp_path))
    merge(model)
    found = wrapped.merge_and_unload().state_dict()
    assert all(torch.allclose(found[key], value, atol=1e-6) for key, value in model.state_dict().items())


@pytest.mark.parametrize("kind", ["gpt2", "gpt_neox", "mpt"])
def test_what_is_laid_out_otherwise_keeps_our_names(kind: str, tmp_path: Path) -> None:
    """Their queries, keys and values are one matrix, or transposed: there is no such addition."""
    reference_writers.language_model(tmp_path / "base", kind)
    model = trained(opened(tmp_path / "base").module)
    write_adapter(tmp_path / "adapter", model, "tiny")
    assert all(
        key.startswith("base_model.model.text.") for key in read_tensors(tmp_path / "adapter" / WEIGHTS)
    )
    adapted = with_adapter(opened(tmp_path / "base"), tmp_path / "adapter").module.state_dict()
    merge(model)
    assert all(torch.allclose(adapted[key], value, atol=1e-6) for key, value in model.state_dict().items())


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    write_adapter(tmp_path, trained(LEARNERS["llava"].model()), "base")
    return tmp_path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"peft_type": "IA3"}, 'peft_type is "IA3"'),
        ({"use_dora": True}, "use_dora is true, which is more than plain LoRA"),
        ({"bias": "all"}, 'bias is "all"'),
        ({"modules_to_save": ["head"]}, "modules_to_save"),
        ({"r": None}, "no rank r"),
        ({"rank_pattern": {"q": 2}}, "rank_pattern"),
    ],
)
def test_refuses_what_is_more_than_lora(adapter: Path, change: dict[str, object], words: str) -> None:
    config = json.loads((adapter / CONFIG).read_text())
    (adapter / CONFIG).write_text(json.dumps(config | change))
    with pytest.raises(CheckpointError, match=words):
        with_adapter(LEARNERS["llava"].pretrained(LEARNERS["llava"].model()), adapter)


def test_refuses_the_adapter_of_another_model(adapter: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no linear layer of that name and size.*\(base\)"):
        with_adapter(LEARNERS["dual_encoder"].pretrained(LEARNERS["dual_encoder"].model()), adapter)


def test_refuses_halves_and_strangers(adapter: Path) -> None:
    whole = read_tensors(adapter / WEIGHTS)
    base = LEARNERS["llava"].pretrained(LEARNERS["llava"].model())
    whole = {key: value.clone() for key, value in whole.items()}
    last = next(key for key in reversed(whole) if ".lora_B." in key)
    for tensors, words in (
        ({key: value for key, value in whole.items() if key != last}, "only one of A and B is there"),
        ({**whole, "base_model.model.head.weight": torch.zeros(2)}, "is no addition to a linear layer"),
    ):
        write_safetensors(adapter / WEIGHTS, tensors, {})
        with pytest.raises(CheckpointError, match=words):
            with_adapter(base, adapter)


def test_needs_additions(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="makes no adapter"):
        write_adapter(tmp_path, LEARNERS["llava"].model(), "base")


def test_transposed_matrices_keep_our_names(tmp_path: Path) -> None:
    """Also where nothing else was added to: GPT-2 multiplies from the other side, in its MLPs too."""
    reference_writers.language_model(tmp_path / "base", "gpt2")
    model = opened(tmp_path / "base").module
    put(model, name := "text.transformer.blocks.0.mlp.up", LoRA(model.get_submodule(name), 2, 4.0))  # type: ignore[arg-type]
    write_adapter(tmp_path / "adapter", model, "tiny")
    assert f"base_model.model.{name}.lora_A.weight" in read_tensors(tmp_path / "adapter" / WEIGHTS)
