"""What every dual encoder owes its users, whatever its towers: an answer about one thing depends on nothing else."""

from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from seeread.interface import Compares, Images, Patches
from seeread.models.dual_encoder import DualEncoder, DualEncoderConfig
from seeread.nn.transformer import TransformerConfig
from seeread.text.encoder import TextEncoderConfig
from seeread.vision.naflex import NaFlexConfig
from seeread.vision.resnet import ResNetConfig
from seeread.vision.tower import build_pool
from seeread.vision.vit import ViTConfig

SMALL = TransformerConfig(width=24, layers=2, heads=3, hidden=40, activation="quick_gelu")
CLIP_TEXT = TextEncoderConfig(transformer=SMALL, vocabulary=50, context_length=9, pool="end", end_id=49)
SIGLIP_TEXT = TextEncoderConfig(transformer=SMALL, vocabulary=50, context_length=9, causal=False, pool="last")

CONFIGS = {
    "clip": DualEncoderConfig(
        vision=ViTConfig(
            transformer=SMALL, image_size=20, patch_size=6, class_token=True, patch_bias=False, pre_norm=True
        ),
        text=CLIP_TEXT,
        embedding=10,
    ),
    "resnet": DualEncoderConfig(
        vision=ResNetConfig(layers=(1, 2, 1, 1), stem=4, heads=2, image_size=64),
        text=CLIP_TEXT,
        embedding=10,
        image_pool="spatial attention",
        image_projection=False,
    ),
    "siglip": DualEncoderConfig(
        vision=ViTConfig(transformer=SMALL, image_size=20, patch_size=5),
        text=SIGLIP_TEXT,
        embedding=24,
        image_pool="attention",
        image_projection=False,
        text_projection="linear with bias",
        loss="sigmoid",
    ),
    "naflex": DualEncoderConfig(
        vision=NaFlexConfig(transformer=SMALL, patch_size=2, positions=3),
        text=SIGLIP_TEXT,
        embedding=24,
        image_pool="attention",
        image_projection=False,
        text_projection="linear with bias",
        loss="sigmoid",
    ),
}
GRIDS = [(1, 1), (2, 5), (5, 2), (3, 4), (1, 12), (3, 3)]


def random_model(config: DualEncoderConfig) -> DualEncoder:
    torch.manual_seed(0)
    model = DualEncoder(config).eval()
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif tensor.is_floating_point():
            nn.init.normal_(tensor, std=0.3)
    return model


MODELS = {name: random_model(config) for name, config in CONFIGS.items()}
every = pytest.mark.parametrize("name", CONFIGS)
few = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


def images(name: str, count: int, seed: int) -> Images:
    generator = torch.Generator().manual_seed(seed)
    size = CONFIGS[name].image_size
    if size is not None:
        return torch.randn(count, 3, size, size, generator=generator)
    grid = torch.tensor([GRIDS[(seed + n) % len(GRIDS)] for n in range(count)])
    return Patches(torch.randn(count, 12, 12, generator=generator), grid)


def texts(name: str, count: int, seed: int) -> Tensor:
    tokens = torch.randint(0, 49, (count, 9), generator=torch.Generator().manual_seed(seed))
    if CONFIGS[name].text.pool == "end":
        for n, text in enumerate(tokens):
            text[2 + (seed + n) % 7 :] = 49
    return tokens


def some(inputs: Images, places: list[int]) -> Images:
    return Patches(inputs.pixels[places], inputs.grid[places]) if isinstance(inputs, Patches) else inputs[places]


@every
@few
@given(data=st.data(), count=st.integers(1, 6), seed=st.integers(0, 99))
@torch.no_grad()
def test_order_of_a_batch_means_nothing(name: str, data: st.DataObject, count: int, seed: int) -> None:
    model, seen, read = MODELS[name], images(name, count, seed), texts(name, count + 1, seed)
    images_order = data.draw(st.permutations(range(count)))
    texts_order = data.draw(st.permutations(range(count + 1)))
    logits = model(seen, read)
    shuffled = model(some(seen, images_order), read[texts_order])
    torch.testing.assert_close(shuffled, logits[images_order][:, texts_order], rtol=1e-5, atol=1e-5)


@every
@few
@given(count=st.integers(1, 6), seed=st.integers(0, 99))
@torch.no_grad()
def test_together_as_one_by_one(name: str, count: int, seed: int) -> None:
    model, seen, read = MODELS[name], images(name, count, seed), texts(name, count, seed)
    alone = torch.cat([model.embed_image(some(seen, [n])) for n in range(count)])
    torch.testing.assert_close(model.embed_image(seen), alone, rtol=0, atol=2e-6)
    alone = torch.cat([model.embed_text(read[n : n + 1]) for n in range(count)])
    torch.testing.assert_close(model.embed_text(read), alone, rtol=0, atol=2e-6)


@every
@torch.no_grad()
def test_gives_unit_vectors_and_logits(name: str) -> None:
    model = MODELS[name]
    seen, read = model.embed_image(images(name, 3, 0)), model.embed_text(texts(name, 2, 0))
    assert seen.shape == (3, CONFIGS[name].embedding)
    assert read.shape == (2, CONFIGS[name].embedding)
    for vectors in (seen, read):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)), rtol=0, atol=1e-6)
    logits = model(images(name, 3, 0), texts(name, 2, 0))
    assert logits.shape == (3, 2)
    expected = model.similarity.log_scale.exp() * seen @ read.T
    if CONFIGS[name].loss == "sigmoid":
        expected += model.similarity.bias
    torch.testing.assert_close(logits, expected)
    assert isinstance(model, Compares)
    assert model.loss == CONFIGS[name].loss


@every
def test_every_weight_matters(name: str) -> None:
    """Each parameter has a gradient: none is there for nothing. (Those of key biases are zero but for rounding.)"""
    model = random_model(CONFIGS[name])
    model(images(name, 3, 0), texts(name, 3, 0)).cos().sum().backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert [n for n in idle if not n.endswith("key.bias")] == []


@pytest.mark.parametrize("name", ["clip", "resnet"])
@torch.no_grad()
def test_padding_behind_the_end_means_nothing(name: str) -> None:
    model, read = MODELS[name], texts(name, 5, 3)
    for text in read:
        end = int((text == 49).int().argmax())
        other = text.clone()
        other[end + 1 :] = 7
        for form in (text[: end + 1], other):
            torch.testing.assert_close(model.embed_text(form[None]), model.embed_text(text[None]), rtol=0, atol=2e-6)
    assert CONFIGS[name].text.cut_is_exact


@pytest.mark.parametrize("name", ["siglip", "naflex"])
@torch.no_grad()
def test_padding_is_read_where_it_was_learned(name: str) -> None:
    text = texts(name, 1, 0)
    shorter = MODELS[name].embed_text(text[:, :-2])
    assert float((shorter - MODELS[name].embed_text(text)).abs().max()) > 0.01
    assert not CONFIGS[name].text.cut_is_exact


def test_which_token_speaks() -> None:
    tokens = torch.tensor([[3, 9, 8, 9, 1], [9, 2, 2, 2, 2]])
    for pool, places in (("largest", [1, 0]), ("end", [2, 0]), ("last", [4, 4]), ("first", [0, 0])):
        config = replace(CLIP_TEXT, pool=pool, end_id=8)
        encoder = MODELS["clip"].text
        before, encoder.config = encoder.config, config
        try:
            assert encoder.speaker(tokens).tolist() == places
        finally:
            encoder.config = before


def test_poolings_that_make_no_sense() -> None:
    vit = CONFIGS["siglip"].vision
    for pool, tower in (("class", vit), ("spatial attention", vit), ("class", CONFIGS["resnet"].vision)):
        with pytest.raises(ValueError, match="cannot be pooled"):
            build_pool(pool, tower, 8)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot be shared by 5 attention heads"):
        DualEncoder(replace(CONFIGS["siglip"], vision=replace(vit, transformer=replace(SMALL, heads=5))))  # type: ignore[type-var]
