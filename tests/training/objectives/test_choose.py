"""Which objective a model has."""

import pytest
import torch

from seeread.errors import UsageError
from seeread.training.objectives.captions import ContrastAndCaptions
from seeread.training.objectives.choose import goals_of, objective_for
from seeread.training.objectives.classification import classification
from seeread.training.objectives.contrast import Contrast, info_nce, pairwise_sigmoid
from seeread.training.objectives.filling import filling
from seeread.training.objectives.writing import writing
from tests.tiny import tiny_model
from tests.training.learners import LEARNERS


@pytest.mark.parametrize(
    ("family", "goals"),
    [
        ("dual_encoder", {"contrast": Contrast()}),
        ("llava", {"write": writing}),
        ("coca", {"contrast": Contrast(), "write": writing, "contrast and write": ContrastAndCaptions()}),
        ("perceiver_classifier", {"classify": classification}),
        ("perceiver_language_model", {"fill": filling}),
        ("perceiver_flow", {}),
    ],
)
def test_a_model_learns_what_it_can_do(family: str, goals: dict[str, object]) -> None:
    assert goals_of(LEARNERS[family].model()) == goals


def test_a_goal_out_of_reach_is_refused_with_what_is_in_reach() -> None:
    with pytest.raises(UsageError, match=r'A DualEncoder cannot learn with the goal "write".*"contrast"'):
        objective_for(LEARNERS["dual_encoder"].model(), "write")
    with pytest.raises(UsageError, match=r'cannot learn with the goal "fill".*"write"'):
        objective_for(LEARNERS["t5"].model(), "fill")
    with pytest.raises(UsageError, match=r'PerceiverLanguageModel cannot learn.*"write".*"fill"'):
        objective_for(LEARNERS["perceiver_language_model"].model(), "write")
    with pytest.raises(UsageError, match="is nothing"):
        objective_for(LEARNERS["perceiver_flow"].model(), "contrast")


@pytest.mark.parametrize(("loss", "plain"), [("softmax", info_nce), ("sigmoid", pairwise_sigmoid)])
def test_the_loss_is_the_one_that_the_model_says(loss: str, plain: object) -> None:
    model = tiny_model(loss).module
    batch = torch.randn(3, 3, 16, 16), torch.tensor([[1, 4, 2], [1, 5, 2], [1, 6, 2]])
    wanted = plain(model(*batch))  # type: ignore[operator]
    torch.testing.assert_close(objective_for(model, "contrast")(model, batch), wanted)
    torch.testing.assert_close(Contrast(plain)(model, batch), wanted)  # type: ignore[arg-type]
