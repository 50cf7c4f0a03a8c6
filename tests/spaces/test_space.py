"""A folder as a model of colours sees it: what is right is known."""

import json
import os
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from seeread.errors import DataError, UsageError
from seeread.evaluation.audit.words import HARMS
from seeread.spaces.gap import closed
from seeread.spaces.gather import gather
from seeread.spaces.likeness import neighbours
from seeread.spaces.names import names
from seeread.spaces.space import space
from seeread.spaces.thumbnails import PER_SHEET, SIDE, sheets, thumbnails
from seeread.spaces.told import drawn, told
from tests.tiny import colour_model, tiny_model

LABELS = ("red", "green", "blue")


def test_groups_names_and_neighbours(photos: Path) -> None:
    found = space(colour_model(), photos, labels=LABELS, clusters=3)
    assert len(found) == 15
    assert sorted(one.name for one in found.clusters) == sorted(LABELS)
    for one in found.clusters:
        assert {found.items[place].id.split("-")[0] for place in one.members} == {one.name}
        assert one.fit == 1.0
    for place, item in enumerate(found.items):
        colour = item.id.split("-")[0]
        others = [found.items[other].id.split("-")[0] for other in found.neighbours[place].tolist()]
        assert others[:4] == [colour] * 4
        assert found.texts[int(found.best[place, 0])].text == colour


def test_what_is_broken_is_named(photos: Path) -> None:
    found = space(colour_model(), photos, labels=LABELS)
    assert list(found.skipped) == ["broken.jpg"]
    assert "text" in found.skipped["broken.jpg"]
    assert str(photos) not in found.skipped["broken.jpg"]


def test_captions_beside_pictures_are_texts_with_owners(photos: Path) -> None:
    for path in photos.glob("*.png"):
        path.with_suffix(".txt").write_text(f"a photo of the {path.stem.split('-')[0]} dog")
    found = space(colour_model(), photos)
    assert [text.owner for text in found.texts] == list(range(15))
    assert {text.kind for text in found.texts} == {"caption"}
    assert found.gap is not None
    assert found.gap.paired == 15
    assert found.gap.found == 1.0  # captions of a colour are all the same, and none is closer


def test_a_table_tells_of_some_and_the_others_come_along(photos: Path) -> None:
    (photos / "captions.csv").write_text("image,caption\nred-1.png,the red\nblue-0.png,a blue cat\n")
    found = space(colour_model(), photos)
    assert len(found) == 15
    assert {found.items[text.owner].id: text.text for text in found.texts if text.owner is not None} == {
        "red-1.png": "the red",
        "blue-0.png": "a blue cat",
    }


def test_folders_are_classes(photos: Path) -> None:
    for path in photos.glob("*.png"):
        folder = photos / path.stem.split("-")[0]
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)
    (photos / "broken.jpg").unlink()
    found = space(colour_model(), photos)
    assert {(text.text, text.kind) for text in found.texts} == {(label, "label") for label in LABELS}


def test_words_of_ours_where_there_are_none(photos: Path) -> None:
    found = space(colour_model(), photos)
    assert found.texts
    assert {text.kind for text in found.texts} == {"name"}
    assert len(found.texts) <= 60


def test_typed_texts_lie_on_both_maps_and_find(photos: Path) -> None:
    model = colour_model()
    plain = space(model, photos, labels=LABELS)
    found = space(model, photos, labels=LABELS, texts=["a red dog"])
    assert found.texts[-1].kind == "typed"
    assert torch.equal(found.open.places[:-1], plain.open.places)
    vector = model.embed_texts(["a red dog"])
    assert torch.allclose(found.open.places[-1], plain.place(vector)[0][0])
    assert {found.items[place].id[:3] for place, _ in found.like(vector[0], top=5)} == {"red"}
    assert [place for place, _ in found.like(vector[0], among=[7, 2], top=5)].count(7) == 1


def test_without_the_gap_texts_lie_among_their_pictures(photos: Path) -> None:
    found = space(colour_model(), photos, labels=LABELS)
    places, texts = found.closed.places[:15], found.closed.places[15:]
    for place, near in enumerate(torch.cdist(texts, places).argmin(dim=1).tolist()):
        assert found.items[near].id.startswith(found.texts[place].text)


def test_without_the_gap_means_each_kind_around_its_own_mean(photos: Path) -> None:
    found = space(tiny_model(), photos, labels=LABELS)
    assert torch.allclose(found.place(found.text_vectors)[1], found.closed.places[15:], atol=1e-5)
    expected = neighbours(closed(found.vectors), closed(found.text_vectors), top=3)[0]
    assert torch.equal(found.best, expected)
    assert not torch.equal(found.best, neighbours(found.vectors, found.text_vectors, top=3)[0])


def test_seen_once(photos: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = 1_600_000_000
    for path in photos.iterdir():
        os.utime(path, (long_ago, long_ago))
    model = colour_model()
    space(model, photos, labels=LABELS)
    monkeypatch.setattr("seeread.features.vectors.embed_readable", None)
    (photos / "broken.jpg").unlink()
    monkeypatch.setattr("seeread.spaces.thumbnails._thumbnail", None)
    assert len(space(model, photos, labels=LABELS)) == 15


def test_progress_is_told(photos: Path) -> None:
    said: list[str] = []

    def telling(what: str) -> None:
        said.append(what)

    space(colour_model(), photos, labels=LABELS, telling=telling)
    assert said[:2] == ["Opening pictures", "Embedding pictures"]


def test_one_picture_is_enough(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    Image.new("RGB", (20, 20), "red").save(folder / "red.png")
    found = space(colour_model(), folder, labels=["red"])
    assert len(found) == len(found.texts) == len(found.clusters) == 1
    assert told(found)["pictures"][0]["neighbours"] == []


def test_errors(tmp_path: Path, photos: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        space(colour_model(), tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        space(colour_model(), tmp_path / "empty")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    with pytest.raises(DataError, match=r"No picture here can be opened. .*a\.png"):
        space(colour_model(), tmp_path / "bad")
    with pytest.raises(UsageError, match="no labels"):
        space(colour_model(), photos, labels=[])


def test_a_limit_draws(photos: Path) -> None:
    found = gather(photos, limit=5, seed=1)
    assert (len(found.items), found.total) == (5, 16)
    assert found.items == gather(photos, limit=5, seed=1).items != gather(photos, limit=5, seed=2).items


def test_names() -> None:
    assert names(["Red"], ["a dog and a red ball"] * 3)[:4].count("red") == 0  # "Red" is there already
    often = names(captions=["two dogs with a ball", "dogs run", "dogs and a cat", "the ball"])
    assert often[0] == "dogs"
    assert "ball" not in often  # of two captions
    assert "tench" not in often
    assert "tench" in names()
    assert len({name.casefold() for name in names()}) == len(names())


def test_people_are_never_called_apes() -> None:
    """Unless a folder's own words say so."""
    harmful = {word for group in HARMS.values() for word in group}
    assert not harmful & {name.casefold() for name in names()}
    assert not [name for name in names() if "monkey" in name or "baboon" in name or "lemur" in name]
    assert names(["gorilla"])[0] == "gorilla"


def test_thumbnails_fit_and_sheets_hold_all(photos: Path) -> None:
    wide = Image.new("RGB", (4 * SIDE, SIDE), "navy")
    tall = Image.new("RGB", (10, 20), "olive")
    small = thumbnails([wide, tall, photos / "broken.jpg"])
    assert isinstance(small[0], bytes) and isinstance(small[1], bytes) and isinstance(small[2], Exception)
    (sheet,) = sheets([small[0], small[1]], 64)
    assert sheet.sizes == ((64, 16), (10, 20))
    shown = Image.open(BytesIO(sheet.jpeg))
    assert shown.size == (128, 64)
    assert shown.getpixel((32, 8))[2] > 100 > shown.getpixel((32, 8))[0]  # navy, in the first cell
    assert shown.getpixel((69, 10))[0] > 100 > shown.getpixel((69, 10))[2]  # olive, in the second
    pages = sheets([small[1]] * (PER_SHEET + 1), 32)
    assert [len(page.sizes) for page in pages] == [PER_SHEET, 1]


def test_as_json(photos: Path) -> None:
    found = space(tiny_model(), photos, texts=["a dog"], labels=LABELS)
    program = json.loads(json.dumps(told(found), allow_nan=False))
    assert len(program["pictures"]) == 15
    assert [one["path"] for one in program["pictures"]] == [item.id for item in found.items]
    assert program["pictures"][3]["open"] == pytest.approx(found.open.places[3].tolist(), abs=1e-4)
    assert program["texts"][1]["open"] == pytest.approx(found.open.places[16].tolist(), abs=1e-4)
    assert program["texts"][1]["closed"] == pytest.approx(found.closed.places[16].tolist(), abs=1e-4)
    whole = drawn(found, sheets(found.thumbnails, 64), lambda number, _: f"{number}")
    page = json.loads(json.dumps(whole, allow_nan=False))
    assert len(page["pictures"]["open"]) == 2 * len(page["pictures"]["names"]) == 30
    assert len(page["texts"]["closed"]) == 2 * len(page["texts"]["texts"])
    assert sum(len(sheet["sizes"]) for sheet in page["sheets"]) == 15
    assert page["typed"][0]["text"] == "a dog"
