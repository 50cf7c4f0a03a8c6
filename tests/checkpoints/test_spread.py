"""Models that are too large for one device: who goes where, and that the answers stay the same."""

import sys
from pathlib import Path

import pytest
import torch

from seeread.checkpoints import load as loading
from seeread.checkpoints.formats import native
from seeread.checkpoints.load import load
from seeread.checkpoints.save import save
from seeread.checkpoints.spread import dealt, size, spread
from seeread.errors import UsageError
from seeread.interface import Batch, Role
from seeread.models.dual_encoder import DualEncoder
from seeread.nn.cache import Cache
from tests.checkpoints.test_native import checkpoint as dual_encoder
from tests.talkers import tiny_llava
from tests.tiny import tiny_config


def test_blocks_go_to_one_device_after_the_other_and_the_rest_waits() -> None:
    model = tiny_llava().module
    block = size(model.text.transformer.blocks[0])
    around = size(model) - 2 * block
    assert set(dealt(model, {0: around + 2 * block}).values()) == {0}
    blocks = [f"text.transformer.blocks.{number}" for number in range(2)]
    for limits, there in (
        ({0: around + block, 1: block}, [0, 1]),
        ({0: around, 2: 2 * block}, [2, 2]),
        ({0: around + block, 1: block - 1}, [0, "cpu"]),
        ({0: around, 1: block - 1}, ["cpu", "cpu"]),
    ):
        places = dealt(model, limits)
        assert [places[name] for name in blocks] == there
        assert {place for name, place in places.items() if name not in blocks} == {0}
        named = {name for name, _ in model.named_parameters()}
        assert all(any(name.startswith(f"{key}.") for key in places) for name in named)
    with pytest.raises(UsageError, match="too much for the first GPU"):
        dealt(model, {0: around - 1, 1: 10**9})
    with pytest.raises(UsageError, match="models that write"):
        dealt(DualEncoder(tiny_config()), {0: 10**9})


def test_a_model_whose_blocks_wait_elsewhere_says_the_same(tmp_path: Path) -> None:
    """The last block is on the disk, and comes for every token; the cache, and the angles of positions, go with it."""
    accelerate = pytest.importorskip("accelerate")
    whole, model = tiny_llava().module, tiny_llava().module
    places = dealt(model, {0: size(model) - 1})
    elsewhere = {name: "disk" if place == "cpu" else "cpu" for name, place in places.items()}
    assert "disk" in elsewhere.values()
    accelerate.dispatch_model(model, elsewhere, main_device="cpu", offload_dir=tmp_path)
    assert any(parameter.is_meta for parameter in model.parameters())
    tokens = torch.arange(14).reshape(2, 7) + 20
    answers = []
    with torch.inference_mode():
        for one in (whole, model):
            cache = Cache()
            batch = Batch(tokens, torch.full_like(tokens, Role.PROMPT))
            parts = [one.logits(one.read(batch, cache)[:, -1:])]
            parts += [one.logits(one.read(batch.followed_by(parts[-1].argmax(-1)), cache)) for _ in range(2)]
            answers.append(torch.cat(parts, dim=1))
    torch.testing.assert_close(*answers)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_there_is_nothing_to_spread_over(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    save(tiny_llava(), tmp_path / "model")
    with pytest.raises(UsageError, match="no GPU to spread"):
        load(tmp_path / "model", device="spread")


def test_what_is_missing_or_makes_no_sense_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(UsageError, match=r"takes accelerate: pip install"):
        spread(tiny_llava().module)
    native.write(dual_encoder(), tmp_path)
    with pytest.raises(UsageError, match="either int8 or spread"):
        load(tmp_path, device="spread", precision="int8")
    assert loading.SPREAD == "spread"
