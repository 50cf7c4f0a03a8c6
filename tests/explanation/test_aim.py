"""What is to be explained is what the model really says, each part of it by the tokens that write it."""

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seeread.errors import ImageError, UsageError
from seeread.explanation.aim import aim, words_of
from seeread.explanation.target import Labels, Written
from seeread.generation.score import score
from seeread.preprocessing.image import Video
from seeread.pretrained import Pretrained
from seeread.tasks.answer import answer
from seeread.tasks.classify import classify
from tests.explanation.runs import shaken
from tests.talkers import byte_tokenizer, colour_talker, tiny_flamingo, tiny_llava, tiny_pali, tiny_paligemma
from tests.tasks.scripted import scripted
from tests.tiny import colour_model
from tests.training.learners import LEARNERS

TOKENIZER = byte_tokenizer()
PICTURE = Image.fromarray(numpy.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=numpy.uint8))
RED = Image.new("RGB", (16, 16), (255, 0, 0))
CATS = "<loc0001><loc0002><loc0008><loc0009> cat ; <loc0003><loc0000><loc0005><loc0007> black cat"


def written(text: str) -> Pretrained:
    """What says this of a red picture, whatever it is asked."""
    return scripted({("red", "answer en what?"): [text], ("red", "detect cat"): [text], ("red", "caption en"): [text]})


def parts(target: Written) -> list[tuple[str, str]]:
    """What each span is about, beside what its tokens write."""
    return [
        (span.about, target.model.processor.write(target.ids[span.start : span.stop])) for span in target.spans
    ]


def known(name: str) -> Pretrained:
    learner = LEARNERS[name]
    return learner.pretrained(shaken(learner.model()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("red", ["red"]),
        ("a small dog", ["a small dog", "a", "small", "dog"]),
        (" a dog, and two!", ["a dog, and two!", "a", "dog", "and", "two"]),
        ("the t-shirt's 3.5", ["the t-shirt's 3.5", "the", "t-shirt's", "3.5"]),
        ("ein Käfer im Café", ["ein Käfer im Café", "ein", "Käfer", "im", "Café"]),
        ("猫が 好き。", ["猫が 好き。", "猫", "が", "好", "き"]),
        ("\N{CAT FACE} ok", ["\N{CAT FACE} ok", "ok"][1:]),
        ("?!", ["?!"]),
    ],
)
def test_words_are_the_tokens_that_write_them(text: str, words: list[str]) -> None:
    target = aim(written(text), RED, "what?")
    assert isinstance(target, Written)
    assert [span.about for span in target.spans] == words
    assert [said.strip() for _, said in parts(target)] == words


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12))
def test_words_never_share_tokens_and_are_said_in_their_order(text: str) -> None:
    ids = TOKENIZER.encode(text, "token")
    model = colour_talker()
    spans = words_of(model, ids)
    words = [span for span in spans if span.kind == "word"]
    ends = [place for span in words for place in (span.start, span.stop)]
    assert ends == sorted(ends)
    assert all(span.start < span.stop <= len(ids) for span in spans)
    assert [model.processor.write(ids[span.start : span.stop]).strip() for span in words] == [s.about for s in words]
    assert len(spans) == len(words) + (len(words) != 1)


def test_half_a_letter_at_the_end_belongs_to_no_word() -> None:
    model, ids = colour_talker(), TOKENIZER.encode("so süß", "token")[:-1]
    assert [span.about for span in words_of(model, ids)] == ["so sü\N{REPLACEMENT CHARACTER}", "so", "sü"]


@pytest.mark.parametrize("make", [tiny_llava, tiny_paligemma, tiny_pali, tiny_flamingo])
def test_scores_are_those_of_the_answer_that_the_model_gives(make: object) -> None:
    model: Pretrained = make()  # type: ignore[operator]
    asked = "What is this?"
    target = aim(model, PICTURE, asked, max_tokens=6)
    assert isinstance(target, Written)
    said = answer(model, PICTURE, asked, max_tokens=6, logprobs=1)
    assert target.answer.strip() == said.text
    images = target.prepare([PICTURE, RED])
    likely = score(model.generating, target.batch(images))
    with torch.no_grad():
        found = target.score(images)
    tokens = likely.tokens[:, -len(target.ids) :]
    expected = torch.stack([tokens[:, span.start : span.stop].sum(dim=1) for span in target.spans], dim=1)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert said.logprob is not None
    if said.reason == "length":
        assert float(tokens[0].sum()) == pytest.approx(said.logprob * said.tokens, rel=1e-4)


@pytest.mark.parametrize("name", ["fuyu", "chameleon", "hybrid", "coca"])
def test_every_family_that_writes_can_be_aimed_at(name: str) -> None:
    model = known(name)
    target = aim(model, PICTURE, max_tokens=4)
    assert isinstance(target, Written)
    with torch.no_grad():
        scores = target.score(target.prepare([PICTURE, RED]))
    assert scores.shape == (2, len(target.spans))
    assert (scores < 0).all()
    again = aim(model, PICTURE, answer=target.answer)
    assert isinstance(again, Written)
    assert again.answer == target.answer


def test_an_answer_may_be_given() -> None:
    model = colour_talker()
    own, other = aim(model, RED, "which?"), aim(model, RED, "which?", answer="blue")
    assert isinstance(own, Written)
    assert isinstance(other, Written)
    assert [span.about for span in own.spans] == ["red"]
    assert [span.about for span in other.spans] == ["blue"]
    with torch.no_grad():
        red, blue = own.score(own.prepare([RED])), other.score(other.prepare([RED]))
    assert float(red) > float(blue) + 5


def test_each_box_is_a_part_with_its_label() -> None:
    target = aim(written(CATS), RED, "cat", task="detect")
    assert isinstance(target, Written)
    assert target.about == [("cat", "box"), ("black cat", "box")]
    first, second = (said.strip() for _, said in parts(target))
    assert first == "<loc0001><loc0002><loc0008><loc0009> cat"
    assert second == "<loc0003><loc0000><loc0005><loc0007> black cat"
    same = aim(written(CATS), RED, labels=["cat"], task="detect")
    assert isinstance(same, Written)
    assert same.ids == target.ids


@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
def test_labels_score_as_they_are_classified(loss: str) -> None:
    model = colour_model(loss)
    target = aim(model, RED, "red ; blue")
    assert isinstance(target, Labels)
    assert target.about == [("red", "label"), ("blue", "label")]
    with torch.no_grad():
        scores = target.score(target.prepare([RED]))[0]
    shares = scores.exp() if loss == "softmax" else scores.sigmoid()
    told = dict(classify(model, RED, ["red", "blue"]).scores)
    assert shares.tolist() == pytest.approx([told["red"], told["blue"]], abs=1e-5)


def test_a_single_label_scores_its_logit() -> None:
    model = colour_model()
    target = aim(model, RED, labels=["red"])
    with torch.no_grad():
        assert float(target.score(target.prepare([RED]))) == pytest.approx(5.0, abs=0.01), "the scale of a perfect fit"


def test_gradients_flow_from_labels_that_were_embedded_before() -> None:
    target = aim(colour_model(), RED, "red ; blue")
    images = target.prepare([RED])
    assert isinstance(images, torch.Tensor)
    target.score(images.requires_grad_())[0, 0].backward()
    assert images.grad is not None


def test_classes_of_a_model_of_its_own() -> None:
    model = known("perceiver_classifier")
    every = dict(classify(model, PICTURE, top=4).scores)
    target = aim(model, PICTURE)
    assert isinstance(target, Labels)
    with torch.no_grad():
        shares = target.score(target.prepare([PICTURE]))[0].exp().tolist()
    assert dict(zip(target.labels, shares, strict=True)) == pytest.approx(
        dict(sorted(every.items(), key=lambda one: -one[1])[:3]), abs=1e-5
    )
    one = aim(model, PICTURE, list(every)[3])
    assert [about for about, _ in one.about] == [list(every)[3]]


def test_of_a_model_that_writes_the_likeliest_label_is_explained() -> None:
    target = aim(colour_talker(), RED, labels=["blue", "red", "green"])
    assert target.about == [("red", "label")]


@pytest.mark.filterwarnings("ignore:A text .* is longer")
def test_one_that_does_both_compares_labels_and_captions_without() -> None:
    model = known("coca")
    assert isinstance(aim(model, PICTURE, "red ; blue"), Labels)
    assert isinstance(aim(model, PICTURE, max_tokens=3), Written)
    assert isinstance(aim(model, PICTURE, task="caption", max_tokens=3), Written)


def test_what_makes_no_sense_is_refused() -> None:
    clip, talker = colour_model(), colour_talker()
    for refused, wanted in (
        (lambda: aim(clip, RED), "Name a label"),
        (lambda: aim(clip, RED, "red", task="detect"), "does not detect"),
        (lambda: aim(clip, RED, "red", answer="red"), "gives no answers"),
        (lambda: aim(clip, RED, labels=["red", "red"]), "2 times"),
        (lambda: aim(talker, RED, " "), "blank"),
        (lambda: aim(talker, RED, "what?", answer=" "), "answers nothing"),
        (lambda: aim(talker, RED, "cat", task="detect"), "not taught to give boxes"),
        (lambda: aim(talker, RED, "cat", task="classify"), "Name the labels"),
        (lambda: aim(talker, RED, "cat", task="dance"), "no task 'dance'"),  # type: ignore[arg-type]
        (lambda: aim(talker, Video((RED, RED))), "this is a video"),
        (lambda: aim(written("no cat"), RED, "cat", task="detect"), "found nothing"),
        (lambda: aim(written(" "), RED, "cat", task="detect"), "found nothing"),
        (lambda: aim(written(" "), RED, "what?"), "answers nothing"),
        (lambda: aim(known("language_model"), RED, "what?"), "takes no pictures"),
        (lambda: aim(known("perceiver_language_model"), RED, "what?"), "fills gaps"),
        (lambda: aim(known("perceiver_classifier"), RED, "unicorn"), "none is called"),
    ):
        with pytest.raises(UsageError, match=wanted):
            refused()
    with pytest.raises(ImageError):
        aim(talker, b"no picture", "what?")
