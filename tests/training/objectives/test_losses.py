"""The losses, against sums written out."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seeread.data.collate import batches_and_texts
from seeread.data.masking import Masked
from seeread.interface import Batch, Role
from seeread.training.objectives.captions import contrast_and_captions
from seeread.training.objectives.classification import classification
from seeread.training.objectives.contrast import contrastive, info_nce, pairwise_sigmoid
from seeread.training.objectives.filling import filling
from seeread.training.objectives.writing import next_token, writing
from tests.tiny import COLOURS, WORDS, ColourModel
from tests.training.learners import EXAMPLES, LEARNERS, mixture


def test_info_nce_is_the_mean_of_both_cross_entropies() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0]])
    rows = [-math.log(math.exp(2) / (math.exp(2) + math.exp(1))), -math.log(math.exp(3) / (1 + math.exp(3)))]
    columns = [
        -math.log(math.exp(2) / (math.exp(2) + 1)),
        -math.log(math.exp(3) / (math.exp(1) + math.exp(3))),
    ]
    torch.testing.assert_close(info_nce(logits).item(), (sum(rows) / 2 + sum(columns) / 2) / 2)


def test_pairwise_sigmoid_sums_over_all_and_divides_by_the_pairs() -> None:
    logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]])
    terms = [math.log(1 + math.exp(x)) for x in (-2, -1, 0.5, -3)]
    torch.testing.assert_close(pairwise_sigmoid(logits).item(), sum(terms) / 2)


def test_guessing_costs_the_logarithm_of_the_batch() -> None:
    torch.testing.assert_close(info_nce(torch.zeros(8, 8)).item(), math.log(8))


def test_contrast_is_of_whatever_compares() -> None:
    model = ColourModel()
    images = torch.tensor([COLOURS["red"], COLOURS["blue"]])[:, :, None, None].expand(2, 3, 4, 4)
    tokens = torch.tensor([[WORDS.index("red")], [WORDS.index("blue")]])
    wanted = info_nce(model.compare(model.embed_image(images), model.embed_text(tokens)))
    torch.testing.assert_close(contrastive(info_nce)(model, (images, tokens)), wanted)


class Counter(nn.Module):
    """Always as sure that the next token is the next number."""

    reads_ahead = False

    def __init__(self) -> None:
        super().__init__()
        self.sureness = nn.Parameter(torch.tensor(2.0))

    def see(self, images: object) -> torch.Tensor:
        return torch.zeros(0, 1)

    def read(self, batch: Batch, cache: object = None) -> torch.Tensor:
        return batch.tokens[..., None].float()

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        return self.sureness * F.one_hot(features[..., 0].long() + 1, 8).float()


def test_only_answers_are_learned_and_each_token_counts_the_same() -> None:
    roles = [[Role.PADDING, *[Role.PROMPT] * 2, Role.ANSWER], [Role.PROMPT, *[Role.ANSWER] * 3]]
    batch = Batch(torch.tensor([[0, 5, 1, 2], [3, 4, 5, 1]]), torch.tensor(roles))
    right, wrong = -math.log(math.exp(2) / (math.exp(2) + 7)), -math.log(1 / (math.exp(2) + 7))
    model = Counter()
    torch.testing.assert_close(next_token(model, batch).item(), (3 * right + wrong) / 4)
    torch.testing.assert_close(writing(model, batch), next_token(model, batch))


def test_contrast_and_captions_are_weighted_one_and_two_and_look_once() -> None:
    learner = LEARNERS["coca"]
    model = learner.model().eval()
    looks = []
    model.get_submodule("vision").register_forward_hook(lambda *_: looks.append(1))
    both = batches_and_texts(mixture(EXAMPLES, ""), learner.processor)
    batch, tokens = rows = both(0)
    with torch.inference_mode():
        images = batch.images
        contrast = info_nce(model.compare(model.embed_image(images), model.embed_text(tokens)))
        captions = next_token(model, batch)
        looks.clear()
        torch.testing.assert_close(contrast_and_captions()(model, rows), contrast + 2 * captions)
        assert looks == [1]
        weighted = contrast_and_captions(weights=(0.5, 3.0))(model, rows)
        torch.testing.assert_close(weighted, 0.5 * contrast + 3 * captions)


def test_classes_cost_their_cross_entropy() -> None:
    class Classifier(nn.Linear):
        def classify(self, images: torch.Tensor) -> torch.Tensor:
            return images

    logits, labels = torch.tensor([[1.0, 3.0], [0.0, 0.0]]), torch.tensor([1, 0])
    wanted = (math.log(1 + math.exp(-2)) + math.log(2)) / 2
    found = classification(Classifier(1, 1), (logits, labels))
    assert found.item() == pytest.approx(wanted)


def test_only_what_was_hidden_is_asked_for() -> None:
    class Filler(nn.Linear):
        def fill(self, tokens: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
            assert valid.tolist() == [[True, True, False]]
            return 2.0 * F.one_hot(tokens, 4).float()

    hidden = torch.tensor([[False, True, False]])
    masked = Masked(
        torch.tensor([[1, 2, 0]]), torch.tensor([[1, 3, 0]]), hidden, torch.tensor([[True, True, False]])
    )
    wanted = -math.log(1 / (math.exp(2) + 3))
    assert filling(Filler(1, 1), masked).item() == pytest.approx(wanted)
