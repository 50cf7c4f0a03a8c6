"""Pictures are counted, and operations against what the device is made for."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from seeread.interface import Batch, Patches
from seeread.training.engine import step
from seeread.training.engine.throughput import examples, model_work, peak
from seeread.training.engine.trainer import train
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from tests.training.runs import Told


def test_pictures_count_and_rows_where_there_are_none() -> None:
    tokens = torch.zeros(3, 5, dtype=torch.long)
    images = torch.zeros(4, 3, 8, 8)
    patches = Patches(torch.zeros(2, 9, 12), torch.ones(2, 2))
    assert examples((images, tokens)) == examples(Batch(tokens, tokens, images)) == 4
    assert examples(Batch(tokens, tokens)) == examples((Batch(tokens, tokens), tokens)) == 3
    assert examples((patches, tokens)) == 2
    assert examples({"image": images, "text": tokens}) == 4
    assert examples(SimpleNamespace(tokens=tokens)) == 3


def test_the_share_of_the_peak_is_that_of_the_operations_of_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two multiplications forward, and four backward less the one towards the pictures; two operations a weight."""
    monkeypatch.setattr(step, "peak", lambda device, half: 1e9)
    settings, told = Settings(steps=3, rate=1e-3, precision="fp32", accumulate=2), Told()
    model = nn.Sequential(nn.Linear(5, 7), nn.Linear(7, 11))

    def squares(model: nn.Module, batch: Tensor) -> Tensor:
        return model(batch).square().mean()

    train(model, squares, Steps(lambda number: torch.ones(4, 5)), settings, tmp_path, watchers=[told])
    work = 2 * 2 * 4 * (2 * 5 * 7 + 3 * 7 * 11)
    for moment in told.moments:
        assert moment.utilisation == pytest.approx(work / moment.seconds / 1e9)


def test_what_is_computed_again_is_no_work_of_the_model() -> None:
    settings = Settings(steps=1, rate=1.0)
    assert model_work(400, settings) == 400 and model_work(400, replace(settings, recompute=True)) == 300


@pytest.mark.parametrize(
    ("name", "half", "expected"),
    [
        ("NVIDIA H100 80GB HBM3", True, 989e12),
        ("NVIDIA H100 PCIe", True, 756e12),
        ("NVIDIA H200", False, 67e12),
        ("NVIDIA A100-SXM4-40GB", True, 312e12),
        ("NVIDIA A10G", True, 70e12),
        ("NVIDIA L40S", True, 362e12),
        ("NVIDIA L4", True, 121e12),
        ("Something else", True, None),
    ],
)
def test_peaks_are_known_by_the_names_of_devices(
    name: str, half: bool, expected: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: name)
    assert peak(torch.device("cuda"), half) == expected
    assert peak(torch.device("cpu"), half) is None
