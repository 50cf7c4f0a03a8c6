"""What is decided for those who decide nothing."""

from pathlib import Path

import pytest

from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item
from seeread.data.sets.read import read_training
from seeread.errors import UsageError
from seeread.finetuning.planning.choices import goal_for, mode_for, model_for, settings_for
from seeread.finetuning.planning.plan import Divided
from seeread.finetuning.planning.survey import Survey
from tests.finetuning import sets
from tests.talkers import colour_talker
from tests.tiny import tiny_model


@pytest.mark.parametrize(
    ("layout", "model"),
    [
        ("class folders", "seeread/mini-clip"),
        ("captions beside", "seeread/mini-clip"),
        ("questions", "seeread/mini-llava"),
        ("COCO boxes", "seeread/mini-paligemma"),
    ],
)
def test_the_model_fits_what_is_known(layout: str, model: str, tmp_path: Path) -> None:
    assert model_for(read_training(sets.LAYOUTS[layout](tmp_path / "set"))) == model


def some(count: int) -> Divided:
    items = tuple(Item(str(n), b"", label=str(n % 2)) for n in range(count))
    data = DataSet("some", Path("some"), "made up", items, ("0", "1"))
    return Divided(Survey(data, count), data, data)


def test_more_pictures_are_seen_less_often_in_larger_batches() -> None:
    few, more, many = (
        settings_for(tiny_model(), some(count), "full", scratch=False, precision="fp32") for count in (60, 600, 50_000)
    )
    epochs = [each.steps * each.batch / count for each, count in ((few, 60), (more, 600), (many, 50_000))]
    assert epochs[0] > epochs[1] > epochs[2]
    assert few.batch < more.batch <= many.batch == 64


def test_steps_that_were_asked_for_are_those_and_all_that_follows_from_them_fits() -> None:
    settings = settings_for(tiny_model(), some(100), "full", scratch=False, precision="bf16", steps=3)
    assert settings.steps == 3 and settings.save_every <= 3 and settings.measure_every <= 3
    assert settings.warmup < 3 and settings.average is None and settings.precision == "bf16"


def test_goals_follow_from_what_a_model_can_do(tmp_path: Path) -> None:
    data = read_training(sets.captioned(tmp_path / "set"))
    assert goal_for(tiny_model(), data, "full") == "contrast"
    assert goal_for(tiny_model(), data, "probe") == "classify"
    assert goal_for(colour_talker(), data, "full") == "write"


def test_small_models_learn_whole_and_modes_must_exist() -> None:
    assert mode_for(tiny_model(), on_gpu=False) == "full"
    with pytest.raises(UsageError, match="--mode lit is for models that compare"):
        settings_for(colour_talker(), some(20), "lit", scratch=False, precision="fp32")
