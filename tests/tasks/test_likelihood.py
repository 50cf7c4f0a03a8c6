"""Classification by models that write: right answers of one that knows them, and the arithmetic."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from seeread.errors import ImageError, UsageError
from seeread.preprocessing.dialogue import ask
from seeread.pretrained import Pretrained
from seeread.tasks.classify import classify
from seeread.tasks.writing.likelihood import QUESTION, Judge
from tests.talkers import colour_talker, tiny_llava, tiny_paligemma
from tests.tasks.test_talk import noisy, plain
from tests.tiny import colour_model

LABELS = ["red", "green", "blue", "a horse on a hill"]
MODELS = {"llava": tiny_llava, "paligemma": tiny_paligemma}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Pretrained:
    return MODELS[request.param]()


@pytest.mark.parametrize("prior", [True, False])
def test_knows_colours(prior: bool) -> None:
    results = classify(colour_talker(), [plain(colour) for colour in LABELS[:3]], LABELS, prior=prior)
    assert [result.label for result in results] == LABELS[:3]
    for result in results:
        assert result.kind == "likelihood"
        assert sum(score for _, score in result) == pytest.approx(1)
        assert result.score > 0.9


def logprob(model: Pretrained, image: Image.Image, answer: str) -> tuple[float, int]:
    """The log-probability of an answer, in one plain forward pass of a batch of one."""
    batch = model.processor.prompts([ask(model.style.asking(QUESTION), image)], [answer])
    with torch.no_grad():
        scores = model.generating.logits(model.generating.read(batch)).log_softmax(dim=-1)
    targets = batch.targets()
    chosen = scores.gather(2, targets.clamp(min=0)[..., None])[..., 0]
    return float(chosen[targets >= 0].sum()), int((targets >= 0).sum())


def test_the_arithmetic(model: Pretrained) -> None:
    """Per token, the end included, less the prior: the mean probability without anything to see."""
    image = noisy(3)
    result = classify(model, image, LABELS)
    judge = Judge(model, LABELS)
    expected = []
    for place, label in enumerate(LABELS):
        total, tokens = logprob(model, image, label)
        assert tokens == len(label) + 1 + (model.style.kind == "chat"), "each letter, the end, and a space before it"
        expected.append((total - float(judge._prior[place])) / tokens)
    likely = torch.tensor(expected).softmax(dim=0).tolist()
    assert dict(result) == pytest.approx(dict(zip(LABELS, likely, strict=True)), abs=1e-4)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    blank = [logprob(model, image, LABELS[0])[0] for image in (Image.new("RGB", (64, 64), (127, 127, 127)), noise)]
    assert float(judge._prior[0]) == pytest.approx(np.logaddexp(*blank) - np.log(2), abs=1e-3)


def test_the_prior_is_a_mean_of_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    totals = iter((-1.0, -9.0))
    monkeypatch.setattr(Judge, "_likelihoods", lambda *_: (torch.tensor([next(totals)] * 4), torch.ones(4)))
    assert Judge(colour_talker(), LABELS)._prior.tolist() == pytest.approx([np.log((np.exp(-1) + np.exp(-9)) / 2)] * 4)


def test_without_prior(model: Pretrained) -> None:
    image = noisy(3)
    totals = [logprob(model, image, label) for label in LABELS]
    likely = torch.tensor([total / tokens for total, tokens in totals]).softmax(dim=0).tolist()
    result = classify(model, image, LABELS, prior=False)
    assert dict(result) == pytest.approx(dict(zip(LABELS, likely, strict=True)), abs=1e-4)


def test_any_batch_size_gives_the_same(model: Pretrained) -> None:
    image = noisy(1)
    one, two, all_at_once = (dict(classify(model, image, LABELS, batch_size=size)) for size in (1, 2, 32))
    assert one == pytest.approx(two, abs=1e-4)
    assert one == pytest.approx(all_at_once, abs=1e-4)


def test_a_label_that_is_always_likely_gains_nothing() -> None:
    """The talker says "nothing" of grey pictures, so that its prior is large; seen, it is no more likely."""
    grey = plain("grey")
    kept, taken = (classify(colour_talker(), grey, ["nothing", "red"], prior=prior) for prior in (False, True))
    assert kept.label == "nothing"
    assert kept.score > 0.9
    assert taken.scores[0].score == pytest.approx(0.5, abs=0.01)


def test_templates_and_questions(model: Pretrained) -> None:
    image = noisy(2)
    asked = classify(model, image, LABELS)
    assert dict(classify(model, image, LABELS, question=QUESTION)) == pytest.approx(dict(asked))
    assert dict(classify(model, image, LABELS, template="none")) == pytest.approx(dict(asked))
    assert dict(classify(model, image, LABELS, question="Which colour?")) != pytest.approx(dict(asked), abs=1e-4)
    ways = ["a {}", "{}!"]
    both, *each = (dict(classify(model, image, LABELS, template=way)) for way in (ways, *ways))
    mean = torch.tensor([[one[label] for label in LABELS] for one in each]).log().mean(dim=0).softmax(dim=0)
    assert list(map(both.get, LABELS)) == pytest.approx(mean.tolist(), abs=1e-4)
    assert len(classify(model, image, LABELS, top=2)) == 2
    assert classify(model, image, LABELS, top=2).scores == asked.scores[:2]


def test_broken_pictures() -> None:
    judge = Judge(colour_talker(), LABELS)
    red, broken = judge.each([plain("red"), b"no picture"])
    assert not isinstance(red, ImageError)
    assert red.label == "red"
    assert isinstance(broken, ImageError)
    with pytest.raises(ImageError):
        classify(colour_talker(), [b"no picture"], LABELS)


def test_progress() -> None:
    seen = []

    def watch(batches):  # type: ignore[no-untyped-def]
        for batch in batches:
            seen.append(len(batch))
            yield batch

    classify(colour_talker(), [plain("red")] * 3, LABELS, progress=watch)
    assert seen == [1, 1, 1]


@pytest.mark.parametrize(
    ("misuse", "told"),
    [
        (lambda: classify(colour_model(), plain("red"), LABELS, question="what?"), "a question is for models that"),
        (lambda: classify(colour_model(), plain("red"), LABELS, prior=False), "a prior is for models that write"),
        (lambda: classify(colour_talker(), plain("red"), LABELS, batch_size=0), "batch size"),
        (lambda: classify(colour_talker(), plain("red"), ["red", "red"]), "2 times"),
        (lambda: classify(colour_talker(), plain("red"), LABELS, template="no place"), r"\{\} once"),
    ],
)
def test_misuse(misuse: Callable[[], object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        misuse()
