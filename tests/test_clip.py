"""Scripts for the original CLIP package run with one line changed."""

import copy
import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from seeread import clip
from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.formats import native, openai, transformers
from seeread.errors import UsageError
from seeread.models.dual_encoder import DualEncoder, DualEncoderConfig
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import ImageTransform, PatchTransform
from seeread.text.encoder import TextEncoderConfig
from seeread.vision.naflex import NaFlexConfig
from seeread.vision.vit import ViTConfig
from tests.preprocessing.vocabularies import clip_folder, siglip_folder
from tests.shared import shared

SCRIPT = """
import torch
from seeread import clip
from PIL import Image

device = "cuda" if torch.cuda.is_available() else "cpu"
model, preprocess = clip.load("ViT-B/32", device=device)

image = preprocess(Image.open("CLIP.png")).unsqueeze(0).to(device)
text = clip.tokenize(["a diagram", "a dog", "a cat"]).to(device)

with torch.no_grad():
    image_features = model.encode_image(image)
    text_features = model.encode_text(text)

    logits_per_image, logits_per_text = model(image, text)
    probs = logits_per_image.softmax(dim=-1).cpu().numpy()

print("Label probs:", probs)  # prints: [[0.9927937  0.00421068 0.00299572]]
"""


@pytest.fixture
def words(tmp_path: Path) -> Path:
    return clip_folder(tmp_path / "words")


@pytest.fixture
def checkpoint(words: Path) -> Checkpoint:
    """A small model of OpenAI's kind."""
    sizes = TransformerConfig(width=64, layers=2, heads=1, hidden=256, activation="quick_gelu")
    vocabulary = len(json.loads((words / "vocab.json").read_text()))
    vision = ViTConfig(
        transformer=sizes, image_size=24, patch_size=8, class_token=True, patch_bias=False, pre_norm=True
    )
    text = TextEncoderConfig(transformer=sizes, vocabulary=vocabulary, context_length=77)
    config = DualEncoderConfig(vision=vision, text=text, embedding=20)
    return made(config, Processor(ImageTransform(size=(24, 24)), Tokenizer.clip(words)))


def made(config: DualEncoderConfig, processor: Processor) -> Checkpoint:
    torch.manual_seed(0)
    model = DualEncoder(config)
    for name, parameter in model.named_parameters():
        if "norm" not in name and "similarity" not in name:
            nn.init.normal_(parameter, std=0.3)
    return Checkpoint(config, model.state_dict(), processor, "native")


@pytest.fixture
def archive(checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """It as a `.pt` file, and where its tokenizer is."""
    openai.write(checkpoint, tmp_path / "ViT-T-8.pt")
    monkeypatch.setenv("SEEREAD_CLIP_TOKENIZER", str(tmp_path / "words"))
    return tmp_path / "ViT-T-8.pt"


@pytest.fixture
def in_cache(checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It in the hub's cache, in the place of ViT-B/32."""
    home, commit = tmp_path / "hub" / "models--openai--clip-vit-base-patch32", "a" * 40
    transformers.write(checkpoint, home / "snapshots" / commit)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commit)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.usefixtures("in_cache")
def test_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    Image.new("RGB", (40, 30), "red").save("CLIP.png")
    names: dict[str, object] = {}
    exec(SCRIPT, names)
    assert capsys.readouterr().out.startswith("Label probs: [[")
    for name, shape in (("image_features", (1, 20)), ("text_features", (3, 20)), ("logits_per_text", (3, 1))):
        found = names[name]
        assert isinstance(found, torch.Tensor)
        assert (found.shape, found.dtype) == (shape, torch.float32)


def test_features_and_logits_fit_together(archive: Path) -> None:
    """As with the original: normed by the caller and multiplied by the scale, features give the logits."""
    model, preprocess = clip.load(archive, "cpu")
    images = torch.stack([preprocess(Image.new("RGB", (50, 40), colour)) for colour in ("red", "green", "navy")])
    texts = clip.tokenize(["a dog", "two cats sleep on a red sofa"])
    seen, read = model.encode_image(images), model.encode_text(texts)
    assert not torch.allclose(seen.norm(dim=-1), torch.ones(3), atol=0.1)
    seen, read = (features / features.norm(dim=-1, keepdim=True) for features in (seen, read))
    per_image, per_text = model(images, texts)
    torch.testing.assert_close(model.logit_scale.exp() * seen @ read.T, per_image)
    torch.testing.assert_close(per_text, per_image.T, rtol=0, atol=0)
    assert model.logit_scale.ndim == 0
    per_image.sum().backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_padding_is_not_computed(archive: Path) -> None:
    model, _ = clip.load(archive, "cpu")
    texts = clip.tokenize(["a dog", "two cats"])
    with torch.no_grad():
        whole = model.dual_encoder.project_text(texts)
        lengths: list[int] = []
        model.dual_encoder.text.register_forward_pre_hook(lambda module, given: lengths.append(given[0].shape[1]))
        torch.testing.assert_close(model.encode_text(texts), whole)
    assert texts.shape == (2, 77)
    assert lengths[0] < 20


def test_attributes_that_scripts_look_at(archive: Path) -> None:
    model, preprocess = clip.load(str(archive), device="cpu", jit=False)
    assert (model.visual.input_resolution, model.visual.output_dim) == (24, 20)
    assert (model.context_length, model.dtype, model.training) == (77, torch.float32, False)
    assert model.vocab_size == model.tokenizer.size
    image = preprocess(Image.new("L", (30, 60))).unsqueeze(0)
    assert image.shape == (1, 3, 24, 24)
    torch.testing.assert_close(model.visual(image), model.encode_image(image))
    assert model.float().eval().to("cpu") is model
    assert torch.equal(pickle.loads(pickle.dumps(preprocess))(Image.new("L", (30, 60))), image[0])
    assert copy.deepcopy(model).encode_image(image).shape == (1, 20)


def test_the_nine_models() -> None:
    assert clip.available_models() == [
        "RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B/32", "ViT-B/16", "ViT-L/14", "ViT-L/14@336px",
    ]  # fmt: skip


class TestTokenize:
    def test_as_the_original(self, monkeypatch: pytest.MonkeyPatch) -> None:
        merges = shared("clip_assets", "bpe_simple_vocab_16e6.txt.gz")
        monkeypatch.setenv("SEEREAD_CLIP_TOKENIZER", str(merges))
        clip._clip_tokenizer.cache_clear()
        tokens = clip.tokenize("Hello World!")
        assert tokens.shape == (1, 77)
        assert tokens.dtype == torch.int64
        assert tokens[0, :6].tolist() == [49406, 3306, 1002, 256, 49407, 0]
        assert not tokens[0, 5:].any()
        assert clip.tokenize(["a", "b"], context_length=9).shape == (2, 9)
        with pytest.raises(RuntimeError, match="too long for context length 77"):
            clip.tokenize(["short", "a dog " * 60])
        cut = clip.tokenize("a dog " * 60, truncate=True)
        assert cut[0, 0] == 49406
        assert cut[0, -1] == 49407
        with pytest.raises(UsageError, match="must be a string"):
            clip.tokenize([3])  # type: ignore[list-item]
        clip._clip_tokenizer.cache_clear()

    @pytest.mark.usefixtures("in_cache")
    def test_zeros_whatever_the_model_pads_with(self) -> None:
        """`transformers` pads CLIP's texts with their end."""
        model, _ = clip.load("ViT-B/32", "cpu")
        assert model.tokenizer.rules.pad_id != 0
        tokens = clip.tokenize("a dog")
        assert int(tokens.argmax()) + 1 == int((tokens != 0).sum())

    def test_models_that_read_differently(self, checkpoint: Checkpoint, archive: Path, tmp_path: Path) -> None:
        """Their ids must not be mixed up: each is asked, until only one is left."""
        rules = replace(checkpoint.processor.tokenizer.rules, context_length=32)
        words = Tokenizer(checkpoint.processor.tokenizer._backend, rules)
        text = replace(checkpoint.config.text, context_length=32)
        config = replace(checkpoint.config, text=text)
        native.write(made(config, Processor(checkpoint.processor.image_transform, words)), tmp_path / "short")
        one, _ = clip.load(archive, "cpu")
        assert clip.tokenize("a dog").shape == (1, 77)
        other, _ = clip.load(tmp_path / "short", "cpu")
        with pytest.raises(UsageError, match=r"model\.tokenize"):
            clip.tokenize("a dog")
        assert one.tokenize("a dog").shape == (1, 77)
        assert other.tokenize("a dog").shape == (1, 32)
        assert other.encode_text(one.tokenize("a dog")).shape == (1, 20)  # what is behind the end is not read
        with pytest.raises(UsageError, match="reads 32 tokens"):
            other.encode_text(one.tokenize("a dog " * 20))
        del one
        assert clip.tokenize("a dog").shape == (1, 32)


def test_a_model_of_any_resolution_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    sizes = TransformerConfig(width=12, layers=1, heads=2, hidden=20)
    transform = PatchTransform(patch_size=4, max_patches=16)
    tokenizer = Tokenizer.from_folder(siglip_folder(tmp_path / "words2"), "siglip", 8)
    text = TextEncoderConfig(transformer=sizes, vocabulary=tokenizer.size, context_length=8, causal=False, pool="last")
    config = DualEncoderConfig(
        vision=NaFlexConfig(transformer=sizes, patch_size=4, positions=4),
        text=text,
        embedding=12,
        image_pool="attention",
        image_projection=False,
        text_projection="linear with bias",
        loss="sigmoid",
    )
    native.write(made(config, Processor(transform, tokenizer)), tmp_path / "naflex")
    with pytest.raises(UsageError, match="no fixed resolution"):
        clip.load(tmp_path / "naflex", "cpu")


def test_a_file_that_descends_from_openai(checkpoint: Checkpoint, tmp_path: Path, words: Path) -> None:
    """Fine-tuned, in fp32, without the sizes: from this interface's point of view there is no other CLIP."""
    tensors = openai.write_state(checkpoint.config, checkpoint.tensors)
    for name in openai.SIZES:
        del tensors[name]
    torch.save(tensors, tmp_path / "tuned.pt")
    model, _ = clip.load(tmp_path / "tuned.pt", "cpu", tokenizer=words)
    assert model.dual_encoder.config == checkpoint.config
