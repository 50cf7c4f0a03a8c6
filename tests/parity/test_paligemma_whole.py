"""PaliGemma from words and pictures to words, against the processor and the `generate` of `transformers`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from seeread.checkpoints.load import load
from seeread.checkpoints.save import save
from seeread.errors import CheckpointError
from seeread.generation.complete import complete
from seeread.generation.sampling import Sampling
from seeread.interface import Batch, Role
from seeread.preprocessing.dialogue import Dialogue, ask
from seeread.preprocessing.processor import Processor
from seeread.pretrained import Pretrained
from tests.checkpoints.forge import same
from tests.parity import reference_paligemma as reference
from tests.parity.agreement import FORWARD, distance
from tests.parity.paligemma_tokenizer import paligemma_folder
from tests.parity.test_big_vision import PUBLISHED

# The reference makes NumPy arrays of tensors in a way that NumPy will give up.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SIDE = 32
QUESTIONS = [
    ("caption en", 1),
    ("answer en what is on the red sofa?", 1),
    ("detect two cats ; dog", 1),
    ("Grüße!  don't \U0001f600 look", 2),
    ("which one is it?\nthe first?", 3),
]


@dataclass(frozen=True)
class Case:
    """The same model twice, and the folder that both were read from."""

    ours: Pretrained
    theirs: nn.Module
    processor: Any
    folder: Path


def picture(seed: int) -> Image.Image:
    size = (31 + 7 * seed, 53, 3)
    noise = torch.randint(0, 256, size, dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))
    return Image.fromarray(noise.numpy())


def asked(question: str, pictures: int) -> tuple[str, list[Image.Image]]:
    return "<image>" * pictures + question, [picture(seed) for seed in range(pictures)]


@pytest.fixture(scope="module", params=[False, True], ids=["Gemma", "Gemma 2"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("paligemma")
    tokens = paligemma_folder(folder, SIDE)
    settings = PUBLISHED if request.param else {}
    theirs = reference.paligemma(
        folder, request.param, 4096, SIDE, tied=False, image=tokens - 1, vocab_size=tokens + 5, **settings
    )
    processor = reference.transformers.PaliGemmaProcessor.from_pretrained(folder)
    return Case(load(folder, device="cpu", precision="fp32"), theirs, processor, folder)


def batches(case: Case, answers: list[str] | None = None) -> tuple[Batch, Any]:
    """Ours and theirs of all questions at once."""
    both = [asked(question, pictures) for question, pictures in QUESTIONS]
    dialogues = [ask(question, *pictures) for (question, _), (_, pictures) in zip(QUESTIONS, both, strict=True)]
    ours = case.ours.processor.prompts(dialogues, answers)
    texts, pictures = [text for text, _ in both], [pictures for _, pictures in both]
    options: dict[str, Any] = {"return_tensors": "pt", "padding": True, "padding_side": "left"}
    return ours, case.processor(images=pictures, text=texts, suffix=answers, **options)


def test_prompts(case: Case) -> None:
    ours, theirs = batches(case)
    assert torch.equal(ours.tokens, theirs["input_ids"])
    assert torch.equal(ours.valid, theirs["attention_mask"].bool())
    assert not ours.where(Role.ANSWER).any() and not theirs["token_type_ids"].any()
    assert isinstance(ours.images, torch.Tensor)
    assert distance(ours.images, theirs["pixel_values"]) < 1e-6


def test_prompts_with_answers(case: Case) -> None:
    answers = ["a dog running on the beach", "<loc0001><loc0512>cats", "yes", "Grüße", ""]
    ours, theirs = batches(case, answers)
    assert torch.equal(ours.tokens, theirs["input_ids"])
    assert torch.equal(ours.where(Role.ANSWER), (theirs["token_type_ids"] == 1) & ours.valid)
    targets, labels = ours.targets()[:, :-1], theirs["labels"][:, 1:]
    assert torch.equal(targets, labels)


@torch.inference_mode()
def test_logits(case: Case) -> None:
    ours, theirs = batches(case, ["a dog", "yes", "<loc0001>", "two", "cats"])
    expected = case.theirs(**{name: value for name, value in theirs.items() if name != "labels"}).logits
    assert distance(case.ours.module(ours)[ours.valid], expected[ours.valid]) < FORWARD


@torch.inference_mode()
def test_written_answers(case: Case) -> None:
    ours, theirs = batches(case)
    del theirs["labels"]
    rows = case.theirs.generate(**theirs, max_new_tokens=12, do_sample=False)[:, theirs["input_ids"].shape[1] :]
    expected = case.processor.batch_decode(rows, skip_special_tokens=True)
    processor = case.ours.processor
    written = complete(case.ours.generating, ours, Sampling(max_tokens=12), processor.end_ids, processor.write)
    assert [list(answer.ids) for answer in written] == rows.tolist()
    assert len(rows.unique()) > 20
    # Bytes that are no text look different when they come one by one; random weights write such things.
    pairs = [(a.text, b) for a, b in zip(written, expected, strict=True) if "\ufffd" not in b and "<image>" not in b]
    assert pairs and all(a == b for a, b in pairs)


@pytest.mark.parametrize("form", ["native", "transformers"])
def test_saved_and_loaded(case: Case, tmp_path: Path, form: str) -> None:
    save(case.ours, tmp_path / "saved", form)  # type: ignore[arg-type]
    again = load(tmp_path / "saved", device="cpu", precision="fp32")
    assert again.module.config == case.ours.module.config
    assert same(dict(again.module.state_dict()), dict(case.ours.module.state_dict()))
    assert again.processor.style == case.ours.processor.style
    ours, _ = batches(case)
    repeated, theirs = batches(replace(case, ours=again, processor=_processor(tmp_path / "saved", case, form)))
    assert torch.equal(repeated.tokens, ours.tokens)
    assert torch.equal(theirs["input_ids"], ours.tokens)
    if form == "transformers":
        reopened, report = reference.reopened(tmp_path / "saved")
        assert not any(report.values())
        assert same(reopened.state_dict(), case.theirs.state_dict())
        del theirs["labels"]
        with torch.inference_mode():
            difference = distance(reopened(**theirs).logits[ours.valid], case.ours.module(ours)[ours.valid])
        assert difference < FORWARD


def _processor(folder: Path, case: Case, form: str) -> Any:
    """What `transformers` makes of a folder of its own format."""
    if form != "transformers":
        return case.processor
    return reference.transformers.PaliGemmaProcessor.from_pretrained(folder)


def without_start(processor: Processor) -> Processor:
    assert processor.style is not None
    return replace(processor, style=replace(processor.style, start_text=""))


@dataclass(frozen=True)
class Forgetful(Processor):
    """Leaves out the last token of a prompt."""

    def prompts(self, dialogues: Sequence[Dialogue], answers: Sequence[str] | None = None) -> Batch:
        batch = super().prompts(dialogues, answers)
        return replace(batch, tokens=batch.tokens[:, :-1], roles=batch.roles[:, :-1])


def without_line_break(processor: Processor) -> Processor:
    return Forgetful(processor.image_transform, processor.tokenizer, processor.style)


def with_a_picture_token_less(processor: Processor) -> Processor:
    assert processor.style is not None
    return replace(processor, style=replace(processor.style, image_tokens=processor.style.image_tokens - 1))


@pytest.mark.parametrize("mistake", [without_start, without_line_break, with_a_picture_token_less])
def test_mistake_in_a_prompt_is_caught(case: Case, mistake: Callable[[Processor], Processor]) -> None:
    text, pictures = asked("caption en", 1)
    theirs = case.processor(images=pictures, text=text, return_tensors="pt")["input_ids"]
    for processor, right in ((case.ours.processor, True), (mistake(case.ours.processor), False)):
        assert torch.equal(processor.prompts([ask("caption en", *pictures)]).tokens, theirs) == right


def test_big_vision_file_with_the_tokenizer_of_the_folder(case: Case, tmp_path: Path) -> None:
    """Its vocabulary ends before the image's token, which a published tokenizer has all the same."""
    tokens = case.ours.processor.tokenizer.size - 1
    second = case.theirs.config.text_config.model_type == "gemma2"
    settings = PUBLISHED if second else {}
    theirs = reference.paligemma(None, second, 4096, SIDE, image=tokens, vocab_size=tokens, **settings)
    file = tmp_path / "pt_32.npz"
    np.savez(file, **reference.big_vision_arrays(theirs))
    with pytest.raises(CheckpointError, match="tokenizer"):
        load(file, device="cpu", precision="fp32")
    model = load(file, device="cpu", precision="fp32", tokenizer=case.folder)
    assert model.origin.format == "big_vision"
    usual, _ = batches(case)
    ours, inputs = batches(replace(case, ours=model))
    assert torch.equal(ours.roles, usual.roles)
    words = ours.where(Role.PROMPT)
    assert torch.equal(ours.tokens[words], usual.tokens[words])
    assert int(ours.tokens.max()) < tokens
    assert isinstance(ours.images, torch.Tensor) and isinstance(usual.images, torch.Tensor)
    assert torch.equal(ours.images, usual.images)
    del inputs["labels"]
    with torch.inference_mode():
        assert distance(model.module(ours)[ours.valid], theirs(**inputs).logits[ours.valid]) < FORWARD
    save(model, tmp_path / "native")
    assert load(tmp_path / "native", device="cpu", precision="fp32").processor.style == model.processor.style
