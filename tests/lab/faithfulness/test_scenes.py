"""Scenes of which the truth is known, and the benchmark over a model that sees nothing but colours."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
import tokenizers
import torch
import torch.nn.functional as F
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch import Tensor, nn

from seeread.charts.pages.page import page
from seeread.data.scenes import COLOURS
from seeread.errors import UsageError
from seeread.explanation.faith.randomise import shuffled
from seeread.explanation.heatmap import Area
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.target import AnyTarget, Labels
from seeread.lab.faithfulness.benchmark import benchmark
from seeread.lab.faithfulness.measured import mean
from seeread.lab.faithfulness.page import sections
from seeread.lab.faithfulness.records import record
from seeread.lab.faithfulness.scenes.causes import cause, hits
from seeread.lab.faithfulness.scenes.pairs import flips, share
from seeread.lab.faithfulness.scenes.scene import THINGS, aimed, asked, where
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer, TokenizerRules
from seeread.preprocessing.transform import ImageTransform
from seeread.pretrained import Origin, Pretrained

WORDS = ["<pad>", "<start>", "<end>", "<unknown>", *COLOURS]


class PaintModel(nn.Module):
    """A picture is how much there is in it of every paint, and a text the paint that it names: its score comes from the
    thing of that colour and from nothing else. Shuffled, it is as blind as any."""

    loss = "softmax"

    def __init__(self) -> None:
        super().__init__()
        self.paints = nn.Parameter(torch.tensor(list(COLOURS.values())) / 127.5 - 1)

    def near(self, images: Tensor) -> Tensor:
        """(images, paints, height, width)."""
        apart = (images[:, None] - self.paints[:, :, None, None]).norm(dim=2)
        return torch.sigmoid((0.45 - apart) * 30)

    def embed_image(self, images: Tensor) -> Tensor:
        return self.near(images).mean(dim=(2, 3))

    def embed_text(self, tokens: Tensor) -> Tensor:
        return F.one_hot(tokens, len(WORDS)).sum(dim=1)[:, 4:].float()

    def compare(self, images: Tensor, texts: Tensor) -> Tensor:
        return 100 * images @ texts.T


def paint_model() -> Pretrained:
    backend = tokenizers.Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unknown>"))
    backend.pre_tokenizer = Whitespace()
    tokenizer = Tokenizer(backend, TokenizerRules(context_length=16, pad_id=0, start_id=1, end_id=2))
    half = (0.5, 0.5, 0.5)
    processor = Processor(ImageTransform(size=(48, 48), mean=half, std=half), tokenizer)
    return Pretrained(PaintModel().eval(), processor, Origin("tests/paints", Path("paints"), "native"))  # type: ignore[arg-type]


@torch.no_grad()
def oracle(target: AnyTarget) -> Sequence[Drawn]:
    """How much each place has of the colour that is asked for: what this model's answer comes from, by hand."""
    assert isinstance(target, Labels) and target.texts is not None
    model = target.model.model
    assert isinstance(model, PaintModel)
    near = model.near(target.prepare([target.picture]))[0]  # type: ignore[arg-type]
    return [((near * target.texts[0][:, None, None]).sum(dim=0), Area())]


def method(name: str, maps: object, kind: str = "shipped") -> Method:
    return Method(name, "", "", kind, lambda target: None, maps)  # type: ignore[arg-type]


def test_scenes_ask_about_a_thing_that_there_is_one_of() -> None:
    for seed in range(12):
        one = asked(seed)
        assert len(one.scene.things) == THINGS == len({thing.shape for thing in one.scene.things})
        assert one.thing.shape in one.question and one == asked(seed)
    assert {asked(seed).place for seed in range(3)} == set(range(THINGS))


def test_a_pair_differs_in_one_colour() -> None:
    one = asked(1)
    other = one.repainted()
    changed = [place for place, (a, b) in enumerate(zip(one.scene.things, other.scene.things, strict=True)) if a != b]
    assert changed == [one.place]
    assert other.thing.colour not in {thing.colour for thing in one.scene.things}
    assert other.thing.outline == one.thing.outline and other.thing.paint == COLOURS[other.thing.colour]


def test_a_thing_is_left_out_without_a_trace() -> None:
    one = asked(2)
    changed = (numpy.array(one.picture()) != numpy.array(one.without(0))).any(axis=2)
    box, side = one.scene.things[0].box, one.picture().width
    rows, columns = changed.any(axis=1).nonzero()[0], changed.any(axis=0).nonzero()[0]
    assert rows.min() >= math.floor(box.y_min * side) and rows.max() <= math.ceil(box.y_max * side)
    assert columns.min() >= math.floor(box.x_min * side) and columns.max() <= math.ceil(box.x_max * side)


def test_the_cause_is_the_thing_that_the_score_needs() -> None:
    one, model = asked(3), paint_model()
    target = aimed(model, one)
    assert target is not None and cause(target, one) == one.place
    right = torch.zeros(16, 16)
    places = (torch.arange(16) + 0.5) / 16
    box = where(one.thing)
    inside = ((places > box.top) & (places < box.bottom))[:, None] & ((places > box.left) & (places < box.right))
    right[inside] = 1
    assert hits((right, Area()), one, one.place) == 1
    assert hits((1 - right, Area()), one, one.place) == 0
    assert hits((torch.zeros(4, 4), Area()), one, one.place) == pytest.approx(1 / THINGS)
    assert share((right, Area()), one) > 0.75


def test_a_pair_that_the_model_tells_apart_counts_and_another_does_not() -> None:
    one, model = asked(3), paint_model()
    target = aimed(model, one)
    assert target is not None and flips(model, target, one)
    blind = shuffled(model, seed=1)
    assert not flips(blind, replace(target, model=blind), one)


def test_an_oracle_beats_the_controls_and_its_opposite_does_not() -> None:
    def opposite(target: AnyTarget) -> Sequence[Drawn]:
        return [(values.max() - values, area) for values, area in oracle(target)]

    methods = [method("oracle", oracle), method("opposite", opposite)]
    seen: list[object] = []
    found = benchmark([paint_model()], methods=methods, scenes=16, progress=lambda each: (seen.append(each), each)[1])
    assert len(seen) == 1
    causes = {row.method: row for row in found.rows if row.test == "cause"}
    assert set(causes) == {"oracle", "opposite", "random", "centre", "edges"}
    assert causes["oracle"].measured.score > 0.8 and causes["oracle"].beats
    assert causes["opposite"].measured.score < causes["random"].measured.score and not causes["opposite"].beats
    assert causes["random"].beats is None and causes["random"].kind == "control"
    deletion = {row.method: row.measured.score for row in found.rows if row.test == "deletion"}
    assert deletion["oracle"] > deletion["opposite"]

    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["rows"][0]["method"] == "oracle" and {"score", "low", "high", "count", "beats"} <= set(told["rows"][0])
    assert "oracle" in page("explanations", sections(found))
    kept = record(found, "tests/paints")
    assert kept.beats("oracle") is True and kept.beats("opposite") is False
    assert kept.figures["cause"]["oracle"].count == causes["oracle"].measured.count


def test_a_map_that_does_not_know_the_model_does_not_change_with_its_weights() -> None:
    same = method("same", lambda target: [(torch.arange(16.0).reshape(4, 4), Area())])
    found = benchmark([paint_model()], methods=[same], scenes=4)
    (row,) = (row for row in found.rows if row.test == "weights")
    assert row.measured.score == 0 and not row.beats


def test_intervals() -> None:
    assert mean([[1.0], [1.0], [1.0]]).low < 0.5
    assert mean([[0.5], [1.0], []]).count == 2
    assert math.isnan(mean([]).score)


def test_refuses_a_single_scene() -> None:
    with pytest.raises(UsageError, match="at least 2"):
        benchmark([], scenes=1)
