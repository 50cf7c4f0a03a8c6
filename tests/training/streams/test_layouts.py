"""From disk to batches: every way in which people keep pictures, for every goal that it can teach."""

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from seeread.errors import DataError
from seeread.interface import Batch, Role
from seeread.pretrained import Pretrained
from seeread.training.recipe import Goal, Portion
from seeread.training.streams.build import build_stream
from tests.training.learners import LEARNERS
from tests.training.streams.makers import picture, settings, tar, tensors

NUMBERS = range(6)
CAPTIONS = [f"a photo of number {number}" for number in NUMBERS]


def put(folder: Path, names: list[str]) -> None:
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))


def class_folders(folder: Path) -> None:
    put(folder, [f"{('cat', 'dog')[number % 2]}/{number}.png" for number in NUMBERS])


def beside(folder: Path) -> None:
    put(folder, [f"{number}.png" for number in NUMBERS])
    for number in NUMBERS:
        (folder / f"{number}.txt").write_text(CAPTIONS[number])


def table(folder: Path) -> None:
    put(folder, [f"{number}.png" for number in NUMBERS])
    rows = [f"{number}.png,{CAPTIONS[number]}" for number in NUMBERS]
    (folder / "captions.csv").write_text("\n".join(["image,caption", *rows]))


def lines(folder: Path) -> None:
    put(folder, [f"{number}.png" for number in NUMBERS])
    rows = [{"image": f"{number}.png", "question": "which?", "answer": f"{number}"} for number in NUMBERS]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)))


def coco_captions(folder: Path) -> None:
    put(folder / "images", [f"{number}.png" for number in NUMBERS])
    images = [{"id": number, "file_name": f"{number}.png", "width": 24, "height": 20} for number in NUMBERS]
    said = [{"id": number, "image_id": number, "caption": CAPTIONS[number]} for number in NUMBERS]
    (folder / "captions_train.json").write_text(json.dumps({"images": images, "annotations": said}))


def coco_boxes(folder: Path) -> None:
    put(folder / "images", [f"{number}.png" for number in NUMBERS])
    images = [{"id": number, "file_name": f"{number}.png", "width": 24, "height": 20} for number in NUMBERS]
    boxes = [{"id": n, "image_id": n, "category_id": 1, "bbox": [2, 2, 10, 10], "area": 100} for n in NUMBERS]
    kinds = [{"id": 1, "name": "cat"}]
    document = {"images": images, "annotations": boxes, "categories": kinds}
    (folder / "instances_train.json").write_text(json.dumps(document))


def conversations(folder: Path) -> None:
    put(folder / "images", [f"{number}.png" for number in NUMBERS])
    rows = []
    for number in NUMBERS:
        talk = [
            ("human", "<image>\nWhat is it?"),
            ("gpt", "Noise."),
            ("human", "Which?"),
            ("gpt", f"Number {number}."),
        ]
        rows.append(
            {
                "id": f"{number}",
                "image": f"{number}.png",
                "conversations": [{"from": who, "value": said} for who, said in talk],
            }
        )
    (folder / "llava.json").write_text(json.dumps(rows))


def shards(folder: Path) -> None:
    for number in range(2):
        tar(folder / f"{number:04}.tar", range(3 * number, 3 * number + 3))


def parquet(folder: Path) -> None:
    columns = {"image": [picture(number) for number in NUMBERS], "caption": CAPTIONS}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "train-00000-of-00001.parquet")


def hugging_face(folder: Path) -> None:
    """As `save_to_disk` writes it."""
    features = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}, "image": {"_type": "Image"}}
    images = [{"bytes": picture(number), "path": None} for number in NUMBERS]
    made = pyarrow.table({"image": images, "label": [number % 2 for number in NUMBERS]})
    made = made.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    with pyarrow.ipc.new_stream(str(folder / "data-00000-of-00001.arrow"), made.schema) as file:
        file.write_table(made)
    for name in ("dataset_info.json", "state.json"):
        (folder / name).write_text("{}")


LAYOUTS: list[tuple[Callable[[Path], None], set[str]]] = [
    (class_folders, {"contrast", "write", "contrast and write", "classify"}),
    (beside, {"contrast", "write", "contrast and write"}),
    (table, {"contrast", "write", "contrast and write"}),
    (lines, {"write"}),
    (coco_captions, {"contrast", "write", "contrast and write"}),
    (coco_boxes, {"write"}),
    (conversations, {"write"}),
    (shards, {"contrast", "write", "contrast and write", "classify"}),
    (parquet, {"contrast", "write", "contrast and write"}),
    (hugging_face, {"contrast", "write", "contrast and write", "classify"}),
]
MODELS: dict[Goal, str] = {
    "contrast": "dual_encoder",
    "write": "paligemma",
    "contrast and write": "coca",
    "classify": "dual_encoder",
}


def model(name: str) -> Pretrained:
    learner = LEARNERS[name]
    return learner.pretrained(learner.model())


@pytest.mark.filterwarnings("ignore:A text")  # the model is tiny, and reads sixteen bytes
@pytest.mark.parametrize("goal", [*MODELS])
@pytest.mark.parametrize(("lay", "teaches"), LAYOUTS)
def test_every_layout_for_every_goal(
    lay: Callable[[Path], None], teaches: set[str], goal: Goal, tmp_path: Path
) -> None:
    lay(tmp_path)

    def batches() -> list[Any]:
        built = build_stream(model(MODELS[goal]), [Portion(data=str(tmp_path))], goal, settings(), workers=0)
        found = list(islice(built, 3))
        assert not built.trouble
        return found

    if goal not in teaches:
        with pytest.raises(DataError, match=r"teaches nothing|which class"):
            batches()
        return
    assert all(tensor.isfinite().all() for batch in batches() for tensor in tensors(batch))


def answers(name: str, folder: Path, **changes: Any) -> set[tuple[str, ...]]:
    """(prompt, answer) of all that is learned, as the model reads it."""
    chosen = model(name)
    built = build_stream(chosen, [Portion(data=str(folder), **changes)], "write", settings(), workers=0)
    found: set[tuple[str, ...]] = set()
    for batch in islice(built, 9):
        assert isinstance(batch, Batch)
        for tokens, roles in zip(batch.tokens, batch.roles, strict=True):
            asked, told = (tokens[roles == role].tolist() for role in (Role.PROMPT, Role.ANSWER))
            found.add(tuple(" ".join(chosen.processor.write(ids).split()) for ids in (asked, told)))
    return found


def test_a_conversation_is_learned_turn_by_turn(tmp_path: Path) -> None:
    conversations(tmp_path)
    found = answers("llava", tmp_path)
    assert len(found) == 7
    assert ("USER: What is it? ASSISTANT:", "Noise.") in found
    assert ("USER: What is it? ASSISTANT: Noise.USER: Which? ASSISTANT:", "Number 3.") in found


def test_boxes_are_asked_for_as_the_model_knows_it(tmp_path: Path) -> None:
    coco_boxes(tmp_path)
    assert answers("paligemma", tmp_path) == {("detect cat", "<loc0002><loc0001><loc0009><loc0008> cat")}
    with pytest.raises(DataError, match="teaches nothing"):
        answers("llava", tmp_path)  # it was never taught to point


def test_classes_are_named_and_things_listed_where_that_is_wanted(tmp_path: Path) -> None:
    class_folders(tmp_path / "classes")
    found = answers("paligemma", tmp_path / "classes")
    assert {told for _, told in found} == {"cat", "dog"}
    coco_boxes(tmp_path / "boxes")
    assert {told for _, told in answers("paligemma", tmp_path / "boxes", task="objects")} == {"cat"}


def test_a_task_that_the_set_cannot_teach_is_refused(tmp_path: Path) -> None:
    beside(tmp_path)
    assert len(answers("paligemma", tmp_path, task="caption")) == 6
    with pytest.raises(DataError, match="teaches nothing"):
        answers("paligemma", tmp_path, task="answer")
