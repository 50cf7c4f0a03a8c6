"""The recipes of the small models that write: what they learn from, and that what is kept of it is what they see."""

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy
import pytest
import tokenizers
import torch
from PIL import Image

import seeread
from seeread.data.example import Example, detection
from seeread.data.scene_talk import scene_examples
from seeread.nn.initialise import initialise
from seeread.preprocessing.pointing.locations import Box, Located
from seeread.training.objectives.writing import writing

BUNDLED = Path(__file__).parents[2] / "recipes" / "bundled"


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BUNDLED))
    return importlib.import_module("pictures")


def a_tokenizer(data: ModuleType) -> tokenizers.Tokenizer:
    examples = [example for seed in range(30) for example in scene_examples(seed, 8, 64)]
    return data.learn_tokenizer(data.texts_of(examples))


def test_the_tokenizer_knows_its_places(data: ModuleType) -> None:
    tokenizer = a_tokenizer(data)
    tokens = ("<pad>", "<start>", "<end>", "<image>", "<loc0000>", "<loc0063>")
    assert [tokenizer.token_to_id(token) for token in tokens] == [0, 1, 2, 3, 4, 67]
    answer = (
        "<loc0010><loc0063><loc0000><loc0001> red circle ; <loc0001><loc0002><loc0003><loc0004> blue star"
    )
    ids = tokenizer.encode(answer, add_special_tokens=False).ids
    assert ids[:4] == [14, 67, 4, 5] and tokenizer.decode(ids) == answer  # places are text, and stay
    assert tokenizer.decode(tokenizer.encode("<start>What IS this?<end>").ids) == "what is this?"
    for text in ("été ☃", "ANOTHER alphabet: Ελλάδα"):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text.lower()


def test_prompt_and_answer_are_cut_alike_together_and_apart(data: ModuleType) -> None:
    tokenizer = a_tokenizer(data)

    def ids(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False).ids

    for number, example in enumerate(scene_examples(77, 8, 64)):
        for asked in (example.prompt + "\n", data.CHAT.format(example.instruction(number))):
            assert ids(asked + example.answer) == ids(asked) + ids(example.answer)


def test_what_is_written_can_be_read(data: ModuleType, tmp_path: Path) -> None:
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    cat = Located("cat", Box(0.5, 0.0, 1.0, 1.0))
    examples = [
        Example(wide, "answer", "what is this?", "blue"),
        detection(wide, ["cat"], [cat], 64),
        detection(wide, ["dog"], [cat], 64),
        Example(Image.new("RGB", (9, 9)), "caption", "", "nothing"),
    ]
    for squash in (True, False):
        data.write(tmp_path / str(squash), examples, squash)
    images = numpy.load(tmp_path / "False" / "images.npy")
    assert images.shape == (2, 128, 128, 3) and (images[0, 5:-5, 5:-5] == (0, 0, 255)).all()  # the middle
    assert (numpy.load(tmp_path / "True" / "images.npy")[0, :, 2:40] == (255, 0, 0)).all()  # the whole
    rows = [json.loads(line) for line in (tmp_path / "True" / "examples.jsonl").read_text().splitlines()]
    assert rows[1]["boxes"] == [["cat", 0.5, 0.0, 1.0, 1.0]] and "boxes" not in rows[2]
    assert [row["image"] for row in rows] == [0, 0, 0, 1]
    assert rows[0]["prompt"] == "answer en what is this?\n" and rows[2]["answer"] == ""
    assert rows[0]["chat"] == "USER: <image>\nwhat is this? ASSISTANT:"


def test_photos_are_parted_by_picture(data: ModuleType) -> None:
    examples = [Example(f"{place // 3}.jpg", "caption", "", str(place)) for place in range(60)]
    first, last = data.first_photos(examples), data.last_photos(examples)
    assert len(first) == 54 and first + last == examples
    assert not {example.image for example in first} & {example.image for example in last}


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BUNDLED))
    return importlib.import_module("writers")


@pytest.fixture
def folder(data: ModuleType, tmp_path: Path) -> Path:
    """Two sources as the recipe finds them: three pictures with a caption and a question each, and boxes."""
    reds = [Image.new("RGB", (150, 150), (50 * place, 0, 0)) for place in range(3)]
    spoken = [Example(red, "caption", "", f"red number {place}") for place, red in enumerate(reds)]
    spoken += [Example(red, "answer", "what colour is it?", "red") for red in reds]
    boxed = [detection(red, ["cat"], [Located("cat", Box(0.5, 0.0, 1.0, 1.0))], 64) for red in reds]
    data.write(tmp_path / "spoken-train", spoken, squash=False)
    data.write(tmp_path / "boxed-train", boxed, squash=True)
    a_tokenizer(data).save(str(tmp_path / "tokenizer.json"))
    return tmp_path


@pytest.mark.parametrize("name", ["llava", "paligemma", "flamingo", "pali", "hybrid", "fuyu"])
def test_what_was_seen_before_is_what_the_model_would_see(
    recipe: ModuleType, folder: Path, name: str
) -> None:
    """The loss on features that were kept is the loss on the pictures themselves, through the model's own processor."""
    family = recipe.FAMILIES[name]
    processor = family.processor(recipe.Tokenizer.load(folder, recipe.RULES))
    torch.manual_seed(0)
    model = recipe.build_model(family.config).eval()
    initialise(model)
    tower = getattr(model, "vision", None)
    seen = recipe.look(tower, folder / "spoken-train", family, folder / "seen.safetensors", 2)
    source = recipe.Source(folder / "spoken-train", "words", processor)
    rows = recipe.Rows({"spoken": source}, {"spoken": seen}, {"spoken": 1.0}, family, 4)
    batch = rows.batch([("spoken", row) for row in source.rows], [0] * len(source.rows))
    pictures = [Image.new("RGB", (150, 150), (50 * row["image"], 0, 0)) for row in source.rows]
    dialogues = [source.dialogue(row, picture) for row, picture in zip(source.rows, pictures, strict=True)]
    direct = processor.prompts(dialogues, [row["answer"] for row in source.rows])
    assert torch.equal(batch.tokens, direct.tokens) and torch.equal(batch.roles, direct.roles)
    with torch.inference_mode():
        wanted = writing(model, direct)
        if tower is not None:
            model.vision = recipe.Seen()
        torch.testing.assert_close(writing(model, batch), wanted, atol=0.02, rtol=0.01)  # kept in bf16
    assert torch.equal(rows(3).tokens, rows(3).tokens) and not torch.equal(rows(3).tokens, rows(4).tokens)


def test_boxes_and_words_are_apart(recipe: ModuleType, folder: Path) -> None:
    family = recipe.FAMILIES["paligemma"]
    processor = family.processor(recipe.Tokenizer.load(folder, recipe.RULES))
    assert not recipe.Source(folder / "spoken-train", "places", processor).rows
    assert not recipe.Source(folder / "boxed-train", "words", processor).rows
    (row, *_) = rows = recipe.Source(folder / "boxed-train", "places", processor).rows
    assert len(rows) == 3 and row["answer"] == "<loc0000><loc0032><loc0063><loc0063> cat"


def test_connectors_start_where_what_is_seen_has_the_size_of_words(recipe: ModuleType) -> None:
    torch.manual_seed(0)
    model = recipe.build_model(recipe.FAMILIES["paligemma"].config)
    seen = 3 + 5 * torch.randn(1, 40, 64, 512)
    recipe.prepare(model, seen)
    with torch.inference_mode():
        said = model.connector(seen[0])
    assert said.mean().abs() < 0.05 and said.std().item() == pytest.approx(1, abs=0.1)
    places = model.places.positions
    assert len({tuple(row) for row in places.tolist()}) == len(places)


@pytest.mark.parametrize("name", ["llava", "paligemma", "flamingo", "pali", "hybrid", "fuyu"])
def test_the_bundled_models_are_those_of_the_recipe(recipe: ModuleType, name: str) -> None:
    model, family = seeread.load(f"seeread/mini-{name}", precision="fp32"), recipe.FAMILIES[name]
    assert model.module.config == family.config
    assert model.processor.image_transform == family.transform and model.processor.style == family.style


def test_what_is_seldom_true_is_repeated_until_it_is_as_frequent(recipe: ModuleType) -> None:
    asked = [("red?", "no")] * 7 + [("red?", "yes")] * 2 + [("blue?", "no")] * 3 + [("what?", "red")]
    rows = [{"about": question, "answer": answer} for question, answer in asked]
    more = recipe.missing_answers(rows)
    assert [(row["about"], row["answer"]) for row in more] == [("red?", "yes")] * 5  # of blue "yes" never is
