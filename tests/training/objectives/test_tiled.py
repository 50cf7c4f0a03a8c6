"""Contrast in flat memory: the same numbers and gradients as from the whole matrix, and as open_clip's."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seeread.training.objectives.contrast import info_nce, pairwise_sigmoid
from seeread.training.objectives.tiled import tiled_info_nce, tiled_sigmoid

Given = tuple[Tensor, ...]


def vectors(pairs: int, width: int = 6, alike: float = 0.5, dtype: torch.dtype = torch.float64) -> Given:
    """Unit vectors of pictures and texts, those of a pair the more alike the smaller the number."""
    chance = torch.Generator().manual_seed(pairs)
    images = torch.randn(pairs, width, generator=chance, dtype=dtype)
    texts = images + alike * torch.randn(pairs, width, generator=chance, dtype=dtype)
    return tuple(F.normalize(each, dim=-1).requires_grad_() for each in (images, texts))


def similarity(scale: float, bias: float, dtype: torch.dtype = torch.float64) -> Given:
    return tuple(torch.tensor([each], dtype=dtype, requires_grad=True) for each in (scale, bias))


def plain_softmax(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    return info_nce(scale * (images @ texts.T))


def plain_sigmoid(images: Tensor, texts: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    return pairwise_sigmoid(scale * (images @ texts.T) + bias)


def told(loss: Callable[..., Tensor], given: Given) -> list[Tensor]:
    """A loss and its gradients. It is weighted, so that what comes from behind is not always 1."""
    value = 3 * loss(*given)
    return [value.detach(), *torch.autograd.grad(value, given)]


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.integers(1, 23), tile=st.integers(1, 25), scale=st.floats(0.1, 100), bias=st.floats(-20, 20),
    alike=st.floats(0, 3),
)  # fmt: skip
def test_every_size_of_tiles_gives_what_the_whole_matrix_gives(
    pairs: int, tile: int, scale: float, bias: float, alike: float
) -> None:
    both, (s, b) = vectors(pairs, alike=alike), similarity(scale, bias)
    softmax = told(lambda *given: tiled_info_nce(*given, tile=tile), (*both, s))
    sigmoid = told(lambda *given: tiled_sigmoid(*given, tile=tile), (*both, s, b))
    exact = {"rtol": 1e-9, "atol": 1e-9}
    torch.testing.assert_close(softmax, told(plain_softmax, (*both, s)), **exact)
    torch.testing.assert_close(sigmoid, told(plain_sigmoid, (*both, s, b)), **exact)


@pytest.mark.parametrize("alike", [0.1, 10.0])
def test_a_scale_of_100_is_exact_in_single_precision(alike: float) -> None:
    """Logits from -100 to 100, whose exponentials no float32 holds, and of which it holds six digits."""
    both, (s, b) = vectors(50, 4, alike), similarity(100.0, -10.0)
    singles = tuple(each.detach().float().requires_grad_() for each in (*both, s, b))
    for loss, plain, count in ((tiled_info_nce, plain_softmax, 3), (tiled_sigmoid, plain_sigmoid, 4)):
        found = told(lambda *given, loss=loss: loss(*given, tile=16), singles[:count])
        wanted = told(plain, (*both, s, b)[:count])
        for one, other in zip(found, wanted, strict=True):
            error = (one.double() - other).abs().max() / other.abs().max().clamp(min=1)
            assert one.isfinite().all() and error < 3e-5


@pytest.mark.parametrize(("loss", "count"), [(tiled_info_nce, 3), (tiled_sigmoid, 4)])
def test_half_precision_around_it_changes_nothing(loss: Callable[..., Tensor], count: int) -> None:
    given = (*vectors(20), *similarity(100.0, -10.0))[:count]
    singles = tuple(each.detach().float().requires_grad_() for each in given)
    wanted = told(loss, singles)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(told(loss, singles), wanted, rtol=0, atol=0)


def test_gradients_are_those_of_small_differences() -> None:
    both, (s, b) = vectors(5, 3), similarity(2.0, -1.0)
    torch.autograd.gradcheck(lambda *given: tiled_info_nce(*given, tile=2), (*both, s))
    torch.autograd.gradcheck(lambda *given: tiled_sigmoid(*given, tile=2), (*both, s, b))


def test_open_clip_says_the_same() -> None:
    reference = pytest.importorskip("tests.parity.reference_open_clip").open_clip.loss
    both, (s, b) = vectors(11), similarity(17.0, -3.0)
    clip, siglip = reference.ClipLoss(), reference.SigLipLoss()
    found = told(lambda *given: tiled_info_nce(*given, tile=4), (*both, s))
    torch.testing.assert_close(found, told(lambda i, t, s: clip(i, t, s), (*both, s)))
    found = told(lambda *given: tiled_sigmoid(*given, tile=4), (*both, s, b))
    torch.testing.assert_close(found, told(lambda i, t, s, b: siglip(i, t, s, b), (*both, s, b)))


def test_a_rank_takes_its_rows_of_the_matrix() -> None:
    """Of pictures 3 to 6 of 9 against all texts, the part of the loss and of each gradient that is theirs."""
    both, (s, b) = vectors(9), similarity(5.0, -2.0)
    own = (both[0].detach()[3:7].requires_grad_(), both[1], s, b)
    found = told(lambda *given: tiled_sigmoid(*given, first=3, tile=2), own)

    def rows(images: Tensor, texts: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        signs = 2 * torch.eye(9, dtype=torch.float64)[3:7] - 1
        return -F.logsigmoid(signs * (scale * (images @ texts.T) + bias)).sum() / 4

    torch.testing.assert_close(found, told(rows, own))


def test_what_needs_no_gradient_gets_none() -> None:
    images, texts = vectors(4)
    s, b = similarity(5.0, -2.0)
    for loss, scales in ((tiled_info_nce, (s,)), (tiled_sigmoid, (s, b))):
        loss(images.detach(), texts, *scales).backward()
        assert images.grad is None and texts.grad is not None
        assert not loss(images.detach(), texts.detach(), *(each.detach() for each in scales)).requires_grad


MEMORY = """
import torch
from pathlib import Path
from seeread.training.objectives.tiled import tiled_info_nce, tiled_sigmoid
torch.manual_seed(0)
def peak():  # what `resource` tells begins with that of the parent
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

scale, bias = torch.tensor([100.0], requires_grad=True), torch.tensor([-10.0], requires_grad=True)
for pairs in (1536, 4096):
    before = peak()
    images, texts = torch.nn.functional.normalize(torch.randn(2, pairs, 16), dim=-1).requires_grad_()
    (tiled_info_nce(images, texts, scale) + tiled_sigmoid(images, texts, scale, bias)).backward()
print(peak() - before)
"""


def test_memory_stays_flat() -> None:
    """The matrix of 4,096 pairs takes 64 MiB, and a plain loss several such; a tile takes 4, libraries the rest."""
    if not Path("/proc/self/status").is_file():
        pytest.skip("only Linux tells the peak of a process")
    run = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 96
