"""What is shown of the inside of a run is what happened there."""

import json
from dataclasses import replace
from typing import Any

import numpy
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from seeread.errors import UsageError
from seeread.explanation.aim import aim
from seeread.explanation.capture import ATTENTION, capture
from seeread.explanation.heatmap import Area
from seeread.explanation.inside import told
from seeread.explanation.inside.head import steps
from seeread.explanation.inside.inside import Inside, inside
from seeread.explanation.inside.places import Place, Scene, Written, places
from seeread.explanation.inside.record import Look
from seeread.explanation.inside.tokens import pieces
from seeread.explanation.inside.views import View
from seeread.explanation.target import AnyTarget, Labels
from seeread.interface import Batch, Images, Patches, Role, Tiles
from seeread.models.families import build_model
from seeread.models.llava import LLaVAConfig
from seeread.nn.attention import Attend
from seeread.pretrained import Pretrained
from tests.talkers import TEXT
from tests.tiny import tiny_model
from tests.training.learners import CLASSED, LEARNERS

WRITERS = ("llava", "paligemma", "pali", "flamingo", "hybrid", "fuyu", "chameleon")
OTHERS = ("dual_encoder", "coca", "perceiver_classifier", "tower_probe")
PICTURE = Image.effect_noise((24, 16), 90).convert("RGB")


def random_model(family: str) -> Pretrained:
    torch.manual_seed(1)
    learner = LEARNERS[family]
    model = learner.model()
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.2)
    return learner.pretrained(model)


def aimed(family: str) -> AnyTarget:
    model = random_model(family)
    if family in WRITERS:
        return aim(model, PICTURE, "what?", answer="red")
    return aim(model, PICTURE, "red ; blue" if model.processor.labels else "red! ; blue!")  # no templates around them


@pytest.fixture(scope="module", params=[*WRITERS, *OTHERS])
def run(request: pytest.FixtureRequest) -> Inside:
    return inside(aimed(request.param))


def again(run: Inside) -> None:
    """The same run once more."""
    target = run.target
    with torch.no_grad():
        if not isinstance(target, Labels):
            target.score(target.prepare([PICTURE]))
        elif target.texts is None:
            target.model.classifying.classify(target.prepare([PICTURE]))
        else:
            target.model.comparing.embed_image(target.prepare([PICTURE]))
            target.model.comparing.embed_text(target.model.processor.texts(target.labels))


def test_maps_are_those_that_are_captured(run: Inside) -> None:
    with capture(run.model, ATTENTION) as captured:
        again(run)
    assert [look.module for look in run.looks] == [look.module for look in captured.looks]
    for look, other in zip(run.looks, captured.looks, strict=True):
        for item in range(look.items):
            for head in range(look.heads):
                torch.testing.assert_close(look.weights(item, head), other.weights[item, head])
                row = told.attention(run, run.looks.index(look), item, head, 0)["rows"][0]
                torch.testing.assert_close(torch.tensor(row), other.weights[item, head, 0], atol=1e-5, rtol=0)


def test_steps_lead_to_what_the_attention_gave(run: Inside) -> None:
    """Head by head, and together what the layer behind the heads adds to the token."""
    parts = [look.module.removesuffix(".attend") for look in run.looks]
    with capture(run.model, ATTENTION, *(f"{part}.out" for part in parts)) as captured:
        again(run)
    seen: dict[str, int] = {}
    for look, other, part in zip(run.looks, captured.looks, parts, strict=True):
        turn = seen[part] = seen.get(part, -1) + 1
        query, item = look.q.shape[2] - 1, look.items - 1
        each = [run.steps(look, item, head, query) for head in range(look.heads)]
        for head, one in enumerate(each):
            torch.testing.assert_close(one.taken, other.given[item, head, query], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(one.shares.sum(), torch.tensor(1.0))
        out = run.model.get_submodule(f"{part}.out")
        bias = out.bias if out.bias is not None else 0.0
        added = torch.stack([one.added for one in each if one.added is not None]).sum(dim=0) + bias
        whole = captured.features[f"{part}.out"][turn][item, query]
        torch.testing.assert_close(added.detach(), whole.detach(), atol=1e-4, rtol=1e-4)


def test_every_token_is_told(run: Inside) -> None:
    for look in run.looks:
        for item in range(look.items):
            queries, keys = run.ends(look, item)
            assert len(queries) == look.q.shape[2] and len(keys) == look.k.shape[2]
            if look.module.startswith("text.") and not isinstance(run.target, Labels):
                assert any(place.kind == "word" for place in queries)


def test_the_outline_is_json_with_the_numbers_of_the_run(run: Inside) -> None:
    outline = told.outline(run)
    json.dumps(outline, allow_nan=False)
    target, result = run.target, outline["result"]
    if isinstance(target, Labels):
        if target.texts is None:
            expected = target.score(target.prepare([PICTURE]))[0]
        else:
            model = target.model.comparing
            texts = model.embed_text(target.model.processor.texts(target.labels))
            image = model.embed_image(target.prepare([PICTURE]))
            expected = model.compare(image, texts)[0]
            cosines = (image @ texts.T)[0]
            torch.testing.assert_close(torch.tensor(result["cosines"]), cosines.detach(), atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(torch.tensor(result["scores"]), expected.detach(), atol=1e-4, rtol=1e-4)
        return
    first = target.spans[0]
    likely = torch.tensor([token["share"] for token in result["tokens"][first.start : first.stop]]).log().sum()
    torch.testing.assert_close(likely, target.score(target.prepare([PICTURE]))[0, 0].detach(), atol=1e-3, rtol=0)
    assert len(result["tokens"]) == len(target.ids) + 1
    tokens = outline["texts"][0]["tokens"]
    assert [one["id"] for one in tokens[-len(target.ids) :]] == list(target.ids)
    assert {token["role"] for token in tokens} == {"prompt", "image", "answer"}


def test_what_is_seen_is_what_goes_in() -> None:
    run = inside(aimed("llava"))
    (view,) = run.views
    transform: Any = run.target.model.processor.image_transform
    assert numpy.array_equal(numpy.array(view.picture), transform.shape(PICTURE))
    assert (view.rows, view.columns) == (2, 2)
    assert view.area.top == 0 and view.area.left == pytest.approx(1 / 6)  # the middle of a wider picture
    small_enough = PICTURE.crop((0, 0, 16, 8))
    lines = inside(aim(random_model("fuyu"), small_enough, "what?", answer="red")).views[0]
    assert (lines.rows, lines.columns) == (1, 2)
    assert numpy.array_equal(numpy.array(lines.picture), numpy.array(small_enough))
    small, tiles = inside(aimed("hybrid")).views
    assert small.picture.size == (16, 16) and (tiles.rows, tiles.columns) == (2, 4)
    assert tiles.picture.size == (32, 16)


def cells_apart(family: str) -> tuple[Any, Images]:
    """A model whose tower lets no cell look at another, and a picture for it: what happens in a cell stays there."""
    config: Any = LEARNERS[family].config if family != "tiles" else LLaVAConfig(
        vision=CLASSED, text=TEXT, skip_last=0, tiles=True
    )  # fmt: skip
    torch.manual_seed(0)
    model: Any = build_model(config)
    for name, weight in model.named_parameters():
        nn.init.zeros_(weight) if "vision" in name and "attention.out" in name else nn.init.normal_(weight, std=0.2)
    if family in ("hybrid", "tiles"):
        grid = torch.tensor([[1, 2]])
        return model, Tiles(torch.randn(3, 3, 16, 16), grid, torch.tensor([[16, 32]]), apart=family == "hybrid")
    if family == "fuyu":
        return model, Patches(torch.randn(1, 6, 192), torch.tensor([[2, 3]]))
    return model, torch.randn(1, 3, 16, 16)


def changed(images: Images, place: Place) -> Images:
    """The picture with other pixels in one cell."""
    y, x = place.row, place.column
    if isinstance(images, Patches):
        pixels = images.pixels.clone()
        pixels[0, y * 3 + x] += 5
        return replace(images, pixels=pixels)
    if isinstance(images, Tiles):
        pixels, tile = images.pixels.clone(), 0 if place.view == 0 else 1 + x // 2
        pixels[tile, :, 8 * y : 8 * y + 8, 8 * (x % 2) : 8 * (x % 2) + 8] += 5
        return replace(images, pixels=pixels)
    other: Tensor = images.clone()  # type: ignore[union-attr]
    other[:, :, 8 * y : 8 * y + 8, 8 * x : 8 * x + 8] += 5
    return other


@pytest.mark.parametrize("family", ["llava", "paligemma", "pali", "hybrid", "fuyu", "tiles"])
def test_cells_are_told_where_they_lie(family: str) -> None:
    """Where pixels of a cell change, those tokens change that are said to be of that cell, and no others."""
    model, images = cells_apart(family)
    with torch.no_grad():
        before = model.see(images)
    count = len(before)
    batch = Batch(torch.ones(1, count + 2, dtype=torch.long), torch.tensor([[int(Role.IMAGE)] * count + [2, 3]]))
    views = _views(images)
    text = Written(batch.tokens[0], ("x",) * (count + 2))
    scene = Scene(model.config, views, images, (text,), batch)
    told_of = list(places(scene, "words", 0, count + 2)[:count])
    media = list(places(scene, "media", 0, count * (before.shape[1] - 1))) if before.ndim == 3 else []
    wholes = before[:, 0] if before.ndim == 3 else before
    beside = before[:, 1:].flatten(0, 1) if before.ndim == 3 else before[:0]
    cells = {place for place in (*told_of, *media) if place.kind == "cell"}
    assert len({(one.view, one.row, one.column) for one in cells}) == sum(view.rows * view.columns for view in views)
    for cell in cells:
        with torch.no_grad():
            after = model.see(changed(images, cell))
        differs = (after[:, 0] if before.ndim == 3 else after) != wholes
        assert [bool(row.any()) for row in differs] == [_lies(place, cell) for place in told_of]
        if media:
            moved = (after[:, 1:].flatten(0, 1) != beside).any(dim=1).tolist()
            assert moved == [_lies(place, cell) for place in media]


def _lies(place: Place, cell: Place) -> bool:
    return place.kind == "cell" and (place.view, place.row, place.column) == (cell.view, cell.row, cell.column)


def _views(images: Images) -> tuple[View, ...]:
    blank = Image.new("RGB", (16, 16))
    if isinstance(images, Patches):
        return (View("the picture", blank, 2, 3, Area()),)
    small = View("the picture", blank, 2, 2, Area())
    return (small, View("tiles", blank, 2, 4, Area())) if isinstance(images, Tiles) else (small,)


def test_tokens_as_people_read_them() -> None:
    tokenizer = LEARNERS["llava"].processor.tokenizer
    ids = [1, *tokenizer.encode("é a", "token")]
    assert pieces(tokenizer, ids)[0] == "<start>" and pieces(tokenizer, ids)[-1] == "a"
    assert pieces(tokenizer, ids)[1] != "\ufffd"  # half a letter is called as in the vocabulary
    words = tiny_model().processor.tokenizer
    assert pieces(words, words(["a red dog"])[0].tolist()) == ("<start>", "a", "red", "dog", "<end>")


def test_texts_are_read_as_they_stand() -> None:
    outline = told.outline(inside(aim(tiny_model(), PICTURE, "red ; a photo of the dog")))
    assert [token["text"] for token in outline["texts"][0]["tokens"]][:3] == ["<start>", "red", "<end>"]
    assert outline["result"]["labels"] == ["red", "a photo of the dog"]


def test_what_sees_nothing_is_refused() -> None:
    target = aimed("llava")
    blind = replace(target.model, processor=replace(target.model.processor, image_transform=None))
    with pytest.raises(UsageError, match="sees no pictures"):
        inside(replace(target, model=blind))


def test_nearest_words_are_nearest() -> None:
    run = inside(aimed("llava"))
    assert run.vocabulary is not None
    table = run.model.get_submodule("text.embedding").get_parameter("weight").detach()
    (found,) = run.vocabulary.nearest(table[7:8], 2)
    assert found[0][1] == pytest.approx(1, abs=1e-5)
    assert found[0][0] == pieces(run.target.model.processor.tokenizer, [7])[0]


def test_capped_and_shared_heads_step_by_step() -> None:
    """Gemma 2's: similarities are squeezed, and several heads of queries share one of keys."""
    torch.manual_seed(0)
    attend = Attend(0.5, softcap=2.0)
    q, k, v = torch.randn(1, 4, 3, 8), torch.randn(1, 2, 5, 8), torch.randn(1, 2, 5, 8)
    mask = torch.rand(1, 1, 3, 5) > 0.3
    look = Look("none.attend", attend, q, k, v, mask)
    given, weights = attend(q, k, v, mask), attend.weights(q, k, mask)
    for head in range(4):
        found = steps(nn.Module(), look, 0, head, 2)
        torch.testing.assert_close(found.shares, weights[0, head, 2])
        torch.testing.assert_close(found.taken, given[0, head, 2])
        assert found.added is None and bool((found.similarities.abs() <= 2).logical_or(~mask[0, 0, 2]).all())


def test_a_class_token_is_no_cell() -> None:
    run = inside(aimed("llava"))
    asks, reads = run.ends(run.looks[0])
    assert [place.text for place in asks[:2]] == ["class token", "row 1, column 1"] and asks == reads
