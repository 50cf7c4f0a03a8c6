"""Saving: what comes back is what was there, and nothing is ever half there or written over by accident."""

from pathlib import Path
from typing import Any

import pytest
import torch

import seeread
from seeread.checkpoints.files import read_tensors
from seeread.checkpoints.formats import native, transformers
from seeread.checkpoints.load import load
from seeread.checkpoints.save import checkpoint_of, save, write
from seeread.errors import CheckpointError, UsageError
from tests.checkpoints.forge import same
from tests.checkpoints.test_native import checkpoint
from tests.tiny import colour_model, tiny_model

PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@pytest.mark.parametrize("kind", ["vit", "resnet", "naflex"])
@pytest.mark.parametrize("run", PRECISIONS)
@pytest.mark.parametrize("stored", PRECISIONS)
def test_save_equals_load(tmp_path: Path, kind: str, stored: str, run: str) -> None:
    """Bit for bit as it was stored, whatever precision it ran in."""
    before = checkpoint(kind, PRECISIONS[stored])
    native.write(before, tmp_path / "first")
    model = load(tmp_path / "first", precision=run, device="cpu")
    save(model, tmp_path / "second")
    assert same(native.read(tmp_path / "second").tensors, before.tensors)
    files = [path.relative_to(tmp_path / "first") for path in (tmp_path / "first").iterdir()]
    assert all((tmp_path / "first" / f).read_bytes() == (tmp_path / "second" / f).read_bytes() for f in files)
    again = load(tmp_path / "second", precision=run, device="cpu")
    texts = ["a photo of the dog", "red"]
    assert torch.equal(model.embed_texts(texts), again.embed_texts(texts))


def test_changed_weights_are_saved_as_they_are(tmp_path: Path) -> None:
    before = checkpoint("vit", torch.float16)
    native.write(before, tmp_path / "first")
    model = load(tmp_path / "first", precision="fp32", device="cpu")
    with torch.no_grad():
        model.module.text.norm.weight[0] += 1e-6
    save(model, tmp_path / "second")
    after = native.read(tmp_path / "second").tensors
    assert torch.equal(after.pop("text.norm.weight"), model.module.text.norm.weight)
    assert after["text.norm.bias"].dtype == torch.float16
    assert same(after, {name: tensor for name, tensor in before.tensors.items() if name in after})
    assert same(native.read(tmp_path / "first").tensors, before.tensors)  # the mapped file is not the model


def test_saves_what_was_never_loaded(tmp_path: Path) -> None:
    model = tiny_model()
    seeread.save(model, tmp_path / "new")
    again = seeread.load(tmp_path / "new", precision="fp32", device="cpu")
    assert same(dict(model.module.state_dict()), dict(again.module.state_dict()))
    torch.testing.assert_close(model.embed_texts(["red dog"]), again.embed_texts(["red dog"]), rtol=0, atol=1e-6)
    assert torch.equal(model.compare(torch.eye(8), torch.eye(8)), again.compare(torch.eye(8), torch.eye(8)))


def test_saves_over_the_folder_it_was_loaded_from(tmp_path: Path) -> None:
    native.write(checkpoint(), tmp_path / "model")
    model = load(tmp_path / "model", precision="fp32", device="cpu")
    with torch.no_grad():
        model.module.image_projection.weight.mul_(2)
    expected = {name: tensor.clone() for name, tensor in model.module.state_dict().items()}
    save(model, tmp_path / "model")
    assert same(native.read(tmp_path / "model").tensors, expected)
    assert same(dict(model.module.state_dict()), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_loaded_weights_that_are_gone(tmp_path: Path, precision: str) -> None:
    native.write(checkpoint(), tmp_path / "model")
    model = load(tmp_path / "model", precision=precision, device="cpu")
    (tmp_path / "model" / "model.safetensors").unlink()
    packed = model.module.state_dict().keys() != checkpoint().tensors.keys()
    if not packed:
        save(model, tmp_path / "other")
        return
    with pytest.raises(CheckpointError, match="no longer there"):
        save(model, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_other_kinds() -> None:
    with pytest.raises(UsageError, match="ColourModel cannot be saved"):
        checkpoint_of(colour_model())
    with pytest.raises(UsageError, match="no format 'onnx'"):
        save(tiny_model(), "somewhere", format="onnx")  # type: ignore[arg-type]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("stranger", ["thesis.txt", "photos/", ".git/", "weights.npz"])
def test_never_over_anything_else(tmp_path: Path, stranger: str, overwrite: bool) -> None:
    folder = tmp_path / "model"
    native.write(checkpoint(), folder)
    (folder / stranger).mkdir() if stranger.endswith("/") else (folder / stranger).write_text("years of work")
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(CheckpointError, match="no part of a checkpoint"):
        save(tiny_model(), folder, overwrite=overwrite)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_overwrites_when_allowed(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    transformers_like(folder)
    with pytest.raises(CheckpointError, match="holds a checkpoint already"):
        save(tiny_model(), folder)
    save(tiny_model(), folder, overwrite=True)
    assert not (folder / "preprocessor_config.json").exists()
    native.read(folder)
    save(tiny_model(seed=1), folder)  # one of ours
    assert same(native.read(folder).tensors, dict(tiny_model(seed=1).module.state_dict()))
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(CheckpointError, match="it is a file"):
        save(tiny_model(), file, overwrite=True)
    (tmp_path / "empty").mkdir()
    save(tiny_model(), tmp_path / "empty")


@pytest.mark.parametrize("there", [False, True])
def test_half_written_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    """The disk is full after the weights: the old folder is what it was, and nothing is left of the new one."""
    folder = tmp_path / "model"
    if there:
        native.write(checkpoint(), folder)

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(native, "write_manifest", full)
    with pytest.raises(CheckpointError, match="No space left") as caught:
        save(tiny_model(seed=2), folder)
    assert str(folder) in str(caught.value)
    assert ".part" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == (["model"] if there else [])
    if there:
        assert same(native.read(folder).tensors, checkpoint().tensors)


def test_no_place_in_transformers(tmp_path: Path) -> None:
    for kind, words in (("resnet", "no CLIP with a ResNet"), ("vit", "no architecture")):
        with pytest.raises(CheckpointError, match=words):
            write(checkpoint(kind), tmp_path / "theirs", "transformers")
    assert not list(tmp_path.iterdir())


def test_end_that_transformers_would_misread(tmp_path: Path) -> None:
    """To `transformers` an end of 2 means the largest id, for the sake of old files."""
    from dataclasses import replace

    made = checkpoint()
    vision = replace(made.config.vision, pre_norm=True)
    with pytest.raises(CheckpointError, match="no architecture"):
        transformers.write(replace(made, config=replace(made.config, vision=vision)), tmp_path)


def test_writes_shards_that_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from functools import partial

    monkeypatch.setattr(native, "write_sharded", partial(native.write_sharded, max_bytes=5000))
    native.write(checkpoint(), tmp_path)
    assert not (tmp_path / "model.safetensors").exists()
    assert same(native.read(tmp_path).tensors, checkpoint().tensors)
    next(iter(tmp_path.glob("model-00002*"))).unlink()
    with pytest.raises(CheckpointError, match="missing"):
        native.read(tmp_path)


def transformers_like(folder: Path) -> None:
    folder.mkdir()
    for name in ("config.json", "pytorch_model.bin", "preprocessor_config.json", "vocab.json", "merges.txt"):
        (folder / name).write_text("{}")


def test_reads_with_any_reader(tmp_path: Path) -> None:
    """Plain safetensors under our names."""
    save(tiny_model(), tmp_path / "model")
    assert same(read_tensors(tmp_path / "model" / "model.safetensors"), dict(tiny_model().module.state_dict()))
