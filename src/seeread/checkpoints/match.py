"""Does a checkpoint fit its model? Compared name by name before a single number is copied."""

import math
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from seeread.checkpoints.files import nonfinite
from seeread.checkpoints.refusal import Refusal, naming, shown
from seeread.checkpoints.table import Table, their_name
from seeread.models.dual_encoder import DualEncoder, DualEncoderConfig
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.transform import ImageTransform, PatchTransform
from seeread.vision.naflex import NaFlexConfig
from seeread.vision.resnet import ResNetConfig
from seeread.vision.vit import ViTConfig

LISTED = 10
_MOST_LAYERS, _MOST_WIDTH, _MOST_TOKENS, _MOST_WORDS = 256, 2**16, 2**16, 2**22
_NEXT = "Check that weights and configuration come from the same model, or download both again"


def skeleton(config: DualEncoderConfig) -> DualEncoder:
    """The model without its numbers: every tensor has a shape and takes no memory."""
    with torch.device("meta"), _Uninitialised():
        return DualEncoder(config)


class _Uninitialised(TorchFunctionMode):
    """Leaves out `torch.nn.init`: there is nothing to fill, and on "meta" it makes torch import its compiler (2 s)."""

    def __torch_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None
    ) -> Any:
        keywords = keywords or {}
        if getattr(function, "__module__", None) == "torch.nn.init":
            return keywords["tensor"] if "tensor" in keywords else arguments[0]
        return function(*arguments, **keywords)


def require_fit(
    path: Path,
    config: DualEncoderConfig,
    tensors: Mapping[str, Tensor],
    strangers: Collection[str] = (),
    table: Table = (),
) -> None:
    """Nothing missing, nothing left over, every shape right, and every number one.

    `tensors` are under our names; `strangers` are the keys of the file at `path` that met no rule of `table`. Raises
    `CheckpointError` that lists the first ten of each kind, by the names they have in the file, and counts the rest.
    """
    with naming(path):
        check_config(config)
        wanted = {name: tensor.shape for name, tensor in skeleton(config).state_dict().items()}
        both = [name for name in wanted if name in tensors]
        problems = {
            # How many batches a norm has seen is a matter of training, and not every file keeps it.
            "missing": [name for name in wanted if name not in tensors and not name.endswith("num_batches_tracked")],
            "unexpected": [*strangers, *(name for name in tensors if name not in wanted)],
            "of another shape": {
                name: f"{_shape(tensors[name].shape)}, expected {_shape(wanted[name])}"
                for name in both
                if tensors[name].shape != wanted[name]
            },
            "not of floating point": {
                name: str(tensors[name].dtype).removeprefix("torch.")
                for name in both
                if not tensors[name].is_floating_point() and not name.endswith("num_batches_tracked")
            },
        }
        listed = [_listed(kind, names, table) for kind, names in problems.items() if names]
        if listed:
            raise Refusal(f"its tensors do not fit the model in its configuration: {'; '.join(listed)}", _NEXT)
        # Costs 35 ms for the 605 MB of a ViT-B/32: what lies in the mapped file is read once, which must happen anyway.
        if broken := nonfinite(tensors):
            raise Refusal(f"it holds numbers that are none (NaN or infinity): {_listed('tensors', broken, table)}")


def require_fitting_processor(path: Path, c: DualEncoderConfig, processor: Processor) -> None:
    """What the processor makes is what the model takes. Raises `CheckpointError` that names `path` where it is not."""
    tokenizer, rules = processor.tokenizer, processor.tokenizer.rules
    with naming(path):
        if tokenizer.size > c.text.vocabulary:
            raise Refusal(
                f"its tokenizer knows {tokenizer.size:,} tokens, and the model {c.text.vocabulary:,}",
                "Use the tokenizer that was published with this model",
            )
        if rules.context_length > c.text.context_length:
            most = c.text.context_length
            raise _at_odds(f"texts are cut to {rules.context_length} tokens, and the model reads {most}")
        if c.text.pool == "end" and rules.end_id != c.text.end_id:
            raise _at_odds(f"texts end with token {rules.end_id}, and the model looks for {c.text.end_id}")
        if not (c.text.cut_is_exact or rules.pad_to_length):
            raise _at_odds("texts are not padded, and the model was trained with padding that it reads")
        match processor.image_transform, c.vision:
            case PatchTransform(patch_size=cut), NaFlexConfig(patch_size=taken):
                if cut != taken:
                    raise _at_odds(f"images are cut into patches of {cut} pixels, and the model takes {taken}")
            case ImageTransform(size=size), ViTConfig(image_size=side) | ResNetConfig(image_size=side):
                if size != (side, side):
                    raise _at_odds(f"images are prepared at {size[0]} x {size[1]}, and the model takes {side} x {side}")
            case _:
                raise _at_odds("one of them is for images of any shape, and the other for one fixed size")


def check_config(c: DualEncoderConfig) -> None:
    """Raises `Refusal` for sizes that no model has, which would cost memory or hours before anything is compared."""
    _check_transformer("text", c.text.transformer)
    _check("text vocabulary", c.text.vocabulary, _MOST_WORDS)
    _check("text context length", c.text.context_length, _MOST_TOKENS)
    _check("embedding", c.embedding, _MOST_WIDTH)
    match c.vision:
        case ResNetConfig():
            for count in c.vision.layers:
                _check("vision layers", count, _MOST_LAYERS)
            _check("vision stem", c.vision.stem, _MOST_WIDTH // 32)
            _check("vision heads", c.vision.heads, c.vision.width)
            _check("vision image size", c.vision.image_size, 2**14)
            if c.vision.width % c.vision.heads:
                raise _absurd(f"a vision width of {c.vision.width} cannot be shared by {c.vision.heads} heads")
        case NaFlexConfig():
            _check_transformer("vision", c.vision.transformer)
            _check("vision patch size", c.vision.patch_size, 2**10)
            _check("vision grid of positions", c.vision.positions, 2**10)
        case _:
            _check_transformer("vision", c.vision.transformer)
            _check("vision image size", c.vision.image_size, 2**14)
            _check("vision patch size", c.vision.patch_size, c.vision.image_size)
    if c.text.pool == "end" and (c.text.end_id is None or not 0 <= c.text.end_id < c.text.vocabulary):
        raise _absurd(f"its text is read from the token {c.text.end_id}, which is not in its vocabulary")


def _check_transformer(tower: str, c: TransformerConfig) -> None:
    _check(f"{tower} width", c.width, _MOST_WIDTH)
    _check(f"{tower} layers", c.layers, _MOST_LAYERS)
    _check(f"{tower} heads", c.heads, c.width)
    _check(f"{tower} hidden width", c.hidden, 4 * _MOST_WIDTH)
    if c.width % c.heads:
        raise _absurd(f"a {tower} width of {c.width} cannot be shared by {c.heads} heads")
    if not (math.isfinite(c.norm_eps) and 0 <= c.norm_eps <= 1):
        raise _absurd(f"a norm epsilon of {c.norm_eps} in {tower}")


def _check(what: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise _absurd(f"{what} is {shown(value)}, and 1 to {most:,} is possible")


def _absurd(what: str) -> Refusal:
    return Refusal(f"its configuration describes no possible model: {what}")


def _at_odds(how: str) -> Refusal:
    return Refusal(f"its processor and its model are at odds: {how}", _NEXT)


def _listed(kind: str, names: Collection[str], table: Table) -> str:
    """How many there are, and which; a mapping also says what is wrong with each."""
    first = [their_name(name, table) for name in islice(names, LISTED)]
    if isinstance(names, Mapping):
        first = [f"{name} ({why})" for name, why in zip(first, names.values(), strict=False)]
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return f"{len(names):,} {kind}: {', '.join(first)}{more}"


def _shape(shape: Iterable[int]) -> str:
    return " x ".join(map(str, shape)) or "scalar"
