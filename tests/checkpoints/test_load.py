"""Loading: any format by what is in it, on any device, in any precision, and never with a random weight."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import seeread
from seeread.checkpoints import placement
from seeread.checkpoints.assemble import build
from seeread.checkpoints.formats import native
from seeread.checkpoints.load import load
from seeread.checkpoints.match import skeleton
from seeread.checkpoints.placement import choose_device, choose_precision, has_bf16_units
from seeread.errors import CheckpointError, UsageError
from seeread.nn.packed import can_pack
from tests.checkpoints.test_native import checkpoint, configs

CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    native.write(checkpoint(), tmp_path / "model")
    return tmp_path / "model"


def test_ready_to_use(folder: Path) -> None:
    model = seeread.load(folder, precision="fp32", device="cpu")
    assert not model.module.training
    assert model.precision == torch.float32
    assert model.device == CPU
    assert model.origin.path == folder
    assert model.origin.format == "native"
    assert model.origin.name == str(folder)
    assert model.embed_texts(["red", "a blue cat"]).shape == (2, 8)
    assert not any(tensor.is_meta for tensor in model.module.state_dict().values())


def test_file_beside_its_config(folder: Path) -> None:
    whole, file = (load(path, precision="fp32", device="cpu") for path in (folder, folder / "model.safetensors"))
    assert file.origin.format == "native"
    assert torch.equal(whole.embed_texts(["red"]), file.embed_texts(["red"]))


@pytest.mark.parametrize("kind", ["vit", "resnet", "naflex"])
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_precisions_agree(tmp_path: Path, kind: str, precision: str) -> None:
    """Rounded weights change an embedding by a few of their last places, and the comparison stays in float32."""
    native.write(checkpoint(kind), tmp_path)
    exact, rounded = (load(tmp_path, precision=p, device="cpu") for p in ("fp32", precision))
    texts = ["red", "a photo of the dog"]
    noise = torch.randint(0, 256, (2, 40, 60, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    pictures = [Image.fromarray(picture.numpy()) for picture in noise]
    tolerance = {"fp32": 1e-6, "bf16": 5e-2, "fp16": 8e-3}[precision]
    for a, b in (
        (exact.embed_texts(texts), rounded.embed_texts(texts)),
        (exact.embed_images(pictures), rounded.embed_images(pictures)),
    ):
        assert float((a - b).norm(dim=1).max()) < tolerance
        assert b.dtype == torch.float32
        torch.testing.assert_close(b.norm(dim=1), torch.ones(2), rtol=0, atol=1e-6)
    similarity = rounded.module.similarity
    assert {parameter.dtype for parameter in similarity.parameters()} == {torch.float32}
    others = {p.dtype for n, p in rounded.module.named_parameters() if not n.startswith("similarity")}
    assert others <= {rounded.precision}


def test_maps_what_needs_no_change(folder: Path) -> None:
    """In its own precision a tensor is the mapped file itself; changing it does not change the file."""
    stored = native.read(folder)
    model = build(stored, CPU, torch.float32)
    for name, tensor in model.state_dict().items():
        assert tensor.data_ptr() == stored.tensors[name].data_ptr()
    before = (folder / "model.safetensors").read_bytes()
    with torch.no_grad():
        model.text.norm.weight.zero_()
    assert (folder / "model.safetensors").read_bytes() == before


def test_skeleton_takes_no_memory() -> None:
    assert all(tensor.is_meta for config in configs().values() for tensor in skeleton(config).state_dict().values())


def test_packs_where_it_can(folder: Path) -> None:
    model = load(folder, precision="bf16", device="cpu")
    assert any(type(module).__name__ == "PackedBlock" for module in model.module.modules()) == can_pack()
    assert all(type(m).__name__ != "PackedBlock" for m in load(folder, precision="fp32", device="cpu").module.modules())


@pytest.mark.parametrize("name", ["nowhere/at/all.pt", "./nothing", "no-such-model-of-this-name"])
def test_nothing_there(name: str) -> None:
    with pytest.raises(CheckpointError):
        load(name, offline=True)


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="it holds no model") as caught:
        load(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_config_alone(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mamba"}))
    with pytest.raises(CheckpointError, match="model_type is 'mamba'"):
        load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "clip", "model_type": "clip"}')
    with pytest.raises(CheckpointError, match="twice"):
        load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "clip"}')
    with pytest.raises(CheckpointError, match="holds no weights"):
        load(tmp_path)


def test_another_tokenizer(folder: Path, tmp_path: Path) -> None:
    """Named by the caller, and refused if the model has no embedding for what it knows."""
    vocabulary = json.loads((folder / "tokenizer.json").read_text())
    (tmp_path / "other").mkdir()
    words = vocabulary["model"]["vocab"]
    words["red"], words["blue"] = words["blue"], words["red"]
    (tmp_path / "other" / "tokenizer.json").write_text(json.dumps(vocabulary))
    one, other = (load(folder, precision="fp32", device="cpu", tokenizer=t) for t in (None, tmp_path / "other"))
    assert torch.equal(one.embed_texts(["red"]), other.embed_texts(["blue"]))
    words["purple"] = len(words)
    (tmp_path / "other" / "tokenizer.json").write_text(json.dumps(vocabulary))
    with pytest.raises(CheckpointError, match="its tokenizer knows"):
        load(folder, tokenizer=tmp_path / "other")


def test_devices() -> None:
    assert choose_device("cpu") == CPU
    assert choose_device(CPU) == CPU
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("tpu", "cuda:99", "cpu:3", "xpu", "meta"):
        with pytest.raises(UsageError, match="device"):
            choose_device(name)


def test_precisions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_precision("fp16", CPU) == torch.float16
    assert choose_precision(torch.bfloat16, CPU) == torch.bfloat16
    for name in ("int4", "float", torch.float64):
        with pytest.raises(UsageError, match="precision"):
            choose_precision(name, CPU)
    for units, precision in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(placement, "has_bf16_units", lambda device, units=units: units)
        assert choose_precision("auto", CPU) == precision


def test_asks_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    for amx, avx in ((False, False), (True, False), (False, True)):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda amx=amx: amx, raising=False)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda avx=avx: avx, raising=False)
        assert has_bf16_units(CPU) == (amx or avx)
    for capability, expected in (((7, 5), False), ((8, 0), True), ((9, 0), True)):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, capability=capability: capability)
        assert has_bf16_units(torch.device("cuda")) == expected
    assert not has_bf16_units(torch.device("mps"))


def test_a_folder_with_one_archive_is_that_archive(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(1, np.float32))
    with pytest.raises(CheckpointError, match=r"a\.npz: it is no PaliGemma of big_vision"):
        load(tmp_path)
    np.savez(tmp_path / "b.npz", x=np.zeros(1, np.float32))
    with pytest.raises(CheckpointError, match="it holds no model"):
        load(tmp_path)
