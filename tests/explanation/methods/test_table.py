"""Which methods there are, and for what."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image

import seeread as sr
from seeread.errors import UsageError
from seeread.explanation.aim import aim
from seeread.explanation.faith.record import record_of
from seeread.explanation.methods.table import METHODS, default, find, fitting
from tests.explanation.methods.test_others import RESNET, resnet
from tests.explanation.methods.test_relevance import asked, labelled, ready
from tests.talkers import tiny_llava
from tests.tiny import colour_model


def names(target: Any) -> list[str]:
    return [method.name for method in fitting(target)]


def test_each_has_a_name_of_its_own_and_a_source() -> None:
    assert len({method.name for method in METHODS}) == len(METHODS)
    assert all(method.summary.endswith(".") and method.source for method in METHODS)


def test_what_fits_a_transformer_that_compares() -> None:
    found = names(labelled(ready("dual_encoder")))
    assert found == ["relevance", "legrad", "dense", "occlusion", "rollout", "attention"]


def test_what_fits_a_resnet() -> None:
    assert names(resnet()) == ["relevance", "layercam", "dense", "occlusion", "gradcam", "rollout", "attention"]


def test_what_fits_a_model_that_writes() -> None:
    assert names(asked(ready("llava"))) == ["relevance", "ablation", "occlusion", "rollout", "attention"]


def test_what_fits_a_model_that_is_none_of_ours() -> None:
    """Of it nothing is known but its scores."""
    target = labelled(ready("dual_encoder"))
    other: Any = colour_model()
    target = type(target)(other, target.picture, target.labels, torch.eye(2, 3))
    assert names(target) == ["occlusion"]
    assert default(target).name == "occlusion"


def test_every_method_that_fits_gives_a_map_of_each_score() -> None:
    for target in (labelled(ready("dual_encoder")), resnet(), asked(ready("flamingo")), asked(tiny_llava())):
        for method in fitting(target):
            maps = method.maps(target)
            assert len(maps) == len(target.about), method.name
            for values, _ in maps:
                assert values.dtype == torch.float32
                assert not values.requires_grad
                assert values.isfinite().all()
                assert (values >= 0).all(), method.name


def test_an_unknown_method_names_those_that_fit() -> None:
    with pytest.raises(UsageError, match=r"no method 'magic'\. Take one of relevance, layercam"):
        find("magic")
    with pytest.raises(UsageError, match="relevance, ablation, occlusion, rollout, attention"):
        find("magic", asked(ready("llava")))


def test_a_method_that_does_not_fit_says_why() -> None:
    with pytest.raises(UsageError, match=r"cannot be explained by legrad: it writes.* Take one of relevance"):
        find("legrad", asked(ready("llava")))
    assert find("rollout", asked(ready("llava"))).kind == "baseline"


def test_what_is_taken_where_nobody_says_which() -> None:
    chosen = (labelled(ready("dual_encoder")), resnet(), asked(ready("llava")), asked(ready("llava", vision=RESNET)))
    assert [default(target).name for target in chosen] == ["relevance", "dense", "relevance", "layercam"]


def test_what_was_shown_of_the_very_model_comes_first() -> None:
    model = sr.load("seeread/mini-pali", precision="fp32")
    record = record_of(model)
    assert record is not None and record.beats("ablation") and not record.beats("relevance")
    target = aim(model, Image.new("RGB", (96, 96), "red"), "what is this?", answer="a shape")
    assert default(target).name == "ablation"
    unmeasured = replace(target, model=replace(model, origin=replace(model.origin, name="another")))
    assert default(unmeasured).name != "ablation"
