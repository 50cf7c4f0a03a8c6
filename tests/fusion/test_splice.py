"""Image tokens in their places among words."""

import pytest
import torch

from seeread.fusion.splice import splice


def test_each_goes_to_its_place() -> None:
    text = torch.zeros(2, 4, 1)
    places = torch.tensor([[False, True, True, False], [True, False, False, False]])
    spliced = splice(text, places, torch.tensor([[1.0], [2.0], [3.0]]))
    assert spliced[..., 0].tolist() == [[0, 1, 2, 0], [3, 0, 0, 0]]
    assert not text.any(), "what came in is as it was"


def test_learns_through_both() -> None:
    text, image = torch.zeros(1, 3, 2, requires_grad=True), torch.ones(1, 2, requires_grad=True)
    splice(text, torch.tensor([[False, True, False]]), image).sum().backward()  # type: ignore[no-untyped-call]
    assert text.grad is not None
    assert image.grad is not None
    assert text.grad[0, :, 0].tolist() == [1, 0, 1]
    assert image.grad.tolist() == [[1, 1]]


@pytest.mark.parametrize("given", [0, 1, 3])
def test_refuses_another_number(given: int) -> None:
    with pytest.raises(ValueError, match=f"2 places.*{given}"):
        splice(torch.zeros(1, 3, 2), torch.tensor([[True, True, False]]), torch.zeros(given, 2))


def test_takes_the_precision_of_the_text() -> None:
    spliced = splice(torch.zeros(1, 1, 2).bfloat16(), torch.tensor([[True]]), torch.ones(1, 2))
    assert spliced.dtype == torch.bfloat16
