"""Between the old weights and the new."""

import torch

from seeread.finetuning.measures.blend import Point, best, blended
from tests.tiny import tiny_model


def test_a_quarter_of_the_way_is_a_quarter_of_each_difference() -> None:
    old, new = tiny_model(seed=0), tiny_model(seed=1)
    ends = [dict(each.module.state_dict()) for each in (old, new)]
    ends = [{name: tensor.clone() for name, tensor in end.items()} for end in ends]
    mixed = blended(old, new, 0.25).module.state_dict()
    for name, tensor in mixed.items():
        torch.testing.assert_close(tensor, 0.75 * ends[0][name] + 0.25 * ends[1][name])
        assert torch.equal(old.module.state_dict()[name], ends[0][name])


def test_the_best_has_learned_most_and_forgotten_least_together() -> None:
    points = [Point(0, 0.2, 0.8), Point(0.5, 0.7, 0.75), Point(0.75, 0.8, 0.65), Point(1, 0.85, 0.3)]
    assert best(points).share == 0.75  # as good as the half way in all, and more is learned
    assert best([Point(0, 0.5, 0.5), Point(1, 0.5, 0.5)]).share == 0
