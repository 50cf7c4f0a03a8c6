"""`seeread.explain`: a map for each thing that was said, tested, with what there is to know about it."""

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image
from torch import Tensor

import seeread
from seeread.errors import UsageError
from seeread.explanation.aim import aim
from seeread.explanation.explain import explain, explain_target
from seeread.explanation.faith.record import NAME, Figure, Record
from seeread.explanation.faith.verdict import Faithfulness
from seeread.explanation.heatmap import Area
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.table import fitting
from seeread.explanation.target import AnyTarget
from seeread.explanation.told import as_json
from seeread.nn.packed import PackedLinear
from seeread.pretrained import Origin, Pretrained
from tests.explanation.runs import shaken
from tests.remote.server import serving
from tests.talkers import tiny_flamingo, tiny_llava, tiny_pali, tiny_paligemma
from tests.tasks.scripted import scripted
from tests.tiny import colour_model, tiny_model
from tests.training.learners import LEARNERS

PICTURE = Image.fromarray(numpy.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=numpy.uint8))
RED = Image.new("RGB", (16, 16), (255, 0, 0))
FAST = {"checks": 2}


def red_corner() -> Image.Image:
    """Grey, and red in its upper right quarter."""
    picture = Image.new("RGB", (64, 64), (120, 120, 120))
    picture.paste((255, 0, 0), (32, 0, 64, 32))
    return picture


def spot(at: tuple[int, int]) -> Method:
    """A method that says of everything that it came from there."""

    def maps(target: AnyTarget) -> list[Drawn]:
        values = torch.zeros(8, 8)
        values[at[0] : at[0] + 4, at[1] : at[1] + 4] = 1
        return [(values, Area()) for _ in target.about]

    return Method(f"spot {at}", "Always there.", "", "shipped", lambda target: None, maps)


def test_it_is_offered_by_the_package() -> None:
    assert seeread.explain is explain


@pytest.mark.parametrize("make", [tiny_llava, tiny_paligemma, tiny_pali, tiny_flamingo])
def test_models_that_write(make: Any) -> None:
    found = explain(make(), PICTURE, "What is this?", max_tokens=5, **FAST)
    assert found.answer
    assert found.text == "What is this?"
    for one in found.maps:
        assert one.values.dtype == torch.float32
        assert one.values.ndim == 2
        assert (one.values >= 0).all()
        assert one.faithfulness is not None
        assert one.probability == pytest.approx(math.exp(one.score))
        assert one.about in found.answer


@pytest.mark.parametrize("name", ["fuyu", "hybrid", "chameleon", "coca", "dual_encoder", "perceiver_classifier"])
@pytest.mark.filterwarnings("ignore:A text .* is longer")
def test_the_other_families(name: str) -> None:
    learner = LEARNERS[name]
    model = learner.pretrained(shaken(learner.model()))
    text = "red ; blue" if name == "dual_encoder" else None
    found = explain(model, PICTURE, text, max_tokens=3, **FAST)
    assert found.maps
    assert all(one.values.isfinite().all() for one in found.maps)


def test_maps_that_are_right_are_believed_and_others_not() -> None:
    target = aim(colour_model("sigmoid"), red_corner(), "red")
    right, wrong = explain_target(target, [spot((0, 4)), spot((4, 0))], "red")
    assert right.maps[0].believed
    assert not wrong.maps[0].believed
    faith = wrong.maps[0].faithfulness
    assert faith is not None
    assert faith.score < 0
    assert not any("not to be believed" in note for note in right.notes)
    assert any("not to be believed" in note for note in wrong.notes)


def test_nothing_is_tested_where_nobody_asks() -> None:
    found = explain(tiny_model(), PICTURE, "red ; blue", checks=0)
    assert [one.faithfulness for one in found.maps] == [None, None]
    assert any("not tested" in note for note in found.notes)


def test_maps_and_verdicts_belong_to_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(target: AnyTarget, maps: list[tuple[Tensor, Area]], **_: object) -> list[Faithfulness]:
        return [Faithfulness(float(values.sum()), {"random": 0.0}, True, 1.0) for values, _ in maps]

    monkeypatch.setattr("seeread.explanation.explain.check", check)
    target = aim(tiny_model(), PICTURE, "red ; blue ; green")
    methods = fitting(target)
    found = explain_target(target, methods)
    assert [one.method for one in found] == [method.name for method in methods]
    for one in found:
        for heatmap in one.maps:
            assert heatmap.faithfulness is not None
            assert heatmap.faithfulness.score == pytest.approx(float(heatmap.values.sum()))


def test_a_method_by_its_name() -> None:
    model = tiny_model()
    names = [method.name for method in fitting(aim(model, PICTURE, "red"))]
    assert explain(model, PICTURE, "red", method=names[-1], checks=0).method == names[-1]
    assert explain(model, PICTURE, "red", checks=0).method == names[0]
    with pytest.raises(UsageError, match="no method 'guess'"):
        explain(model, PICTURE, "red", method="guess")


def test_boxes_are_those_that_were_written() -> None:
    text = "<loc0000><loc0003><loc0005><loc0015> cat ; <loc0015><loc0000><loc0003><loc0005> none ; " + (
        "<loc0003><loc0000><loc0005><loc0007> dog"
    )
    model = scripted({("red", "detect cat ; dog"): [text]})
    found = explain_target(aim(model, RED, "cat ; dog", task="detect"), [spot((0, 0))], checks=0)[0]
    assert [(one.about, one.kind) for one in found.maps] == [("cat", "box"), ("dog", "box")]
    boxes = [one.box for one in found.maps]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert tuple(boxes[0]) == pytest.approx((0.2, 0.0, 1.0, 1 / 3))
    assert tuple(boxes[1]) == pytest.approx((0.0, 0.2, 7 / 15, 1 / 3))


@pytest.mark.parametrize(
    ("loss", "labels", "expected"),
    [
        ("softmax", "red ; blue", 1.0),
        ("softmax", "red", None),
        ("sigmoid", "red ; blue", 0.993),
        ("sigmoid", "red", 0.993),
    ],
)
def test_probabilities_are_told_where_there_are_any(loss: str, labels: str, expected: float | None) -> None:
    found = explain_target(aim(colour_model(loss), RED, labels), [spot((0, 0))], checks=0)[0]
    assert found.maps[0].probability == (None if expected is None else pytest.approx(expected, abs=0.01))


def test_readers_are_told_of_coarse_maps_and_of_what_was_not_seen() -> None:
    found = explain(tiny_model(), PICTURE, "red", checks=0)
    assert any("2 x 2 cells" in note for note in found.notes)
    assert any("only the middle" in note for note in found.notes)
    fine = explain_target(aim(colour_model(), RED, "red"), [spot((0, 0))], checks=0)[0]
    assert not any("cells" in note or "middle" in note for note in fine.notes)


def test_what_was_measured_of_the_method_is_told_with_it(tmp_path: Path) -> None:
    model = replace(tiny_model(), origin=Origin("tests/tiny", tmp_path, "native"))
    name = explain(model, PICTURE, "red", checks=0).method
    assert explain(model, PICTURE, "red", checks=0).record is None
    figures = {"cause": {name: Figure(0.75, 0.6, 0.9, 20, True), "random": Figure(0.3, 0.2, 0.4, 20)}}
    Record("tests/tiny", "0.1", 20, 0, {"cause": "?"}, figures).write(tmp_path / NAME)
    found = explain(model, PICTURE, "red", checks=0)
    assert found.record is not None
    assert "75%" in found.record
    assert "30%" in found.record
    assert as_json(found)["record"] == {"sentence": found.record, "proven": True}


def test_progress_is_told() -> None:
    seen = 0

    def progress(batches: Iterable[Any]) -> Iterable[Any]:
        nonlocal seen
        for batch in batches:
            seen += 1
            yield batch

    explain(tiny_model(), PICTURE, "red", progress=progress, **FAST)
    assert seen > 1


def test_packed_weights_are_refused_with_what_to_do() -> None:
    model = tiny_model()
    packed = torch.nn.Module()
    packed.layer = PackedLinear(torch.zeros(4, 4), None)
    with pytest.raises(UsageError, match='precision="fp32"'):
        explain(Pretrained(packed, model.processor, model.origin), PICTURE, "red")  # type: ignore[arg-type]


def test_a_model_that_runs_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-1234567890")
    with serving() as server:
        model = seeread.load("openai:any", base_url=server.url)
        with pytest.raises(UsageError, match="Use a local model"):
            explain(model, PICTURE, "red?")


def test_json_has_all_of_it_and_nothing_that_is_no_json() -> None:
    found = explain(tiny_model(), PICTURE, "red ; blue", **FAST)
    told = json.loads(json.dumps(as_json(found), allow_nan=False))
    first, heatmap = told["maps"][0], found.maps[0]
    assert torch.tensor(first["values"]).view(first["rows"], first["columns"]).allclose(heatmap.values, rtol=1e-4)
    assert first["about"] == "red"
    assert first["area"]["left"] == pytest.approx(heatmap.area.left)
    assert heatmap.faithfulness is not None
    assert first["faithfulness"]["believed"] == heatmap.faithfulness.believed
    assert first["faithfulness"]["verdict"] == heatmap.faithfulness.verdict
    assert set(first["faithfulness"]["controls"]) == {"random", "centre", "edges"}
    endless = replace(heatmap, faithfulness=Faithfulness(0.1, {"random": 0.0}, True))
    assert as_json(replace(found, maps=(endless,)))["maps"][0]["faithfulness"]["moved"] is None


def test_the_model_is_as_it_was() -> None:
    model = tiny_llava()
    before = {name: weight.clone() for name, weight in model.module.named_parameters()}
    asking = [weight.requires_grad for weight in model.module.parameters()]
    explain(model, PICTURE, "What?", max_tokens=3, **FAST)
    assert all(torch.equal(weight, before[name]) for name, weight in model.module.named_parameters())
    assert [weight.requires_grad for weight in model.module.parameters()] == asking
    assert all(weight.grad is None for weight in model.module.parameters())
    assert not any(module._forward_hooks for module in model.module.modules())


def test_the_same_question_has_the_same_explanation() -> None:
    one, other = (explain(tiny_llava(), PICTURE, "What?", max_tokens=3, **FAST) for _ in range(2))
    assert as_json(one) == as_json(other)


def test_a_picture_may_be_a_path(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "picture.png")
    model = replace(tiny_model(), origin=Origin("m", tmp_path, "native"))
    assert explain(model, tmp_path / "picture.png", "red", checks=0).model == "m"
