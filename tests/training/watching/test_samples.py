"""Sample pictures: what a model says of them is kept, and asking it leaves no trace in the run."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from seeread.errors import DataError, UsageError
from seeread.preprocessing.image import open_image
from seeread.pretrained import Pretrained
from seeread.training.engine.trainer import train
from seeread.training.objectives.contrast import contrastive, info_nce
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from seeread.training.watching.samples import Asked, Samples, read_samples
from seeread.training.watching.undisturbed import undisturbed
from seeread.training.watching.usual import usual
from seeread.training.watching.watcher import Watcher
from tests.talkers import tiny_llava, tiny_pali
from tests.tiny import colour_model, tiny_model
from tests.training.watching.moments import MODEL, beginning, moment

COLOURS = ("red", "green", "blue")
PICTURES = [Image.new("RGB", (60, 40), colour) for colour in ("red", "lime", "blue")]
ASKED = [Asked(picture, colour) for picture, colour in zip(PICTURES, COLOURS, strict=True)]


def follow(samples: Samples, out: Path, model: nn.Module, first: int, last: int, every: int = 10) -> None:
    samples.began(beginning(out, first, measure_every=every))
    for step in range(first + 1, last + 1):
        samples.stepped(moment(step), model)
    samples.ended(None)


def test_a_model_that_compares_chooses_among_candidates(tmp_path: Path) -> None:
    model = colour_model()
    heard: list[tuple[int, list[str]]] = []
    samples = Samples(tmp_path, model, ASKED, COLOURS, template="{}")
    samples.listeners.append(lambda step, asked, said: heard.append((step, [one[0][0] for one in said])))
    follow(samples, tmp_path, model.module, 0, 25)
    assert heard == [(step, list(COLOURS)) for step in (0, 10, 20)]
    kept = read_samples(tmp_path)
    assert [one.truth for one in kept] == list(COLOURS)
    assert [step for step, _ in kept[1].said] == [0, 10, 20]
    (best, score), *others = kept[1].said[-1][1]
    assert best == "green" and score is not None and 0.5 < score <= 1 and len(others) == 2
    assert open_image(tmp_path / "samples" / kept[2].file).size == (60, 40)


def test_the_last_step_is_asked_whatever_its_number(tmp_path: Path) -> None:
    model = colour_model()
    follow(Samples(tmp_path, model, ASKED, COLOURS), tmp_path, model.module, 0, 100, every=70)
    assert [step for step, _ in read_samples(tmp_path)[0].said] == [0, 70, 100]


@pytest.mark.parametrize("make", [tiny_llava, tiny_pali])
def test_a_model_that_writes_answers_or_describes(tmp_path: Path, make: Callable[[], Pretrained]) -> None:
    model = make()
    asked = [Asked(PICTURES[0], "red", "what colour?"), Asked(PICTURES[1], "a green thing")]
    follow(Samples(tmp_path, model, asked), tmp_path, model.module, 0, 1)
    first, second = read_samples(tmp_path)
    assert first.question == "what colour?" and not second.question
    ((step, ((text, score),)),) = second.said
    assert step == 0 and isinstance(text, str) and score is None


def test_a_run_that_goes_on_says_nothing_twice(tmp_path: Path) -> None:
    model = colour_model()
    follow(Samples(tmp_path, model, ASKED, COLOURS), tmp_path, model.module, 0, 50)
    follow(Samples(tmp_path, model, ASKED, COLOURS), tmp_path, model.module, 25, 35)
    assert [step for step, _ in read_samples(tmp_path)[0].said] == [0, 10, 20, 30]
    other = [Asked(PICTURES[1], "green")]
    follow(Samples(tmp_path, model, other, COLOURS), tmp_path, model.module, 35, 45)
    (only,) = read_samples(tmp_path)
    assert only.truth == "green" and [step for step, _ in only.said] == [40]


def test_broken_pictures_are_left_out_and_the_others_are_as_they_were(tmp_path: Path) -> None:
    large = Image.new("RGB", (900, 600), "red")
    model = colour_model()
    samples = Samples(tmp_path, model, [Asked(tmp_path / "gone.jpg"), Asked(large, "red")], COLOURS)
    follow(samples, tmp_path, model.module, 0, 1)
    assert [one.truth for one in read_samples(tmp_path)] == ["red"]
    assert large.size == (900, 600) and samples.asked[0].image.size == (900, 600)  # type: ignore[union-attr]
    assert open_image(tmp_path / "samples" / "01.jpg").size == (320, 213)


def test_a_model_that_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing to choose from\. Give candidates"):
        Samples(tmp_path, tiny_model(), ASKED)


def test_damage_is_told(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "pictures.json").write_text("[1]")
    with pytest.raises(DataError, match=r"pictures\.json cannot be read"):
        read_samples(tmp_path)


def test_nothing_is_disturbed() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.Sequential(nn.BatchNorm1d(2)))
    model.train()
    model[2].eval()  # a frozen part
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)
    state = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()  # type: ignore[union-attr, index]
    with undisturbed(model):
        assert not any(module.training for module in model.modules()) and not torch.is_grad_enabled()
        torch.rand(3), random.random(), np.random.rand()
        model(torch.ones(2, 2))
    assert [module.training for module in model] == [True, True, False]
    assert not model[2][0].training and model.training and torch.is_grad_enabled()
    assert torch.equal(state[0], torch.get_rng_state()) and state[1] == random.getstate()
    assert np.array_equal(state[2], np.random.get_state()[1])  # type: ignore[index]
    with pytest.raises(ValueError, match="in between"), undisturbed(model):
        raise ValueError("in between")
    assert model[1].training and not model[2][0].training


def batches(step: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(step)
    images = torch.eye(4, 3)[:, :, None, None] + 0.1 * torch.randn(4, 3, 16, 16, generator=generator)
    return images, torch.tensor([[1, 4 + place, 2] for place in range(4)])


class Restless(nn.Module):
    """Learns as its model does, and draws from all sources of chance whenever it is asked."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner
        self.dropout = nn.Dropout(0.3)

    @property
    def loss(self) -> str:
        return "softmax"

    def embed_image(self, images: Tensor) -> Tensor:
        torch.rand(1), random.random(), np.random.rand()
        return self.inner.embed_image(self.dropout(images))  # type: ignore[operator, no-any-return]

    def embed_text(self, tokens: Tensor) -> Tensor:
        return self.inner.embed_text(tokens)  # type: ignore[operator, no-any-return]

    def compare(self, images: Tensor, texts: Tensor) -> Tensor:
        return self.inner.compare(images, texts)  # type: ignore[operator, no-any-return]

    def forward(self, images: Tensor, tokens: Tensor) -> Tensor:
        return self.compare(self.embed_image(images), self.embed_text(tokens))


@pytest.mark.parametrize("average", [0.9, None])
def test_the_weights_are_the_same_with_and_without_watchers(tmp_path: Path, average: float | None) -> None:
    settings = Settings(steps=8, rate=3e-3, precision="fp32", average=average, measure_every=3, save_every=5)

    def learned(out: Path, watched: bool) -> tuple[dict[str, Tensor], Sequence[float]]:
        start = tiny_model()
        model = replace(start, model=Restless(start.module))  # type: ignore[arg-type]
        random.seed(0)
        np.random.seed(0)
        watchers: list[Watcher] = []
        if watched:
            watchers = usual(out, samples=Samples(out, model, ASKED, COLOURS), tensorboard=True)
        objective = contrastive(info_nce)
        ended = train(model.module, objective, Steps(batches), settings, out, watchers=watchers)
        return ended.state_dict(), (random.random(), float(np.random.rand()))

    plain, chance = learned(tmp_path / "plain", False)
    watched, chance_then = learned(tmp_path / "watched", True)
    assert [name for name in plain if not torch.equal(plain[name], watched[name])] == []
    assert chance == chance_then
    assert [step for step, _ in read_samples(tmp_path / "watched")[0].said] == [0, 3, 6, 8]


def test_a_model_without_pictures_to_show_is_asked_nothing(tmp_path: Path) -> None:
    follow(Samples(tmp_path, colour_model(), [], COLOURS), tmp_path, MODEL, 0, 20)
    assert read_samples(tmp_path) == []


def test_weights_that_are_spread_over_ranks_are_left_alone(tmp_path: Path) -> None:
    """The other ranks would not know that they are wanted, and this one would wait for them for ever."""
    model = colour_model()
    model.module.words.full_tensor = lambda: None  # type: ignore[union-attr, method-assign]
    follow(Samples(tmp_path, model, ASKED, COLOURS), tmp_path, model.module, 0, 20)
    assert read_samples(tmp_path)[0].said == ()
