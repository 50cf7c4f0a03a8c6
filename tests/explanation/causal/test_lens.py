"""The lens reads layers as the model reads its last; places are told as they are; the map is where the words are."""

import json

import pytest
import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.explanation.aim import aim
from seeread.explanation.capture import capture
from seeread.explanation.causal.lens import END, LENS, lens
from seeread.explanation.target import Written
from seeread.interface import Role
from tests.explanation.causal.writers import MIXED, SPOTTED, noise, target_of, writer
from tests.tiny import colour_model

WRITERS = [*SPOTTED, *MIXED, "chameleon"]


def target(name: str, width: int = 16) -> Written:
    return target_of(writer(name), noise(width, 16))


@torch.no_grad()
def said(of: Written) -> Tensor:
    """What the model itself says behind every token, (tokens, words)."""
    model, batch = of.model.generating, of.batch(of.prepare([of.picture]))
    return model.logits(model.read(batch))[0].softmax(dim=-1)


@pytest.mark.parametrize("name", WRITERS)
def test_the_last_layer_says_what_the_model_says(name: str) -> None:
    of = target(name)
    found, expected = lens(of, top=3), said(of)
    if name == "pali":  # the places of its decoder: its start token, and the answer
        expected = expected[-len(of.ids) - 1 :]
    assert len(found.places) == len(expected)
    for words, likely in zip(found.words[-1], expected, strict=True):
        best = likely.topk(3)
        assert [share for _, share in words] == pytest.approx(best.values.tolist(), abs=1e-5)
        ends, write = of.model.processor.end_ids, of.model.processor.write
        assert words[0][0] == (END if int(best.indices[0]) in ends else write([int(best.indices[0])]))


@pytest.mark.parametrize("name", WRITERS)
def test_places(name: str) -> None:
    of = target(name, 32)
    found = lens(of, top=1)
    answer = [place.text for place in found.places if place.kind == "answer"]
    assert "".join(answer).strip() == "red"
    batch = of.batch(of.prepare([of.picture]))
    pictured = [place for place in found.places if place.kind == "picture"]
    assert len(pictured) == (0 if name == "pali" else int(batch.where(Role.IMAGE).sum()))
    shown = [place.area for place in pictured if place.area is not None]
    assert bool(shown) == (name not in (*MIXED, "pali", "flamingo, features"))
    assert all(area.left < area.right and area.top < area.bottom for area in shown)


def test_early_layers_by_hand() -> None:
    of = target("llava")
    path = "text.transformer.blocks.0"
    with torch.no_grad(), capture(of.model.module, path) as captured:
        of.score(of.prepare([of.picture]))
        stream = captured.features[path][0][0]
        likely = of.model.generating.logits(of.model.module.get_submodule("text.norm")(stream)).softmax(dim=-1)
    first = lens(of, top=2, layers=[0])
    assert first.layers == (path,) and first.words[0] == lens(of, top=2).words[0]
    assert [word[0][1] for word in first.words[0]] == pytest.approx(likely.amax(dim=-1).tolist(), abs=1e-5)


@pytest.mark.parametrize("name", ["llava", "llava in tiles", "paligemma", "hybrid", "fuyu", "chameleon"])
def test_a_map_is_where_the_words_are_likeliest(name: str) -> None:
    of = target(name)
    assert LENS.fits(of) is None and LENS.kind == "baseline"
    maps = LENS.maps(of)
    assert len(maps) == len(of.spans)
    everything = lens(of, top=int(said(of).shape[-1]))
    span, (values, area) = of.spans[0], maps[0]
    words = [of.model.processor.write([token]) for token in of.ids[span.start : span.stop]]
    best = {}
    for index, place in enumerate(everything.places):
        if place.kind == "picture" and place.area is not None:
            shares = [[dict(layer[index])[word] for layer in everything.words] for word in words]
            middle = (place.area.left + place.area.right) / 2, (place.area.top + place.area.bottom) / 2
            best[middle] = best.get(middle, 0.0) + sum(map(max, shares)) / len(shares)
    if name == "llava in tiles":  # the whole and its tiles lie above each other
        assert values.sum() == pytest.approx(sum(best.values()), rel=1e-4)
        return
    assert values.numel() == len(best)
    for (x, y), share in best.items():
        row = int((y - area.top) / (area.bottom - area.top) * values.shape[0])
        column = int((x - area.left) / (area.right - area.left) * values.shape[1])
        assert float(values[row, column]) == pytest.approx(share, rel=1e-3, abs=1e-7)


def test_what_it_does_not_fit() -> None:
    assert "encoder" in str(LENS.fits(target("pali")))
    assert all("no places among its words" in str(LENS.fits(target(name))) for name in ("flamingo", "coca"))
    assert "compares" in str(LENS.fits(aim(colour_model(), noise(8, 8), "red ; blue")))


def test_layers_that_are_not_there_and_json() -> None:
    of = target("llava")
    with pytest.raises(UsageError, match="has 2 layers"):
        lens(of, layers=[2])
    told = json.loads(json.dumps(lens(of, top=2).as_json()))
    assert len(told["layers"]) == 2 and {place["kind"] for place in told["places"]} == {"picture", "prompt", "answer"}
    assert all(len(place["words"]) == 2 and len(place["words"][0]) == 2 for place in told["places"])
