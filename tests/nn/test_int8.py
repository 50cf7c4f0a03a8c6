"""Linear layers with weights in 8 bits: nothing is lost but what rounding the weights costs."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.nn import int8
from seeread.nn.int8 import Int8Linear, PackedInt8Linear, can_pack_int8, int8_linear, quantise, two_digits
from seeread.nn.packed import PackedBlock, pack
from seeread.nn.transformer import Transformer, TransformerConfig

needs_vnni = pytest.mark.skipif(not can_pack_int8(), reason="needs a processor that multiplies bytes")
KINDS = [Int8Linear, pytest.param(PackedInt8Linear, marks=needs_vnni)]


def exact(x: Tensor, weight: Tensor) -> Tensor:
    """The product with the rounded weights, in double precision."""
    numbers, scale = quantise(weight)
    return F.linear(x.double(), numbers.double() * scale.double()[:, None])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 24), (5, 24), (2, 3, 24)])
def test_the_rounded_weights_and_nothing_else_are_to_blame(kind: type[nn.Module], shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    weight, x = torch.randn(40, 24), torch.randn(shape)
    x[..., 3] *= 50  # some features of large models are as large as that
    want = exact(x, weight)
    got = kind(weight, None)(x)
    assert got.shape == want.shape and got.dtype == x.dtype
    assert (got - want).abs().max() / want.abs().max() < 1e-4
    half = kind(weight, None)(x.bfloat16())
    assert half.dtype == torch.bfloat16
    assert (half - exact(x.bfloat16(), weight)).abs().max() / want.abs().max() < 2e-2


@pytest.mark.parametrize("kind", KINDS)
def test_bias_activation_and_residual(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    weight, bias, x, residual = torch.randn(6, 8), torch.randn(6), torch.randn(3, 8), torch.randn(3, 6)
    y = exact(x, weight) + bias
    torch.testing.assert_close(kind(weight, bias)(x).double(), y, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(kind(weight, bias, "silu")(x).double(), F.silu(y), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(kind(weight, bias)(x, residual).double(), y + residual, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_do_not_depend_on_each_other(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    layer, x = kind(torch.randn(16, 32), None), torch.randn(4, 32) * torch.tensor([[1e-3], [1.0], [30.0], [1e4]])
    alone = torch.cat([layer(row[None]) for row in x])
    torch.testing.assert_close(layer(x), alone, rtol=1e-5, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_zeros_stay_zeros(kind: type[nn.Module]) -> None:
    weight = torch.randn(4, 8)
    weight[1] = 0
    assert torch.equal(kind(weight, None)(torch.zeros(2, 8)), torch.zeros(2, 4))
    assert torch.equal(kind(weight, None)(torch.randn(2, 8))[:, 1], torch.zeros(2))


def test_two_digits_hold_sixteen_bits() -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 300) * torch.tensor([[1e-6], [0.1], [1.0], [40.0], [1e5]])
    x[2, :4] = torch.tensor([3.0, -3.0, 0.0, -0.0]) * x[2].abs().max()
    digits, unit = two_digits(x)
    assert digits.dtype == torch.uint8 and digits.shape == (10, 300)
    high, low = digits.int().sub(128).chunk(2)
    assert ((256 * high + low) * unit - x).abs().div(unit).max() <= 0.51
    assert (unit * 32512).flatten().allclose(x.abs().amax(dim=1))


def test_each_row_of_a_weight_has_its_scale() -> None:
    weight = torch.tensor([[1.0, -2.0, 0.5], [1e-3, 0.0, 0.0], [0.0, 0.0, 0.0]])
    numbers, scale = quantise(weight)
    assert numbers.tolist() == [[64, -127, 32], [127, 0, 0], [0, 0, 0]]
    torch.testing.assert_close(scale[:2], torch.tensor([2 / 127, 1e-3 / 127]))


def test_what_is_quantised_stays_as_it_is() -> None:
    """It may lie in a mapped file, and is looked at in parts."""
    torch.manual_seed(0)
    weight = torch.randn(1030, 8)
    before = weight.clone()
    numbers, scale = quantise(weight)
    assert torch.equal(weight, before)
    assert ((numbers * scale[:, None] - weight).abs() <= scale[:, None] * 0.501).all()


def test_the_layer_fits_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = torch.randn(4, 8)
    for there, kind in ((True, PackedInt8Linear), (False, Int8Linear)):
        if there and not can_pack_int8():
            continue
        monkeypatch.setattr(int8, "can_pack_int8", lambda there=there: there)
        assert type(int8_linear(weight, None)) is kind


def test_gradients_are_refused() -> None:
    with pytest.raises(RuntimeError, match="precision='fp32'"):
        Int8Linear(torch.randn(4, 4), None)(torch.randn(2, 4).requires_grad_())


@pytest.mark.parametrize("activation", ["silu", "quick_gelu"])
@pytest.mark.parametrize("there", [False, pytest.param(True, marks=needs_vnni)])
def test_a_whole_transformer_keeps_its_direction(
    there: bool, activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "can_pack_int8", lambda: there)
    torch.manual_seed(0)
    config = TransformerConfig(
        width=64, layers=3, heads=4, hidden=128, activation=activation, gated=activation == "silu"
    )
    plain = Transformer(config).eval()
    small = nn.Sequential(copy.deepcopy(plain))
    pack(small, int8_linear)
    assert all(isinstance(block, PackedBlock) for block in small[0].blocks)
    x = torch.randn(2, 5, 64)
    with torch.inference_mode():
        a, b = plain(x), small(x)
    assert torch.cosine_similarity(a - x, b - x, dim=-1).min() > 0.999
    assert not torch.equal(a, b)
