"""What it takes to add a family: its own files, and a line in each of two lists. A toy one is added here, and nothing
else is touched; and nobody but its own files may name a family."""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import seeread
from seeread.checkpoints.formats.settings import Settings, read_json
from seeread.checkpoints.formats.transformers import kinds
from seeread.checkpoints.formats.transformers.kind import Kind
from seeread.checkpoints.formats.transformers.processor import (
    read_transform,
    read_words,
    write_prompts,
    write_transform,
)
from seeread.checkpoints.parts.transformers.decoder_config import kind_of, read_decoder, write_decoder
from seeread.checkpoints.parts.transformers.tower_config import read_tower, write_tower
from seeread.checkpoints.parts.transformers.towers import VISION
from seeread.checkpoints.table import Rule, Table, under
from seeread.cli.main import run as run_command_line
from seeread.errors import CheckpointError
from seeread.fusion.splice import splice
from seeread.interface import Batch, Images, Role, Square
from seeread.models import families
from seeread.models.families import Family, family_of
from seeread.nn.cache import Cache
from seeread.preprocessing.dialogue.folder import style_from_transformers
from seeread.preprocessing.processor import Processor
from seeread.pretrained import Origin, Pretrained
from seeread.text.decoder import Decoder, DecoderConfig
from seeread.vision.vit import ViT, ViTConfig
from tests import talkers
from tests.checkpoints.forge import same

SOURCE = Path(seeread.__file__).parent

# models/toy.py


@dataclass(frozen=True, kw_only=True)
class ToyConfig:
    """`echoes` is how often the one token of a picture stands."""

    vision: ViTConfig
    text: DecoderConfig
    echoes: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.echoes <= 9:
            raise ValueError(f"its pictures cannot be echoed {self.echoes} times")

    @property
    def pictures(self) -> Square:
        return Square(self.vision.image_size)

    @property
    def image_tokens(self) -> int:
        return self.echoes


class Toy(nn.Module):
    """A picture is one word: the mean of what its tower sees."""

    reads_ahead = False

    def __init__(self, config: ToyConfig):
        super().__init__()
        c = self.config = config
        self.vision = ViT(c.vision)
        self.bridge = nn.Linear(c.vision.width, c.text.width)
        self.text = Decoder(c.text)

    def see(self, images: Images) -> Tensor:
        assert isinstance(images, Tensor)
        return self.bridge(self.vision(images).mean(dim=1)).repeat_interleave(self.config.echoes, dim=0)

    def read(self, batch: Batch, cache: Cache | None = None) -> Tensor:
        x = self.text.embed(batch.tokens)
        sight = self.see(batch.images) if batch.images is not None else batch.sight
        if sight is not None:
            x = splice(x, batch.where(Role.IMAGE), sight)
        return self.text.read(x, batch.valid, cache)

    def logits(self, features: Tensor) -> Tensor:
        return self.text.logits(features)

    def forward(self, batch: Batch) -> Tensor:
        return self.logits(self.read(batch))


# checkpoints/formats/transformers/toy.py


def read_toy(config: dict[str, Any]) -> ToyConfig:
    settings = Settings(config)
    vision, text = read_tower(settings.part("vision_config")), read_decoder(settings.part("text_config"))
    return ToyConfig(vision=vision, text=text, echoes=settings.whole("echoes", 1))


def write_toy(c: ToyConfig) -> dict[str, Any]:
    parts = {"vision_config": write_tower(c.vision), "text_config": write_decoder(c.text)}
    return {"model_type": "toy", **parts, "echoes": c.echoes}


def toy_layouts(c: ToyConfig) -> tuple[Table, ...]:
    text = under("language_model.", "text.", kind_of(c.text)[1].table)
    return ((*under("tower.", "vision.", VISION), Rule("projector", "bridge"), *text, Rule("lm_head", "text.head")),)


def read_toy_processor(folder: Path, c: ToyConfig, tokenizer: Path | None) -> Processor:
    words = read_words(folder, read_json(folder / "config.json")["text_config"], tokenizer)
    return Processor(read_transform(folder), words, style_from_transformers(folder, words, c.image_tokens))


def write_toy_processor(processor: Processor, c: ToyConfig, config: dict[str, Any], folder: Path) -> None:
    write_prompts(processor, config, config["text_config"], folder)
    write_transform(processor.image_transform, folder)


KIND = Kind(
    architectures={"toy": "ToyForConditionalGeneration"},
    config=ToyConfig,
    read_config=read_toy,
    write_config=write_toy,
    layouts=toy_layouts,
    read_processor=read_toy_processor,
    write_processor=write_toy_processor,
)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Pretrained:
    """A random one, ready to talk nonsense, once the two lists have their lines."""
    monkeypatch.setattr(families, "FAMILIES", (*families.FAMILIES, Family("toy", ToyConfig, Toy)))
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, KIND))
    torch.manual_seed(0)
    vision = ViTConfig(transformer=talkers.VISION.transformer, image_size=16, patch_size=8)
    model = Toy(ToyConfig(vision=vision, text=talkers.TEXT, echoes=3)).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    other = talkers.tiny_llava().processor
    processor = Processor(other.image_transform, other.tokenizer, replace(talkers.CHAT, image_tokens=3))
    return Pretrained(model, processor, Origin("tests/toy", Path("toy"), "native"))


@pytest.mark.parametrize("format", ["native", "transformers"])
def test_saved_loaded_inspected_and_asked(
    toy: Pretrained, format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, picture = tmp_path / "toy", tmp_path / "red.png"
    Image.effect_noise((30, 20), 90).convert("RGB").save(picture)
    seeread.save(toy, folder, format)  # type: ignore[arg-type]
    again = seeread.load(folder, device="cpu", precision="fp32")
    assert (again.origin.format, again.module.config) == (format, toy.module.config)
    assert same(dict(again.module.state_dict()), dict(toy.module.state_dict()))
    said = seeread.answer(toy, picture, "What is it?", max_tokens=9).text
    assert seeread.answer(again, picture, "What is it?", max_tokens=9).text == said != ""

    assert run_command_line(["inspect", str(folder), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["checkpoint"]["format"], facts["checkpoint"]["family"]) == (format, "Toy")
    count = sum(weight.numel() for weight in toy.module.parameters())
    assert facts["tensors"]["parameters"] == count

    arguments = ["--model", str(folder), "--max-tokens", "9", "--device", "cpu", "--precision", "fp32", "--json"]
    assert run_command_line(["ask", str(picture), "What is it?", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)[0]["answer"] == said


def test_impossible_ones_are_refused(toy: Pretrained, tmp_path: Path) -> None:
    """What its config says no to, as much as what is wrong with a part or a number that nobody else has."""
    for number, (echoes, words) in enumerate({10: "echoed 10 times", -1: "echoes is -1"}.items()):
        folder = tmp_path / str(number)
        seeread.save(toy, folder, "transformers")
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"echoes": echoes}))
        with pytest.raises(CheckpointError, match=words):
            seeread.load(folder)
    config["text_config"]["num_hidden_layers"] = 10**6
    (folder / "config.json").write_text(json.dumps(config | {"echoes": 2}))
    with pytest.raises(CheckpointError, match="text layers is 1000000"):
        seeread.load(folder)


def test_the_first_kind_that_can_say_it_writes_it(toy: Pretrained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several may share a config; what none of them can say is told as the first of them tells it."""

    def refuse(c: ToyConfig) -> dict[str, Any]:
        raise CheckpointError(f"no {c.echoes} echoes here")

    def refuse_otherwise(c: ToyConfig) -> dict[str, Any]:
        raise CheckpointError("nor here")

    deaf, dumb = (replace(KIND, write_config=write) for write in (refuse, refuse_otherwise))
    known = kinds.KINDS[:-1]
    for several, wanted in (((deaf, KIND), KIND), ((KIND, deaf), KIND)):
        monkeypatch.setattr(kinds, "KINDS", (*known, *several))
        kind, config = kinds.written(toy.module.config)
        assert kind is wanted and config["architectures"] == ["ToyForConditionalGeneration"]
    for several, words in (((deaf, dumb), "no 3 echoes here"), ((), "transformers has no architecture")):
        monkeypatch.setattr(kinds, "KINDS", (*known, *several))
        with pytest.raises(CheckpointError, match=words):
            kinds.written(toy.module.config)


def test_each_is_one_line_in_each_list() -> None:
    for file, name in (("models/families.py", "FAMILIES"), ("checkpoints/formats/transformers/kinds.py", "KINDS")):
        entries = listed(ast.parse((SOURCE / file).read_text()), name)
        assert len({entry.lineno for entry in entries}) == len(entries) > 3
        assert all(entry.lineno == entry.end_lineno for entry in entries)


def test_families_can_be_told_apart() -> None:
    for what in ("name", "config", "model"):
        assert len({getattr(family, what) for family in families.FAMILIES}) == len(families.FAMILIES)
    types = [pair for kind in kinds.KINDS for pair in kind.architectures.items()]
    assert len(types) == len(set(types)) and dict(types).keys() == kinds.model_types().keys()
    assert all(kind.config in {family.config for family in families.FAMILIES} for kind in kinds.KINDS)


def test_nobody_else_names_a_family() -> None:
    """Outside of its own file, of the list, of formats and configs of published models, of the interface of the
    original CLIP package, and of the experiment that needs one of each design."""
    allowed = ("models/families.py", "clip.py", "lab/faithfulness/shortcut/designs.py")
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        if place in allowed or place.startswith(("checkpoints/formats/", "checkpoints/published/")):
            continue
        strange = {name for name, home in homes().items() if home != place}
        found += [f"{place}:{line}: {name}" for line, name in named(path.read_text()) if name in strange]
    assert not found, "ask what the model can do, or look at the parts of its config:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "from seeread.models.llava import LLaVA",
        "import seeread.models.llava as m\nm.LLaVAConfig",
        "isinstance(c, LLaVAConfig)",
        "if family == 'llava': pass",
        "processor in ('CLIP', 'LLaVA')",
        "match c:\n    case LLaVAConfig(tiles=True): pass",
    ],
)
def test_the_rule_catches(line: str) -> None:
    assert {name for _, name in named(line)} & homes().keys()


def homes() -> dict[str, str]:
    """The names of their classes, and their own as words in quotes, with the file that each is at home in. A part of a
    model that is also a family, such as a decoder, may be named by anyone."""
    found = {}
    for family in families.FAMILIES:
        for one in (family.config, family.model):
            if one.__module__.startswith("seeread.models."):
                home = f"{one.__module__.removeprefix('seeread.').replace('.', '/')}.py"
                found |= dict.fromkeys((one.__name__, f"{one.__name__!r}", f"{family.name!r}"), home)
    return found


def named(source: str) -> Iterator[tuple[int, str]]:
    """The names in a file, and the words that something is compared with, each with its line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield node.lineno, name
            case ast.ImportFrom():
                yield from ((node.lineno, one.name) for one in node.names)
            case ast.Compare() | ast.MatchValue():
                words = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
                yield from ((node.lineno, f"{word!r}") for word in words)


def listed(tree: ast.Module, name: str) -> list[ast.expr]:
    """The entries of the tuple that a module calls `name`."""
    for node in tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [None])[0]
        if isinstance(target, ast.Name) and target.id == name:
            assert isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Tuple)
            return node.value.elts
    raise AssertionError(f"there is no {name}")


def test_what_a_family_can_do_is_seen_from_its_class() -> None:
    able = {family.name: (family.writes, family.compares) for family in families.FAMILIES}
    assert able["dual_encoder"] == (False, True)
    assert able["llava"] == able["language_model"] == (True, False)
    assert family_of(talkers.TEXT).name == "language_model"
