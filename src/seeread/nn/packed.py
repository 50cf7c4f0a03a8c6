"""The same blocks with their weights laid out for a CPU's bf16 matrix units, once, ahead of time.

oneDNN multiplies fastest by matrices in a layout of its own, and can apply an activation or add the residual stream
while it writes the result. Packed modules hold only such matrices: they are for inference on one machine, have no
parameters and are never saved. What they compute differs from the plain blocks by bf16 rounding alone.
"""

import torch
from torch import Tensor, nn

from seeread.nn.attention import Attention
from seeread.nn.mlp import MLP
from seeread.nn.transformer import Block

FUSED = {"gelu": ("gelu", "none"), "gelu_tanh": ("gelu", "tanh"), "quick_gelu": ("swish", "")}
QUICK_GELU = 1.702


def can_pack() -> bool:
    """Whether this processor and this build of torch can run packed blocks."""
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return (
        torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and supported is not None
        and bool(supported())
    )


@torch.no_grad()
def pack(model: nn.Module) -> None:
    """Replace, in place, every transformer block and every other linear layer of `model` by its packed twin.

    The weights may be in any precision: they are rounded to bf16 here, once. What is left (norms, embeddings,
    convolutions, positions) keeps its precision and is converted by the caller.
    """
    for name, child in model.named_children():
        match child:
            case Block(mlp=MLP()):
                setattr(model, name, PackedBlock(child))
            case Attention():
                setattr(model, name, PackedAttention(child))
            case MLP():
                setattr(model, name, PackedMLP(child))
            case nn.Linear():
                setattr(model, name, PackedLinear(child.weight, child.bias))
            case _:
                pack(child)


class PackedLinear(nn.Module):
    """x W' + b in bf16, with an activation or a sum fused in."""

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: tuple[str, str] = ("none", "")):
        super().__init__()
        self.out_features, self.in_features = weight.shape
        rounded = weight.detach().to(torch.bfloat16).contiguous()
        # Not a buffer: a matrix in oneDNN's layout can be neither saved nor moved.
        self.weight = torch.ops.mkldnn._reorder_linear_weight(rounded, None)
        self.bias = None if bias is None else bias.detach().to(torch.bfloat16)
        self.activation = activation

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """(..., in_features) to (..., out_features), in bf16; plus `residual` of that shape, if given."""
        if x.requires_grad and torch.is_grad_enabled():
            raise RuntimeError(
                "packed weights take no gradients; load the model with precision='fp32' for those"
            )
        if residual is None:
            kind, algorithm = self.activation
            return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, kind, [], algorithm)
        return torch.ops.mkldnn._linear_pointwise.binary(x, residual, self.weight, self.bias, "add")


class PackedAttention(nn.Module):
    """`Attention`, its query, key and value in one product where they read the same."""

    def __init__(self, attention: Attention):
        super().__init__()
        q, k, v = attention.query, attention.key, attention.value
        self.head_width = attention.head_width
        self.query = PackedLinear(q.weight, q.bias)
        self.key_value = PackedLinear(torch.cat((k.weight, v.weight)), torch.cat((k.bias, v.bias)))
        self.out = PackedLinear(attention.out.weight, attention.out.bias)
        self.attend = attention.attend

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """(batch, queries, width) to (batch, queries, out_width)."""
        k, v = self.key_value(x if context is None else context).chunk(2, dim=-1)
        q, k, v = (y.unflatten(-1, (-1, self.head_width)).transpose(1, 2) for y in (self.query(x), k, v))
        return self.out(self.attend(q, k, v, mask).transpose(1, 2).flatten(2))


class PackedMLP(nn.Module):
    """`MLP`, its activation applied as the first product is written.

    oneDNN has no QuickGELU but has swish, y sigmoid(y), and x sigmoid(a x) = swish(a x) / a: the factor goes into
    the weights on either side.
    """

    def __init__(self, mlp: MLP):
        super().__init__()
        factor = QUICK_GELU if mlp.activation == "quick_gelu" else 1.0
        up, down = mlp.up, mlp.down
        self.up = PackedLinear(up.weight.float() * factor, up.bias.float() * factor, FUSED[mlp.activation])
        self.down = PackedLinear(down.weight.float() / factor, down.bias)

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """(..., width) to (..., width), plus `residual`."""
        return self.down(self.up(x), residual)


class PackedBlock(nn.Module):
    """`Block`: four products, and the sums onto the residual stream fused into two of them."""

    def __init__(self, block: Block):
        super().__init__()
        attention = block.attention
        layers = (attention.query, attention.key, attention.value)
        self.heads = attention.query.out_features // attention.head_width
        self.attention_norm = block.attention_norm
        self.query_key_value = PackedLinear(
            torch.cat([x.weight for x in layers]), torch.cat([x.bias for x in layers])
        )
        self.attend = attention.attend
        self.out = PackedLinear(attention.out.weight, attention.out.bias)
        self.mlp_norm = block.mlp_norm
        self.mlp = PackedMLP(block.mlp)

    def forward(self, x: Tensor, mask: Tensor | None = None, *_: None) -> Tensor:
        """(batch, tokens, width) to the same."""
        heads = self.query_key_value(self.attention_norm(x)).unflatten(-1, (3, self.heads, -1))
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        x = self.out(self.attend(q, k, v, mask).transpose(1, 2).flatten(2), x)
        return self.mlp(self.mlp_norm(x), x)
