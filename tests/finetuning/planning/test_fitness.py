"""What a set cannot teach is said before anything is learned from it, and with what to do about it."""

from pathlib import Path

import pytest
from PIL import Image

from seeread.data.sets.read import read_training
from seeread.errors import DataError, UsageError
from seeread.finetuning.planning.fitness import check_fit, check_set, worth_knowing
from seeread.finetuning.planning.survey import survey
from tests.finetuning import sets
from tests.talkers import colour_talker
from tests.tiny import tiny_model


def test_pictures_alone_teach_nothing_and_layouts_that_do_are_named(tmp_path: Path) -> None:
    for name, _, made in sets.drawn(4):
        made.save(tmp_path / name)
    with pytest.raises(DataError, match=r"12 pictures, and nothing .* they show\. Put pictures into a folder"):
        check_set(survey(read_training(tmp_path)))


def test_three_pictures_are_too_few(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"3 pictures: too few .* 8 is the least"):
        check_set(survey(read_training(sets.class_folders(tmp_path, 1))))


def test_one_class_is_told_from_nothing(tmp_path: Path) -> None:
    rows = (sets.json_lines(tmp_path / "set", 9) / "rows.jsonl").read_text().splitlines()
    (tmp_path / "set" / "rows.jsonl").write_text("\n".join(row for row in rows if "blue" in row))
    with pytest.raises(DataError, match="one class, 'blue'"):
        check_set(survey(read_training(tmp_path / "set")))


def test_a_set_of_broken_pictures_says_what_is_wrong_with_the_first(tmp_path: Path) -> None:
    sets.class_folders(tmp_path, 1)
    for file in tmp_path.rglob("*.png"):
        file.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"None of the 3 pictures .* can be opened"):
        check_set(survey(read_training(tmp_path)))


def test_a_model_that_compares_learns_nothing_from_questions(tmp_path: Path) -> None:
    data = read_training(sets.questions(tmp_path / "asked"))
    with pytest.raises(UsageError, match=r"only questions\. Train .* --from seeread/mini-llava"):
        check_fit(tiny_model(), data, None)
    boxes = read_training(sets.coco_boxes(tmp_path / "boxes"))
    with pytest.raises(UsageError, match="--from seeread/mini-paligemma"):
        check_fit(tiny_model(), boxes, None)


def test_modes_that_a_model_does_not_have(tmp_path: Path) -> None:
    asked = read_training(sets.questions(tmp_path / "asked"))
    with pytest.raises(UsageError, match="--mode lit is for models that compare"):
        check_fit(colour_talker(), asked, "lit")
    captioned = read_training(sets.captioned(tmp_path / "captioned"))
    with pytest.raises(UsageError, match="A probe learns to tell classes apart"):
        check_fit(tiny_model(), captioned, "probe")


def test_what_is_worth_knowing_is_told(tmp_path: Path) -> None:
    sets.class_folders(tmp_path, 6)
    (tmp_path / "red" / "broken.png").write_bytes(b"no picture")
    again = Image.open(tmp_path / "green" / "green-00.png")
    again.resize((30, 30)).save(tmp_path / "green" / "again.jpg")
    looked = survey(read_training(tmp_path))
    told = list(worth_knowing(tiny_model(), looked))
    assert len(looked.data) == 19 and list(looked.broken) == ["red/broken.png"]
    assert "red/broken.png" in told[0] and "1 picture cannot be used" in told[0]
    assert "1 picture is a near copy" in told[1]


def test_captions_that_are_cut_are_counted(tmp_path: Path) -> None:
    sets.captioned(tmp_path / "set", 4)
    for file in list((tmp_path / "set").glob("red*.txt")):
        file.write_text("a photo of the red dog " * 8)
    told = list(worth_knowing(tiny_model(), survey(read_training(tmp_path / "set"))))
    assert told == [line for line in told if "33% of the captions have more than the 16 tokens" in line] and told


def test_classes_that_are_numbers_are_no_words(tmp_path: Path) -> None:
    for number, colour in enumerate(sets.COLOURS):
        (tmp_path / f"n0144076{number}").mkdir()
        for n in range(4):
            sets.picture(colour, 10 * number + n).save(tmp_path / f"n0144076{number}" / f"{n}.png")
    told = list(worth_knowing(tiny_model(), survey(read_training(tmp_path))))
    assert any("learns more from names" in line for line in told)
