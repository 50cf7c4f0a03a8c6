"""The recipe of the bundled dual encoder: its batches, words and teacher, and from small pictures to larger."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F

import seeread
from seeread.data.captioned import CaptionedImages
from seeread.nn.initialise import initialise
from seeread.training.objectives.contrast import info_nce
from tests.shared import shared

BUNDLED = Path(__file__).parents[2] / "recipes" / "bundled"


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BUNDLED))
    return importlib.import_module("clip")


def sources(recipe: ModuleType, taught: bool) -> object:
    pixels = torch.randint(0, 256, (220, 3, 8, 8), dtype=torch.uint8)
    classes = CaptionedImages(pixels, tuple((f"thing {n}",) for n in range(220)), torch.arange(220))
    photos = CaptionedImages(pixels[:70], tuple((f"a photo of {n}", "another") for n in range(70)))
    shapes = CaptionedImages(pixels[:20], tuple((f"shape {n}",) for n in range(20)), torch.arange(20))
    heard = (torch.arange(220.0)[:, None].expand(-1, 1001), torch.arange(70.0)[:, None].expand(-1, 1001))
    return recipe.Sources(classes, photos, shapes, heard if taught else None)


def test_classes_go_by_their_own_words_and_by_everyday_ones(recipe: ModuleType) -> None:
    assert recipe.class_captions({"name": "tabby, tabby cat"}) == ("tabby", "tabby cat", "cat")
    assert recipe.class_captions({"name": "abacus"}) == ("abacus",)


@pytest.mark.parametrize("number", [0, 2])
def test_a_batch_is_a_function_of_seed_and_step(recipe: ModuleType, number: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    texts = ["a thing on a photo", "another shape 0123456789"]
    recipe.learn_tokenizer(texts, 4096).save(str(tmp_path / "tokenizer.json"))
    tokenizer, given = recipe.Tokenizer.load(tmp_path, recipe.RULES), sources(recipe, taught=True)
    first, again = (recipe.Batches(given, tokenizer, recipe.ROUNDS[number]) for _ in range(2))
    images, tokens, heard = first(3)
    assert images.shape == (256, 3, 64, 64) and len(tokens) == 256
    assert torch.equal(images, again(3)[0]) and torch.equal(tokens, again(3)[1])
    assert not torch.equal(images, first(4)[0])
    assert (heard is not None) == recipe.ROUNDS[number].taught
    if heard is not None:  # of each picture, in its place
        assert heard[:176, 0].tolist() == first.picks[0](3).tolist()
        assert heard[176:, 0].tolist() == first.picks[1](3).tolist()


def test_the_teacher_is_heeded_beside_the_contrast(recipe: ModuleType) -> None:
    torch.manual_seed(0)
    model = recipe.DualEncoder(recipe.of_side(64)).eval()
    initialise(model)
    taught = recipe.Taught(model)
    images, tokens, heard = (
        torch.randn(3, 3, 64, 64),
        torch.tensor([[1, 5, 2], [1, 6, 2], [1, 7, 2]]),
        torch.randn(2, 1001),
    )
    with torch.inference_mode():
        vectors = model.embed_image(images)
        contrast = info_nce(model.compare(vectors, model.embed_text(tokens)))
        assert torch.equal(recipe.contrast_and_heed(taught, (images, tokens, None)), contrast)
        said = (taught.head(16 * vectors[:2]) / 2).log_softmax(1)
        apart = F.kl_div(said, (heard / 2).softmax(1), reduction="sum") / 2
        torch.testing.assert_close(
            recipe.contrast_and_heed(taught, (images, tokens, heard)), contrast + 2 * apart
        )


def test_larger_pictures_keep_what_was_learned(recipe: ModuleType) -> None:
    torch.manual_seed(0)
    small = recipe.DualEncoder(recipe.of_side(64)).eval()
    initialise(small)
    same, larger = recipe.enlarged(small, 64).eval(), recipe.enlarged(small, 96).eval()
    for name, tensor in small.state_dict().items():
        assert torch.equal(tensor, same.state_dict()[name]), name
        if name != "image_pool.positions":
            assert torch.equal(tensor, larger.state_dict()[name]), name
    places, stretched = small.image_pool.positions, larger.image_pool.positions
    assert stretched.shape == (10, 1024) and torch.equal(places[0], stretched[0])
    torch.testing.assert_close(stretched[5], places[1:].mean(0))  # the middle of nine lies between the four
    with torch.inference_mode():
        assert larger.embed_image(torch.randn(2, 3, 96, 96)).shape == (2, 256)


def test_the_teacher_knows_what_it_knew(recipe: ModuleType) -> None:
    """The names that the same weights gave, elsewhere, to photographs."""
    folder = shared("weights") / "mobilenet_v2"
    photos = shared("photos_misc") / "coral"
    names = (folder / "labels_1001.txt").read_text().splitlines()
    teacher = recipe.Teacher(folder)
    for file, name in (("bird.png", "chickadee"), ("cat.png", "Egyptian cat")):
        image = recipe.decode([(photos / file).read_bytes()], 224)
        assert name in names[int(teacher(image, 224).argmax())]
        assert name in names[int(recipe.scores(teacher, image, ((224, False), (224, True))).argmax())]


def test_shapes_are_told_by_questions_and_answers(recipe: ModuleType) -> None:
    shapes = recipe.drawn_shapes(shared("easy_vqa") / "train")
    assert len(shapes) == 2830 and len(set(shapes.captions)) == 24
    red = next(place for place, words in enumerate(shapes.captions) if words == ("red circle",))
    middle = shapes.images[red][:, 28:36, 28:36].float().mean((1, 2))
    assert shapes.images[red].shape == (3, 64, 64) and middle[0] >= middle[1:].max()


def test_the_bundled_model_is_the_one_of_the_recipe(recipe: ModuleType) -> None:
    model = seeread.load("seeread/mini-clip", precision="fp32")
    assert model.module.config == recipe.MODEL
    assert model.processor.image_transform == recipe.TRANSFORM
    assert model.processor.tokenizer.rules == recipe.RULES
