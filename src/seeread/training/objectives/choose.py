"""Which objective a model has, by what it is to learn."""

from torch import nn

from seeread.errors import UsageError
from seeread.interface import Classifies, Compares, Fills, Generates
from seeread.training.objectives.captions import ContrastAndCaptions
from seeread.training.objectives.classification import classification
from seeread.training.objectives.contrast import Contrast
from seeread.training.objectives.filling import filling
from seeread.training.objectives.objective import Objective
from seeread.training.objectives.writing import writing
from seeread.training.recipe import Goal


def objective_for(model: nn.Module, goal: Goal) -> Objective:
    """What `goal` means to a model. The contrast is that of the model's own loss, softmax or sigmoid.

    Raises UsageError for a model that cannot do that, and says what it can.
    """
    goals = goals_of(model)
    if goal in goals:
        return goals[goal]
    known = ", ".join(f'"{each}"' for each in goals) or "nothing"
    raise UsageError(
        f'A {type(model).__name__} cannot learn with the goal "{goal}". What it can learn is {known}.'
    )


def goals_of(model: nn.Module) -> dict[Goal, Objective]:
    """All that a model can learn."""
    goals: dict[Goal, Objective] = {}
    if isinstance(model, Compares):
        goals["contrast"] = Contrast()
    if isinstance(model, Fills):
        goals["fill"] = filling
    if isinstance(model, Generates):
        goals["write"] = writing
        if "contrast" in goals and hasattr(model, "look"):
            goals["contrast and write"] = ContrastAndCaptions()
    if isinstance(model, Classifies):
        goals["classify"] = classification
    return goals
