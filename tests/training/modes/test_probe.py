"""A probe is made of what sees, knows the classes of the data, and is a model like any other."""

from pathlib import Path

import pytest
import torch

import seeread
from seeread.checkpoints.save import save
from seeread.data.sets.item import Item
from seeread.errors import UsageError
from seeread.interface import Classifies
from seeread.models.tower_probe import TowerProbe, TowerProbeConfig
from seeread.pretrained import Pretrained
from seeread.training.modes.probe import with_classes
from tests.training.learners import CLASSED, COLOURS, LEARNERS, PICTURES

SEEING = ["dual_encoder", "llava", "paligemma", "pali", "flamingo", "coca", "tower_probe"]


ITEMS = [Item(str(place), picture) for place, picture in enumerate(PICTURES)]


def start(name: str) -> Pretrained:
    return LEARNERS[name].pretrained(LEARNERS[name].model())


@pytest.mark.parametrize("name", SEEING)
def test_of_whatever_sees(name: str, tmp_path: Path) -> None:
    model = start(name)
    probe = with_classes(model, ["cat", "dog", "cow"], ITEMS)
    assert isinstance(probe.module, TowerProbe) and isinstance(probe.model, Classifies)
    images = probe.processor.images(PICTURES)
    features = probe.module.see(images)
    centred = probe.module.standard(features)
    assert centred.mean(dim=0).abs().max() < 1e-4
    tower = model.module.get_submodule("vision").state_dict()
    assert all(torch.equal(tower[key], value) for key, value in probe.module.vision.state_dict().items())
    assert not probe.module.classify(images).any()  # it knows nothing yet, and says so
    save(probe, tmp_path / "probe")
    found = seeread.load(tmp_path / "probe", precision="fp32", device="cpu")
    assert found.processor.labels == ("cat", "dog", "cow")
    assert torch.equal(found.classifying.classify(images), probe.classifying.classify(images))


def test_sees_as_the_dual_encoder_does() -> None:
    """Features from before the projection."""
    model = start("dual_encoder")
    images = model.processor.images(PICTURES)
    probe = with_classes(model, COLOURS, ITEMS).module
    assert isinstance(probe, TowerProbe)
    with torch.inference_mode():
        assert torch.equal(probe.see(images), model.module.see(images))  # type: ignore[operator]


def test_goes_on_with_the_classes_that_it_knows() -> None:
    model = start("perceiver_classifier")
    assert with_classes(model, COLOURS, ITEMS) is model


@pytest.mark.parametrize("name", ["language_model", "fuyu", "chameleon", "perceiver_classifier"])
def test_refuses_what_has_no_tower(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be probed: it has no image tower"):
        with_classes(start(name), ["cat", "dog"], ITEMS)


@pytest.mark.parametrize("labels", [[], ["cat"]])
def test_refuses_too_few_classes(labels: list[str]) -> None:
    with pytest.raises(UsageError, match=f"its data has {len(labels)}"):
        with_classes(start("dual_encoder"), labels, ITEMS)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": 0},
        {"image_pool": "spatial attention"},
        {"embedding": 5},
        {"image_pool": "class", "embedding": 5},
    ],
)
def test_impossible_configs(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"classes|width"):
        TowerProbeConfig(**{"vision": CLASSED, "classes": 3} | change)  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_in_half_precision(precision: str, tmp_path: Path) -> None:
    """Also where weights are laid out for the machine at hand."""
    probe = with_classes(start("dual_encoder"), COLOURS, ITEMS)
    torch.nn.init.normal_(probe.module.get_parameter("head.weight"))
    save(probe, tmp_path / "probe")
    exact, rounded = (
        seeread.load(tmp_path / "probe", device="cpu", precision=one) for one in ("fp32", precision)
    )
    images = probe.processor.images(PICTURES)
    with torch.inference_mode():
        wanted = exact.classifying.classify(images)
        found = rounded.classifying.classify(images.to(rounded.precision)).float()
    assert torch.allclose(found, wanted, atol=0.05 * float(wanted.abs().max()))
