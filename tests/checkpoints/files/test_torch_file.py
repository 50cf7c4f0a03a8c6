"""Files of torch.save and torch.jit.save, read bit for bit without either of them."""

import io
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from seeread.checkpoints.files.torch_file import read_torch, write_torch_zip
from tests.checkpoints.forge import archive, literal, name, refused, same, state, tensor


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.register_buffer("mask", torch.full((2, 2), float("-inf")).triu(1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mlp(self.norm(x)) * self.mask[0, 0].exp()


class Tower(nn.Module):
    """Built like OpenAI's: nested modules, parameters of its own, numbers that describe it."""

    def __init__(self, width: int = 6):
        super().__init__()
        self.input_resolution = 224
        self.scale = 0.5
        self.sizes = [1, 2]
        self.class_embedding = nn.Parameter(torch.randn(width))
        self.plain = torch.arange(3)
        self.blocks = nn.Sequential(Block(width), Block(width))
        self.pool = nn.BatchNorm1d(width)
        self.tied = self.blocks[0].mlp[0]
        self.register_buffer("context_length", torch.tensor(77))
        self.register_buffer("empty", torch.empty(0, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.blocks(x + self.class_embedding)) * self.scale + self.sizes[0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("made", ["script", "trace"])
def test_torchscript_archives_give_their_state_dict(tmp_path: Path, made: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model = Tower().eval().to(dtype)
    compiled = torch.jit.script(model) if made == "script" else torch.jit.trace(model, torch.randn(3, 6, dtype=dtype))
    path = tmp_path / "ViT-B-32.pt"
    torch.jit.save(compiled, path)
    tensors = read_torch(path)
    expected = {key: value.detach() for key, value in compiled.state_dict().items()}
    extra = {"plain": torch.arange(3), "input_resolution": torch.tensor(224)} if made == "script" else {}
    assert expected.keys() >= model.state_dict().keys()
    assert same(tensors, expected | extra)
    assert not any(value.requires_grad for value in tensors.values())


def states() -> dict[str, Tensor]:
    kinds = (
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
        torch.uint8, torch.bool, torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    values = torch.randint(0, 2, (3, 4), generator=generator)
    tensors = {f"kind.{dtype}": values.to(dtype) for dtype in kinds}
    whole = torch.randn(6, 8, generator=generator)
    return tensors | {
        "scalar": torch.tensor(3.5),
        "empty": torch.empty(0, 7),
        "nan": torch.tensor([float("nan"), float("inf"), -0.0]),
        "slice": whole[1:3, 2:5],
        "transposed": whole.T,
        "every.second": whole[::2, ::3],
        "tied.a": whole,
        "tied.b": whole,
        "parameter": nn.Parameter(torch.ones(2)),
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_files_of_torch_save_come_out_bit_for_bit(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "model.pt"
    tensors = states()
    torch.save(tensors, path, pickle_protocol=protocol)
    read = read_torch(path)
    assert same(read, {key: value.detach() for key, value in tensors.items()})
    assert read["tied.a"].data_ptr() == read["tied.b"].data_ptr()
    assert read["transposed"].untyped_storage().data_ptr() == read["tied.a"].untyped_storage().data_ptr()


@pytest.mark.parametrize("wrap", [None, "state_dict"])
def test_what_is_written_is_what_torch_and_we_read(tmp_path: Path, wrap: str | None) -> None:
    path = tmp_path / "model.bin"
    tensors = states()
    write_torch_zip(path, tensors, wrap)
    expected = {key: value.detach() for key, value in tensors.items()}
    loaded = torch.load(path, weights_only=True)
    assert same(loaded if wrap is None else loaded[wrap], expected)
    read = read_torch(path)
    assert same(read, expected)
    assert read["tied.a"].data_ptr() == read["tied.b"].data_ptr()


def test_a_slice_does_not_bring_along_what_it_was_cut_from(tmp_path: Path) -> None:
    write_torch_zip(tmp_path / "model.pt", {"slice": torch.zeros(1000, 1000)[:2, :2]})
    assert (tmp_path / "model.pt").stat().st_size < 10_000


def test_of_a_training_checkpoint_only_the_weights_are_taken(tmp_path: Path) -> None:
    model = nn.BatchNorm1d(4)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(3, 4)).sum().backward()
    optimizer.step()
    weights = {f"module.{key}": value for key, value in model.state_dict().items()}
    whole = {"epoch": 3, "name": "run", "state_dict": weights, "optimizer": optimizer.state_dict(), "scaler": {}}
    for content in (whole, {"model": whole}, {"model_state_dict": weights, "lr": 0.1}, weights, model.state_dict()):
        torch.save(content, tmp_path / "epoch_3.pt")
        assert same(read_torch(tmp_path / "epoch_3.pt"), model.state_dict())
    compiled = {key.replace("module.", "module._orig_mod."): value for key, value in weights.items()}
    torch.save(compiled, tmp_path / "compiled.pt")
    assert same(read_torch(tmp_path / "compiled.pt"), model.state_dict())


def test_a_module_that_is_called_module_keeps_its_name(tmp_path: Path) -> None:
    tensors = {"module.weight": torch.ones(2), "head.weight": torch.ones(3)}
    torch.save(tensors, tmp_path / "model.pt")
    assert same(read_torch(tmp_path / "model.pt"), tensors)


def test_tensors_may_be_changed_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    write_torch_zip(path, {"weight": torch.ones(1000)})
    before = path.read_bytes()
    read_torch(path)["weight"].zero_()
    assert path.read_bytes() == before
    assert read_torch(path)["weight"].sum() == 1000


def test_damage_to_what_is_not_taken_does_no_harm(tmp_path: Path) -> None:
    """Only entries that are read are checked: of a training checkpoint, the optimizer's two thirds are not."""
    path = tmp_path / "epoch_3.pt"
    torch.save({"state_dict": {"weight": torch.ones(2)}, "optimizer": {"moment": torch.full((64,), 3.0)}}, path)
    moment = torch.full((64,), 3.0).numpy().tobytes()
    path.write_bytes(path.read_bytes().replace(moment, b"\xff" * len(moment)))
    assert read_torch(path)["weight"].equal(torch.ones(2))


MODULE = name("__torch__", "M") + b")\x81"
NO_WEIGHTS = {
    "a number": b"K\x01",
    "a tensor alone": tensor(),
    "a list of tensors": b"](" + tensor() + b"e",
    "an empty dict": b"}",
    "a dict of numbers": literal({"epoch": 3}),
    "a dict in itself": b"}q\x00" + literal("model") + b"h\x00s",
    "dicts in a circle": b"}q\x00" + literal("model") + b"}q\x01" + literal("model") + b"h\x00ss",
    "an empty module": MODULE,
    "a module in itself": MODULE + b"q\x00}" + literal("a") + b"h\x00sb",
    "a module in itself, with a tensor": MODULE + b"q\x00}(" + literal("w") + tensor() + literal("a") + b"h\x00ub",
    "a thicket of modules": MODULE
    + b"".join(
        b"r" + level.to_bytes(4, "little") + b"0" + MODULE + b"}(X\x01\0\0\0aj" + level.to_bytes(4, "little")
        + b"X\x01\0\0\0bj" + level.to_bytes(4, "little") + b"ub"
        for level in range(64)
    ),
    "a text among the tensors": b"}(" + literal("w") + tensor() + literal("x") + literal("text") + b"u",
    "a list among the tensors": b"}(" + literal("w") + tensor() + literal("x") + b"]u",
    "a tensor called ..": b"}" + literal("../../w") + tensor() + b"s",
    "a tensor called 1": b"}" + literal(1) + tensor() + b"s",
    "a tensor without name": b"}" + literal("") + tensor() + b"s",
    "a tensor with a long name": b"}" + literal("w" * 257) + tensor() + b"s",
    "a tensor with escapes in its name": b"}" + literal("w\x1b[2J\n") + tensor() + b"s",
    "a module attribute with a slash and dots": MODULE + b"}" + literal("../w") + tensor() + b"sb",
}  # fmt: skip


@pytest.mark.parametrize("content", NO_WEIGHTS)
def test_what_is_no_state_dict_is_refused(tmp_path: Path, content: str) -> None:
    path = archive(tmp_path / "model.pt", b"\x80\x02" + NO_WEIGHTS[content] + b".")
    with refused(path):
        read_torch(path)


def test_too_many_tensors_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seeread.checkpoints.files.torch_file.MOST_TENSORS", 2)
    path = archive(tmp_path / "model.pt", state(a=tensor(), b=tensor(), c=tensor()))
    with refused(path, "3 tensors"):
        read_torch(path)


def test_truth_values_of_two_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.pt", state(a=tensor(kind="BoolStorage")), {"0": b"\x00\x01\x02\x01"})
    with refused(path, "neither 0 nor 1"):
        read_torch(path)


def test_numbers_that_lie_askew_are_copied_to_where_they_fit(tmp_path: Path) -> None:
    for filler in range(4):  # entries of zipfile are not aligned; one of these begins at an odd place
        more = {"x" * (filler + 1): b""}
        path = archive(tmp_path / "model.pt", state(weight=tensor(), tied=tensor()), **more)
        tensors = read_torch(path)
        assert tensors["weight"].data_ptr() % 4 == 0
        assert tensors["weight"].data_ptr() == tensors["tied"].data_ptr()
        assert tensors["weight"].tolist() == [[0, 1], [2, 3]]


def test_no_gradient_and_no_warning_come_with_a_parameter(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({"weight": nn.Parameter(torch.ones(2))}, buffer)
    (tmp_path / "model.pt").write_bytes(buffer.getvalue())
    assert not read_torch(tmp_path / "model.pt")["weight"].requires_grad
