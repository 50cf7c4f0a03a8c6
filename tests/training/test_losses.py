"""The losses, against sums written out."""

import math

import torch

from seeread.training.losses import info_nce, pairwise_sigmoid


def test_info_nce_is_the_mean_of_both_cross_entropies() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0]])
    rows = [-math.log(math.exp(2) / (math.exp(2) + math.exp(1))), -math.log(math.exp(3) / (1 + math.exp(3)))]
    columns = [-math.log(math.exp(2) / (math.exp(2) + 1)), -math.log(math.exp(3) / (math.exp(1) + math.exp(3)))]
    torch.testing.assert_close(info_nce(logits).item(), (sum(rows) / 2 + sum(columns) / 2) / 2)


def test_pairwise_sigmoid_sums_over_all_and_divides_by_the_pairs() -> None:
    logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]])
    terms = [math.log(1 + math.exp(x)) for x in (-2, -1, 0.5, -3)]
    torch.testing.assert_close(pairwise_sigmoid(logits).item(), sum(terms) / 2)


def test_guessing_costs_the_logarithm_of_the_batch() -> None:
    torch.testing.assert_close(info_nce(torch.zeros(8, 8)).item(), math.log(8))
