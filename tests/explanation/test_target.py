"""What is explained: scores of labels and of parts of an answer, and their odds."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from seeread.explanation.target import Labels, Span
from tests.explanation.methods.test_relevance import asked, labelled, picture, ready
from tests.training.learners import COLOURS


def test_several_labels_share_one_probability() -> None:
    target = labelled(ready("dual_encoder"))
    scores = target.score(target.prepare([target.picture, picture()]))
    assert scores.shape == (2, 2)
    torch.testing.assert_close(scores.exp().sum(dim=1), torch.ones(2))
    assert target.likely


def test_a_single_label_is_its_logit() -> None:
    target = labelled(ready("dual_encoder"), count=1)
    images, model = target.prepare([target.picture]), target.model.comparing
    assert target.texts is not None
    torch.testing.assert_close(target.score(images), model.compare(model.embed_image(images), target.texts))
    assert not target.likely
    assert target.odds(target.score(images)) is not None


def test_classes_that_share_a_label_are_added() -> None:
    model = ready("tower_probe")
    target = Labels(model, picture(), ("warm", "green"), None, ((0, 3), (1,)))
    images = target.prepare([target.picture])
    likely = model.classifying.classify(images).softmax(dim=-1)[0]
    expected = torch.stack((likely[0] + likely[COLOURS.index("white")], likely[1])).log()
    torch.testing.assert_close(target.score(images)[0], expected)


def test_a_part_of_an_answer_is_as_likely_as_its_tokens_together() -> None:
    target = asked(ready("llava"))
    ends = len(target.ids)
    spans = (Span("all", "answer", 0, ends), Span("first", "word", 0, 1), Span("rest", "word", 1, ends))
    target = replace(target, spans=spans)
    batch = target.batch(target.prepare([target.picture]))
    logits = target.model.generating.logits(target.model.generating.read(batch))[0]
    places = range(batch.tokens.shape[1] - ends, batch.tokens.shape[1])
    each = [float(logits[place - 1].detach().log_softmax(-1)[batch.tokens[0, place]]) for place in places]
    [(everything, first, rest)] = target.score(target.prepare([target.picture])).tolist()
    assert (everything, first, rest) == pytest.approx((sum(each), each[0], sum(each[1:])), rel=1e-5)


@pytest.mark.parametrize("lead", [-3.0, 0.5, 25.0])
def test_odds_have_the_gradient_of_a_logit_however_sure_a_model_is(lead: float) -> None:
    target = labelled(ready("dual_encoder"))
    logits = torch.tensor([[lead, 0.0]], requires_grad=True)
    odds = target.odds(logits.double().log_softmax(dim=-1).float())
    assert odds[0, 0].item() == pytest.approx(lead, rel=1e-3)
    (gradient,) = torch.autograd.grad(odds[0, 0], logits)
    assert gradient[0].tolist() == pytest.approx([1.0, -1.0], rel=1e-3)


def test_vectors_are_compared_as_pictures_are() -> None:
    target = labelled(ready("dual_encoder"))
    images = target.prepare([target.picture])
    vectors = target.model.comparing.embed_image(images)
    torch.testing.assert_close(target.compared(F.normalize(vectors, dim=-1)), target.score(images))
