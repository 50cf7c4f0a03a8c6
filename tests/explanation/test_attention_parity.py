"""Maps are those of the references' plain attention: of transformers, of open_clip and of OpenFlamingo's authors."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seeread.checkpoints.assemble import build
from seeread.checkpoints.formats import transformers as formats
from seeread.checkpoints.formats.recognise import read
from seeread.checkpoints.match import skeleton
from seeread.explanation.capture import ATTENTION, Look, capture
from tests.explanation.eager import eager_maps
from tests.parity import (
    reference_coca,
    reference_idefics,
    reference_open_clip,
    reference_paligemma,
    reference_perceiver,
    reference_transformers,
    reference_writers,
    test_chameleon,
    test_coca,
    test_fuyu,
    test_idefics,
    test_llava,
    test_paligemma,
    test_t5,
    test_transformers_siglip,
)
from tests.parity.agreement import answer, distance

CPU = torch.device("cpu")
PRECISE = 1e-5


@torch.no_grad()
def looks_of(model: nn.Module, run: Callable[[], object]) -> list[Look]:
    with capture(model, ATTENTION) as captured:
        run()
    return captured.looks


def agree(looks: list[Look], theirs: list[Tensor], asks: Tensor | None = None) -> list[Look]:
    """Each of our maps is the next of theirs that is as large: layers that only they compute, since nothing depends on
    them, lie between. Of queries one for each token only those that `asks`, (rows, tokens), marks are compared: where
    padding looks nobody cares."""
    assert looks
    rest = iter(theirs)
    for look in looks:
        expected = next((one for one in rest if one.numel() == look.weights.numel()), None)
        assert expected is not None, f"there is none for {look.module}"
        there = torch.ones(1, 1, 1, 1)
        if asks is not None and look.weights.shape[2] == asks.shape[1] and len(look.weights) == len(asks):
            there = asks[:, None, :, None].float()
        assert distance(look.weights * there, expected.reshape(look.weights.shape) * there) < PRECISE, look.module
    return looks


@pytest.mark.parametrize("kind", ["CLIP", *test_transformers_siglip.VARIANTS])
def test_dual_encoders(tmp_path: Path, kind: str) -> None:
    """Both towers, and the pooling of SigLIP."""
    make, settings = test_transformers_siglip.VARIANTS.get(kind, (reference_transformers.clip, {}))
    theirs = make(tmp_path, **settings)
    model: Any = build(formats.read(tmp_path), CPU, torch.float32)
    if kind == "CLIP":
        images: Any = reference_transformers.random_images(3, 30)
        tokens = reference_transformers.tokens_with_end(4, model.config.text.context_length, model.config.text.end_id)
    else:
        images = test_transformers_siglip.images_for(model)
        tokens = test_transformers_siglip.tokens_for(model)
    found = eager_maps(theirs, lambda: reference_transformers.asking(theirs)(images, tokens))
    patches = getattr(images, "valid", None)
    agree(looks_of(model, lambda: answer(model, images, tokens)), found, patches)


@pytest.mark.parametrize("kind", reference_writers.LANGUAGE_MODELS)
def test_language_models(tmp_path: Path, kind: str) -> None:
    """Grouped keys, windows, caps, distances, learned and rotary places: all kinds."""
    theirs = reference_writers.language_model(tmp_path, kind)
    model, given = reference_writers.opened(tmp_path), reference_writers.prompts((13, 7, 9))
    found = eager_maps(theirs, lambda: theirs(**given.keywords))
    agree(looks_of(model, lambda: model(given.batch)), found, given.valid)


@pytest.mark.parametrize("kind", ["1.5", "NeXT over SigLIP and Qwen2"])
def test_llavas(tmp_path: Path, kind: str) -> None:
    case = test_llava.make(tmp_path, kind)
    given = case.given()
    found = eager_maps(case.theirs, lambda: case.theirs(**given.keywords))
    agree(looks_of(case.model, lambda: case.model(given.batch)), found, given.valid)


@pytest.mark.parametrize("second", [False, True], ids=["Gemma", "Gemma 2"])
def test_paligemmas(tmp_path: Path, second: bool) -> None:
    """A prefix that is read both ways, windows and caps."""
    theirs = reference_paligemma.paligemma(tmp_path, second)
    model, inputs = test_paligemma.ours(tmp_path), reference_paligemma.prompts(test_paligemma.ROWS, 33)
    found = eager_maps(theirs, lambda: theirs(**inputs))
    batch = test_paligemma.batch_of(inputs)
    agree(looks_of(model, lambda: model(batch)), found, batch.valid)


@pytest.mark.parametrize("kind", ["9B", "no resampler"])
def test_idefics_gates_and_resampler(tmp_path: Path, kind: str) -> None:
    case = test_idefics.make(tmp_path, kind)
    given = reference_idefics.prompts([[2, 7], [0, 5]], [13, 9])
    found = eager_maps(case.theirs, lambda: case.theirs(**given.keywords))
    pictures = given.keywords["image_attention_mask"].any(dim=-1)  # before its first picture a word reads none
    looks = looks_of(case.model, lambda: case.model(given.batch))
    agree(looks, found, given.valid & pictures)
    assert any(look.module.startswith("gates.") for look in looks)


@pytest.mark.parametrize("kind", ["T5", "mT5", "as published"])
def test_encoder_decoders(tmp_path: Path, kind: str) -> None:
    """Both halves and what is between them, with distances that were learned."""
    case = test_t5.make(tmp_path, kind)
    start = case.theirs.config.decoder_start_token_id
    given = test_t5.reference.given((13, 13), (9, 9), start)  # of one length: nobody cares where padding looks
    found = eager_maps(case.theirs, lambda: case.theirs(**given.keywords))
    looks = looks_of(case.model, lambda: case.model(given.batch))
    agree(looks, found)
    assert any(".cross_attention." in look.module for look in looks)


def test_fuyus(tmp_path: Path) -> None:
    case = test_fuyu.make(tmp_path, "as version 5 writes it")
    given = case.given()
    found = eager_maps(case.theirs, lambda: case.theirs(**given.keywords))
    agree(looks_of(case.model, lambda: case.model(given.batch)), found, given.valid)


@pytest.mark.parametrize("kind", list(test_chameleon.VARIANTS)[:2])
def test_chameleons(tmp_path: Path, kind: str) -> None:
    """Their tokenizer of pictures has attention, too."""
    case = test_chameleon.make(tmp_path, kind)
    given = case.given()
    found = eager_maps(case.theirs, lambda: case.theirs(**given.keywords))
    looks = looks_of(case.model, lambda: case.model(given.batch))
    agree(looks, found, given.valid)
    assert looks[0].module.startswith("vision.")


@pytest.mark.parametrize("kind", ["learned", "conv", "language", "flow"])
def test_perceivers(tmp_path: Path, kind: str) -> None:
    """Latents that read, think, and are read."""
    theirs = reference_perceiver.perceiver(tmp_path, kind)
    model, inputs = reference_perceiver.opened(tmp_path), reference_perceiver.given(kind)
    found = eager_maps(theirs, lambda: reference_perceiver.said(theirs, inputs))
    if kind == "language":  # it asks for every place that a text may have
        found[-1] = found[-1][:, :, : inputs[0].shape[1]]
    agree(looks_of(model, lambda: model(*inputs)), found)


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_open_clips(tmp_path: Path, kind: str) -> None:
    vision = {"vit": reference_open_clip.VISION, "resnet": reference_open_clip.RESNET}[kind]
    theirs = reference_open_clip.folder_of(reference_open_clip.model_config(vision), tmp_path)
    model: Any = build(read(tmp_path), CPU, torch.float32)
    images = reference_transformers.random_images(3, model.config.image_size)
    end = reference_open_clip.vocabulary(tmp_path) - 1
    tokens = reference_open_clip.texts(4, model.config.text.context_length, end)
    found = eager_maps(theirs, lambda: reference_open_clip.asking(theirs)(images, tokens))
    if kind == "resnet":  # its pooling asks for every place, and takes the first answer
        found[0] = found[0][..., :1, :]
    agree(looks_of(model, lambda: answer(model, images, tokens)), found)


def test_cocas(tmp_path: Path) -> None:
    """The pooler, words among themselves, and words that read; the comparing half of the text, too."""
    case = test_coca.make(tmp_path, "as published")
    found = eager_maps(case.theirs, lambda: reference_coca.captioning(case.theirs, case.images, case.texts))
    model: Any = case.model
    looks = looks_of(model, lambda: (model.embed_image(case.images), model.embed_text(case.texts)))
    agree(looks, found)

    words = case.texts.shape[1]
    reading = looks_of(model, lambda: model(case.batch()))
    seen = [look for look in reading if look.module.startswith(("text", "cross"))]
    theirs = found[len(found) - len(seen) :]
    for look, expected in zip(seen, theirs, strict=True):
        # Ours has the place of the picture before the words, and theirs on its first layers a class token behind them.
        keys = slice(1, None) if look.module.startswith("text") else slice(None)
        mine, expected = look.weights[:, :, 1:, keys], expected[:, :, :words, :words]
        there = (case.texts != 0)[:, None, :, None].float()
        assert distance(mine * there, expected * there) < PRECISE, look.module
    assert {look.module.partition(".")[0] for look in seen} == {"text", "cross"}


def test_what_the_reference_calls_attentions_is_what_was_compared(tmp_path: Path) -> None:
    """What `output_attentions` gives are the very maps that were found from outside."""
    theirs = reference_writers.language_model(tmp_path, "gemma2")
    given, told = reference_writers.prompts((13, 7, 9)), []
    found = eager_maps(theirs, lambda: told.extend(theirs(**given.keywords, output_attentions=True).attentions))
    assert len(told) == 3
    assert all(torch.equal(*both) for both in zip(told, found, strict=True))


def test_a_wrong_map_is_found(tmp_path: Path) -> None:
    """A scale that is a little off, a window one too far: the comparison tells."""
    theirs = reference_writers.language_model(tmp_path, "mistral")
    model, given = reference_writers.opened(tmp_path), reference_writers.prompts((13, 7, 9))
    found = eager_maps(theirs, lambda: theirs(**given.keywords))
    block = model.text.transformer.blocks[1].attention
    block.attend.scale *= 1.001
    with pytest.raises(AssertionError, match=r"blocks\.1"):
        agree(looks_of(model, lambda: model(given.batch)), found, given.valid)
    block.attend.scale /= 1.001
    model = skeleton(replace(model.config, transformer=replace(model.config.transformer, window=5)))
    model.load_state_dict(reference_writers.opened(tmp_path).state_dict(), assign=True)
    with pytest.raises(AssertionError, match=r"blocks\.0"):
        agree(looks_of(model, lambda: model(given.batch)), found, given.valid)
