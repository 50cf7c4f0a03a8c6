"""Steps in parts: the gradients are those of the whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seeread.data.collate import batches_and_texts
from seeread.data.example import Example
from seeread.data.masking import Masked
from seeread.interface import Batch, Role
from seeread.training.engine.dropping import dropping
from seeread.training.engine.learner import Learner
from seeread.training.engine.step import backward
from seeread.training.objectives.contrast import Contrast, contrastive, info_nce, pairwise_sigmoid
from seeread.training.objectives.objective import Backpropagates, Objective
from seeread.training.settings import Settings
from tests.tiny import tiny_model
from tests.training.learners import LEARNERS, PICTURES, mixture

EXACT = Settings(steps=1, rate=1.0, precision="fp32")
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def gradients(model: nn.Module, objective: Objective, parts: list[Any]) -> dict[str, Tensor]:
    """Of a step in these parts, and its loss."""
    learner = Learner(model, objective, EXACT)
    loss = backward(learner, objective, parts)
    found = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad(set_to_none=True)
    return found | {"loss": loss}


def pairs(count: int = 8) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(0)
    images = torch.randn(count, 3, 16, 16, generator=chance)
    return images, torch.randint(3, 12, (count, 5), generator=chance)


def cut(batch: tuple[Tensor, Tensor], sizes: list[int]) -> list[Any]:
    return list(zip(*(each.split(sizes) for each in batch), strict=True))


@pytest.mark.parametrize("sizes", [[8], [4, 4], [2, 2, 2, 2], [1, 4, 3]])
@pytest.mark.parametrize(("loss", "plain"), [("softmax", info_nce), ("sigmoid", pairwise_sigmoid)])
def test_contrast_is_of_all_parts(loss: str, plain: Any, sizes: list[int]) -> None:
    model = tiny_model(loss).module.train()
    wanted = gradients(model, contrastive(plain), [pairs()])
    assert any(name.endswith("log_scale") for name in wanted)
    for objective in (contrastive(), contrastive(plain)):
        torch.testing.assert_close(gradients(model, objective, cut(pairs(), sizes)), wanted, **CLOSE)


def test_vectors_of_half_precision_are_compared_in_single() -> None:
    model = tiny_model("sigmoid").module.train()
    with torch.autocast("cpu", torch.bfloat16):
        images, texts = model.embed_image(pairs()[0]), model.embed_text(pairs()[1])
    wanted = pairwise_sigmoid(model.compare(images, texts)).detach()
    learner = Learner(model, contrastive(), replace(EXACT, precision="bf16"))
    for parts in ([pairs()], cut(pairs(), [4, 4])):
        torch.testing.assert_close(backward(learner, learner.objective, parts), wanted, **CLOSE)


class Noisy(nn.Module):
    """A dual encoder that leaves out some of what it sees, and has a norm over batches."""

    loss = "softmax"

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.eye, self.norm, self.words = nn.Linear(48, 6), nn.BatchNorm1d(6), nn.Embedding(12, 6)
        self.scale, self.calls = nn.Parameter(torch.tensor([7.0])), 0

    def embed_image(self, images: Tensor) -> Tensor:
        kept = nn.functional.dropout(images[:, :, :4, :4].flatten(1), 0.5)
        return nn.functional.normalize(self.norm(self.eye(kept)), dim=-1)

    def embed_text(self, tokens: Tensor) -> Tensor:
        return nn.functional.normalize(nn.functional.dropout(self.words(tokens).sum(1), 0.3), dim=-1)

    def compare(self, images: Tensor, texts: Tensor) -> Tensor:
        return self.scale * (images @ texts.T)


def test_what_was_left_out_at_first_is_left_out_again_and_norms_remember_a_batch_once() -> None:
    """The same parts, drawn alike, with all that is needed for the way back held at once."""
    parts = cut(pairs(), [3, 5])
    model = Noisy().train()
    torch.manual_seed(5)
    images, texts = (
        torch.cat(each) for each in zip(*[(model.embed_image(i), model.embed_text(t)) for i, t in parts], strict=True)
    )  # fmt: skip
    loss = info_nce(model.compare(images, texts))
    loss.backward()
    wanted = {name: weight.grad for name, weight in model.named_parameters()} | {"loss": loss.detach()}
    remembered, drawn = model.norm.running_mean.clone(), torch.rand(())

    again = Noisy().train()
    torch.manual_seed(5)
    torch.testing.assert_close(gradients(again, Contrast(), parts), wanted, **CLOSE)
    torch.testing.assert_close(again.norm.running_mean, remembered)
    assert again.norm.num_batches_tracked == 2
    assert torch.rand(()) == drawn


def test_patches_that_were_dropped_are_dropped_again() -> None:
    model = tiny_model().module.train()
    parts = cut(pairs(), [4, 4])
    with dropping(model, 0.5):
        torch.manual_seed(3)
        seen = [(model.embed_image(images), model.embed_text(texts)) for images, texts in parts]
        loss = info_nce(model.compare(*(torch.cat(each) for each in zip(*seen, strict=True))))
        loss.backward()
        wanted = {name: w.grad for name, w in model.named_parameters() if w.grad is not None}
        model.zero_grad(set_to_none=True)
        torch.manual_seed(3)
        found = gradients(model, Contrast(), parts)
    torch.testing.assert_close(found, wanted | {"loss": loss.detach()}, **CLOSE)


class Watched(nn.Module):
    """A learner spread over ranks, as far as objectives can tell: it counts when gradients would be exchanged."""

    def __init__(self, learner: nn.Module):
        super().__init__()
        self.learner, self.quiet, self.exchanged = learner, False, list[bool]()

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        self.quiet = True
        yield
        self.quiet = False

    def forward(self, batch: Any) -> Tensor:
        if torch.is_grad_enabled():
            self.exchanged.append(not self.quiet)
        return self.learner(batch)  # type: ignore[no-any-return]


@pytest.mark.parametrize("family", ["dual_encoder", "llava", "coca"])
def test_ranks_exchange_gradients_once_a_step(family: str) -> None:
    taught = LEARNERS[family]
    objective = taught.objective
    assert isinstance(objective, Backpropagates)
    learner = Watched(Learner(taught.model(), objective, EXACT))
    objective.backward(learner, [taught.batch(0), taught.batch(1), taught.batch(2)])
    assert learner.exchanged == [False, False, True]


def of_words(rows: slice | None = None) -> Batch:
    """Answers of one to four tokens."""
    tokens = torch.arange(40).view(5, 8) % 9 + 10
    roles = torch.full((5, 8), Role.PROMPT)
    for row, count in enumerate((1, 4, 2, 3, 1)):
        roles[row, 8 - count :] = Role.ANSWER
    rows = rows or slice(0, 5)
    return Batch(tokens[rows], roles[rows])


def test_each_token_of_a_step_counts_the_same() -> None:
    taught = LEARNERS["language_model"]
    model = taught.model().train()
    wanted = gradients(model, taught.objective, [of_words()])
    parts = [of_words(slice(0, 1)), of_words(slice(1, 3)), of_words(slice(3, 5))]
    torch.testing.assert_close(gradients(model, taught.objective, parts), wanted, **CLOSE)


def test_a_step_without_answers_teaches_nothing() -> None:
    taught = LEARNERS["language_model"]
    silent = replace(of_words(), roles=torch.full((5, 8), Role.PROMPT))
    found = gradients(taught.model(), taught.objective, [silent, silent])
    assert all((gradient == 0).all() for gradient in found.values())


@pytest.mark.parametrize("family", ["perceiver_language_model", "perceiver_classifier"])
def test_gaps_and_classes_count_the_same_in_parts(family: str) -> None:
    taught = LEARNERS[family]
    model, batch = taught.model().eval(), taught.batch(0)  # a norm over batches sees parts otherwise
    if isinstance(batch, Masked):
        fields = (batch.tokens, batch.truth, batch.hidden, batch.valid)
        parts: list[Any] = [
            Masked(*rows) for rows in zip(*(field.split([1, 3]) for field in fields), strict=True)
        ]
    else:
        parts = cut(batch, [1, 3])
    wanted = gradients(model, taught.objective, [batch])
    torch.testing.assert_close(gradients(model, taught.objective, parts), wanted, **CLOSE)


def test_captions_and_contrast_are_of_all_parts() -> None:
    """Captions of one letter to four, so that parts have more or fewer."""
    taught = LEARNERS["coca"]
    words = ("a", "a b", "a b c", "a b c d")
    examples = [Example(picture, "caption", "", text) for picture, text in zip(PICTURES, words, strict=True)]
    lessons, model = mixture(examples, "")(0), taught.model().train()

    def rows(first: int, count: int) -> Any:
        return batches_and_texts(lambda step: lessons[first : first + count], taught.processor)(0)

    wanted = gradients(model, taught.objective, [rows(0, 4)])
    torch.testing.assert_close(gradients(model, taught.objective, [rows(0, 1), rows(1, 3)]), wanted, **CLOSE)
