"""Sets that JSON documents tell of: COCO, VQA and their kin."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seeread.data.sets.item import Phrase, Question, Thing
from seeread.data.sets.read import describe, read_set
from seeread.errors import DataError
from seeread.preprocessing.image import open_image
from seeread.preprocessing.pointing.locations import Box
from tests.data.sets.makers import put, write
from tests.shared import shared

IMAGES = [
    {"id": 9, "file_name": "000000000009.jpg", "width": 8, "height": 4},
    {"id": 5, "file_name": "000000000005.jpg", "width": 8, "height": 4},
]
CATEGORIES = [{"id": 3, "name": "dog"}, {"id": 1, "name": "cat"}, {"id": 2, "name": "cow"}]
BOXES = [
    {"id": 1, "image_id": 9, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 0.5, "iscrowd": 0},
    {"id": 2, "image_id": 9, "category_id": 1, "bbox": [2, 1, 6.5, 3], "area": 16, "iscrowd": 1},
]
CAPTIONS = [{"id": 1, "image_id": 9, "caption": "One. "}, {"id": 2, "image_id": 9, "caption": "Two."}]


def coco(folder: Path, split: str = "val2017") -> None:
    put(folder, f"{split}/000000000009.jpg", f"{split}/000000000005.jpg")
    instances = {"images": IMAGES, "annotations": BOXES, "categories": CATEGORIES}
    write(folder / "annotations" / f"instances_{split}.json", instances)
    write(folder / "annotations" / f"captions_{split}.json", {"images": IMAGES, "annotations": CAPTIONS})
    write(folder / "annotations" / f"person_keypoints_{split}.json", instances)


def test_coco(tmp_path: Path) -> None:
    coco(tmp_path, "train2017")
    coco(tmp_path)
    data = read_set(tmp_path)
    assert data.split == "val" and data.labels == ("cat", "cow", "dog") and data.layout == "COCO" and not data.broken
    one, two = data.items
    assert one.things == (
        Thing("dog", Box(0, 0, 1 / 8, 1 / 4), area=0.5 / 32),  # a box of one pixel is not one of all
        Thing("cat", Box(0.25, 0.25, 1, 1), crowd=True, area=0.5),
    )
    assert one.captions == ("One.", "Two.") and one.id == "000000000009.jpg" and two.things == () and two.captions == ()
    assert one.picture == str(tmp_path / "val2017" / "000000000009.jpg")
    assert describe(data) == ["2 pictures, COCO; split val", "2 captions, 2 boxes of 3 classes"]
    train = read_set(tmp_path, split="train")
    assert train.items[0].picture == str(tmp_path / "train2017" / "000000000009.jpg")


@pytest.mark.parametrize("kind", [99, "1", None, [1]])
def test_a_box_of_no_category_is_told(tmp_path: Path, kind: object) -> None:
    put(tmp_path, "000000000009.jpg")
    strange = {**BOXES[0], "id": 7, "category_id": kind}
    path = tmp_path / "_annotations.coco.json"
    write(path, {"images": IMAGES[:1], "annotations": [strange, BOXES[0]], "categories": CATEGORIES})
    data = read_set(tmp_path)
    assert data.broken == {f"{path.name}, annotation 7": "its category_id is of no category"}
    assert [thing.label for item in data.items for thing in item.things or ()] == ["dog"]


def test_one_document_of_coco(tmp_path: Path) -> None:
    coco(tmp_path)
    data = read_set(tmp_path / "annotations" / "captions_val2017.json")
    assert data.items[0].things is None and data.items[0].captions == ("One.", "Two.") and not data.labels
    assert open_image(data.items[1].source).size == (8, 6)


def test_roboflow(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        put(tmp_path, f"{split}/000000000009.jpg")
        document = {"images": IMAGES[:1], "annotations": BOXES[:1], "categories": CATEGORIES}
        write(tmp_path / split / "_annotations.coco.json", document)
    data = read_set(tmp_path)
    assert data.split == "valid" and len(data) == 1 and open_image(data.items[0].source).size == (8, 6)


@pytest.mark.parametrize(
    "annotation",
    [
        {"image_id": 77, "bbox": [0, 0, 1, 1]},
        {"image_id": 9, "bbox": [0, 0, 20, 1], "category_id": 1},
        {"image_id": 9, "bbox": [0, 0, -1, 1], "category_id": 1},
        {"image_id": 9, "bbox": [0, 0, float("nan"), 1], "category_id": 1},
        {"image_id": 9, "bbox": [0, 0], "category_id": 1},
        {"image_id": 9, "bbox": "x", "category_id": [1]},
    ],
)
def test_what_is_no_box_is_told(tmp_path: Path, annotation: dict[str, Any]) -> None:
    put(tmp_path, "000000000009.jpg")
    document = {"images": IMAGES[:1], "annotations": [{"id": 4, **annotation}, BOXES[0]], "categories": CATEGORIES}
    data = read_set(write(tmp_path / "a.json", document))
    assert data.items[0].things is not None and len(data.items[0].things) == 1
    assert list(data.broken) == ["a.json, annotation 4"]


def test_vqa(tmp_path: Path) -> None:
    put(tmp_path, "val2014/COCO_val2014_000000000042.jpg")
    asked = [
        {"image_id": 42, "question": "How many?", "question_id": 42000},
        {"image_id": 42, "question": "Why?", "question_id": 42001},
    ]
    answers = [{"answer": word, "answer_confidence": "yes", "answer_id": 1} for word in ["2"] * 9 + ["two"]]
    told = [{"image_id": 42, "question_id": 42000, "answer_type": "number", "answers": answers}]
    questions = {"data_subtype": "val2014", "questions": asked}
    path = write(tmp_path / "v2_OpenEnded_mscoco_val2014_questions.json", questions)
    write(tmp_path / "v2_mscoco_val2014_annotations.json", {"annotations": told})
    write(tmp_path / "v2_mscoco_train2014_annotations.json", {"annotations": [{**told[0], "answer_type": "wrong"}]})
    for data in (read_set(tmp_path), read_set(path)):
        [item] = data.items
        assert item.questions == (
            Question("How many?", ("2",) * 9 + ("two",), "42000", "number"),
            Question("Why?", (), "42001"),
        )
        assert open_image(item.source).size == (8, 6) and data.split == "val" and data.layout == "VQA"


@pytest.mark.parametrize("folder", ["train_images", "images"])
def test_textvqa(tmp_path: Path, folder: str) -> None:
    put(tmp_path, f"{folder}/0054c9.jpg")
    row = {"question": "Brand?", "image_id": "0054c9", "question_id": 3, "answers": ["a", "b"], "set_name": "val"}
    data = read_set(write(tmp_path / "TextVQA_0.5.1_val.json", {"dataset_type": "val", "data": [row]}))
    assert data.items[0].questions == (Question("Brand?", ("a", "b"), "3"),) and data.split == "val"
    assert open_image(data.items[0].source).size == (8, 6)


def test_docvqa_and_stvqa(tmp_path: Path) -> None:
    put(tmp_path, "documents/x_1.png", "coco-text/a.jpg")
    row = {"questionId": 5, "question": "Date?", "image": "documents/x_1.png", "answers": ["1 May"]}
    data = read_set(write(tmp_path / "val_v1.0.json", {"dataset_name": "docvqa", "data": [row]}))
    assert data.items[0].questions == (Question("Date?", ("1 May",), "5"),) and open_image(data.items[0].source)
    scene = {"question_id": 1, "question": "Sign?", "file_path": "coco-text/a.jpg", "answers": ["stop"]}
    data = read_set(write(tmp_path / "train_task_3.json", {"data": [scene]}))
    assert data.items[0].questions == (Question("Sign?", ("stop",), "1"),) and open_image(data.items[0].source)


def test_gqa(tmp_path: Path) -> None:
    put(tmp_path, "images/n1.jpg")
    asked = {"07": {"question": "What?", "imageId": "n1", "answer": "cat"}}
    data = read_set(write(tmp_path / "val_questions.json", asked))
    assert data.items[0].questions == (Question("What?", ("cat",), "07"),) and open_image(data.items[0].source)


def test_conversations(tmp_path: Path) -> None:
    put(tmp_path, "coco/train2017/1.jpg")
    talk = [
        {"from": "human", "value": "<image>\nWhat is it?"},
        {"from": "gpt", "value": "A bus."},
        {"from": "human", "value": "Red?"},
    ]
    row = {"id": "1", "image": "coco/train2017/1.jpg", "conversations": talk}
    data = read_set(write(tmp_path / "llava.json", [row, {"id": "2", "conversations": talk}]))
    said = [(each.text, each.answers) for each in data.items[0].questions]
    assert said == [("What is it?", ("A bus.",)), ("Red?", ())]
    assert [each.before for each in data.items[0].questions] == [(), (("What is it?", "A bus."),)]
    assert data.broken == {"llava.json:1": "its column image names no picture"}


def test_karpathy(tmp_path: Path) -> None:
    put(tmp_path, "val2014/a.jpg", "val2014/b.jpg")
    images = [
        {"filename": "a.jpg", "filepath": "val2014", "sentences": [{"raw": "A."}, {"raw": "B."}], "split": "test"},
        {"filename": "b.jpg", "filepath": "val2014", "sentences": [{"raw": "C."}], "split": "restval"},
    ]
    write(tmp_path / "dataset_coco.json", {"images": images, "dataset": "coco"})
    data = read_set(tmp_path)
    assert data.split == "test" and [item.captions for item in data.items] == [("A.", "B.")]
    assert open_image(data.items[0].source).size == (8, 6)
    assert len(read_set(tmp_path, split="restval")) == 1


def test_refcoco(tmp_path: Path) -> None:
    tmp_path = tmp_path / "refcoco"
    put(tmp_path, "train2014/COCO_train2014_000000000009.jpg")
    image = {"id": 9, "file_name": "COCO_train2014_000000000009.jpg", "width": 8, "height": 4}
    write(tmp_path / "instances.json", {"images": [image], "annotations": BOXES, "categories": CATEGORIES})
    refs = [
        {"ref_id": 1, "ann_id": ann, "file_name": "COCO_train2014_000000000009_1.jpg", "split": split,
         "sentences": [{"raw": "Left one", "sent": "left one"}]}
        for ann, split in ((2, "train"), (2, "testA"), (1, "testB"))
    ]  # fmt: skip
    write(tmp_path / "refs(unc).json", refs)
    data = read_set(tmp_path)
    [item] = data.items
    assert data.split == "testA" and open_image(item.source).size == (8, 6)
    assert item.phrases == (Phrase("Left one", Box(0.25, 0.25, 1, 1), "COCO_train2014_000000000009.jpg#0"),)
    one_pixel = read_set(tmp_path, split="testB").items[0].phrases[0].box
    assert one_pixel == Box(0, 0, 1 / 8, 1 / 4), "and not all of the picture"
    (tmp_path / "refs(unc).json").unlink()
    (tmp_path / "refs(unc).p").write_bytes(pickle.dumps(refs))
    for path in (tmp_path, tmp_path / "refs(unc).p"):
        with pytest.raises(DataError, match="is a pickle, and reading one can run anything"):
            read_set(path)


def test_refcoco_in_the_format_of_mdetr(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg")
    images = [
        {"id": id, "file_name": "a.jpg", "width": 8, "height": 4, "caption": text}
        for id, text in ((1, "the left"), (2, "it"))
    ]
    boxes = [{"id": id, "image_id": id, "bbox": [0, 0, 4 * id, 4], "category_id": 1} for id in (1, 2)]
    data = read_set(write(tmp_path / "finetune_refcoco_val.json", {"images": images, "annotations": boxes}))
    assert data.items[0].phrases == (Phrase("the left", Box(0, 0, 0.5, 1), "1"), Phrase("it", Box(0, 0, 1, 1), "2"))
    assert data.items[0].things is None


def test_pictures_by_their_names(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg")
    write(tmp_path / "captions.json", {"a.jpg": "A cat.", "b.jpg": ["One.", "Two."]})
    assert [item.captions for item in read_set(tmp_path).items] == [("A cat.",), ("One.", "Two.")]


@pytest.mark.parametrize(
    "content", ["[]", "{}", "3", '{"a": 1}', "[[1]]", "[" * 100_000, '{"images": [], "annotations": []}']
)
def test_documents_that_tell_of_no_picture(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError):
        read_set(write(tmp_path / "a.json", content))
    put(tmp_path, "a.jpg")
    assert read_set(tmp_path).layout == "pictures"


WORDS = st.sampled_from(
    "images annotations categories questions id image_id file_name width height bbox caption question question_id"
    " answers sentences split data image category_id ann_id conversations a.jpg name".split()
)
JSON = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=4) | WORDS | st.just([0, 0, 1, 1]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=7),
    max_leaves=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, JSON)
def test_any_document(tmp_path: Path, one: Any, other: Any) -> None:
    image = {"id": 1, "file_name": "a.jpg", "width": 5, "height": 5}
    question = {"image_id": 1, "question": "?", "question_id": 1}
    documents = [
        one,
        [one, other],
        {"images": [image, one], "annotations": [other], "categories": [one]},
        {"images": [image, one], "annotations": one, "categories": other},
        {"questions": [question, one]},
        {"images": [{"sentences": one, "filename": other}]},
        {"data": [{"image": "a.jpg", "bbox": one, "answers": other}]},
    ]
    for document in documents:
        try:
            data = read_set(write(tmp_path / "a.json", json.dumps(document)))
        except DataError:
            continue
        assert len({item.id for item in data.items}) == len(data)
        assert all(0 <= value <= 1 for item in data.items for thing in item.things or () for value in thing.box)


def test_real_documents() -> None:
    data = read_set(shared("easy_vqa"))
    assert data.split == "test" and len(data) == 1000 and sum(len(item.questions) for item in data.items) == 9673
    assert data.items[0].questions[0] == Question("what is the red shape?", ("triangle",), "0#0")
    assert open_image(data.items[-1].source).size == (64, 64)


def test_real_tables() -> None:
    cells = read_set(shared("bccd"))
    assert cells.split == "val" and cells.labels == ("Platelets", "RBC", "WBC")
    assert len(cells) == 87 and not cells.broken
    photos = read_set(shared("coco_mini"))
    assert len(photos) == 283 and len(photos.labels) == 80 and photos.knows == {"boxes", "captions"}
    assert all(open_image(item.source) for item in [*cells.items[:3], *photos.items[:3]])
    assert read_set(shared("emoji")).items[0].label == "grinning face"
