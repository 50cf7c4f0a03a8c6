"""Our own folder: a strict `config.json`, the tensors under our names, the tokenizer, and checksums of all of them."""

from pathlib import Path
from typing import Any

from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.files import read_tensors, verify_manifest, write_json, write_manifest, write_sharded
from seeread.checkpoints.files.dataclass_json import from_json, to_json
from seeread.checkpoints.formats.settings import read_json
from seeread.checkpoints.match import require_fit, require_fitting_processor
from seeread.checkpoints.refusal import Refusal, naming, out_of, shown
from seeread.models.families import Family, ModelConfig, families, family_of, text_of
from seeread.nn.rope import LinearScaling, Llama3Scaling, YarnScaling
from seeread.preprocessing.dialogue.style import PromptStyle
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.rules import TokenizerRules
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import transform_from_dict
from seeread.vision.naflex import NaFlexConfig
from seeread.vision.resnet import ResNetConfig
from seeread.vision.vit import ViTConfig

VERSION = "1"
TOWERS = {"vit": ViTConfig, "resnet": ResNetConfig, "naflex": NaFlexConfig}
SCALINGS = {"linear": LinearScaling, "llama3": Llama3Scaling, "yarn": YarnScaling}
KINDS: dict[str, type] = TOWERS | SCALINGS
"""Where a config may hold one of several: what each is called in a file."""

TRAINING = "training.json"
"""What a model was trained on, in its folder."""

_HEAD = ("seeread", "family", "model")


def read(folder: Path, tokenizer: Path | None = None) -> Checkpoint:
    """A folder that `write` wrote. `tokenizer` names another folder of ours to take the vocabulary from.

    Raises `CheckpointError` if a file is missing or not the one that was written, or if the config has a key too
    many, too few, or of the wrong type.
    """
    config_file = folder / "config.json"
    config = read_json(config_file)
    with naming(config_file):
        family = _family(config)
        model: ModelConfig = from_json(family.config, config["model"], KINDS, "model")
        parts = _parts(model)
        _check_keys(config, (*_HEAD, *parts))
        for part in parts:
            kind, called = (list, "a list") if part == "labels" else (dict, "an object")
            if not isinstance(config[part], kind):
                raise Refusal(f"its {part} is {shown(config[part])}, and should be {called}")
    _verify(folder)
    with out_of(config_file):
        transform = transform_from_dict(config["image_transform"]) if "image_transform" in config else None
        rules = TokenizerRules.from_dict(config["tokenizer"]) if "tokenizer" in config else None
        style = PromptStyle.from_dict(config["style"]) if "style" in config else None
    weights = folder / "model.safetensors"
    weights = weights if weights.is_file() else folder / "model.safetensors.index.json"
    tensors = read_tensors(weights)
    require_fit(weights, model, tensors)
    with out_of(tokenizer or folder):
        words = None if rules is None else Tokenizer.load(tokenizer or folder, rules)
    processor = Processor(transform, words, style, tuple(map(str, config.get("labels", ()))))
    require_fitting_processor(folder, model, processor)
    training = read_json(folder / TRAINING) if (folder / TRAINING).is_file() else None
    return Checkpoint(model, tensors, processor, "native", training)


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """Everything that `read` needs, each tensor bit for bit in the precision it is stored in."""
    processor = checkpoint.processor
    config = {
        "seeread": VERSION,
        "family": family_of(checkpoint.config).name,
        "model": to_json(checkpoint.config, KINDS),
    }
    if processor.image_transform is not None:
        config["image_transform"] = processor.image_transform.to_dict()
    if processor.vocabulary is not None:
        config["tokenizer"] = processor.vocabulary.rules.to_dict()
    if processor.style is not None:
        config["style"] = processor.style.to_dict()
    if processor.labels:
        config["labels"] = list(processor.labels)
    folder.mkdir(parents=True, exist_ok=True)
    write_sharded(folder, checkpoint.tensors)
    if processor.vocabulary is not None:
        processor.vocabulary.save(folder)
    write_json(folder / "config.json", config)
    if checkpoint.training is not None:
        write_json(folder / TRAINING, dict(checkpoint.training))
    write_manifest(folder)


def _verify(folder: Path) -> None:
    """Every file that is read is the one that was written. A card may be added later, weights may not."""
    manifest = folder / "manifest.json"
    listed = read_json(manifest)
    with naming(manifest):
        for path in sorted(folder.iterdir()):
            if path.suffix in (".json", ".safetensors") and path.name not in listed and path != manifest:
                raise Refusal(f"it does not list {shown(path.name)}, so that file was not written with the others")
    verify_manifest(folder)


def _family(config: dict[str, Any]) -> Family:
    """What kind of model a file describes."""
    if config.get("seeread") != VERSION:
        raise Refusal(
            f"it is in version {shown(config.get('seeread', 'none'))} of the format, and this seeread reads {VERSION}",
            "Update seeread",
        )
    known = families()
    family = known.get(str(config.get("family")))
    if family is None:
        found, names = shown(config.get("family", "none")), ", ".join(known)
        raise Refusal(f"its family is {found}, and this seeread knows {names}", "Update seeread")
    if "model" not in config:
        raise Refusal("it lacks the key model")
    return family


def _parts(model: ModelConfig) -> tuple[str, ...]:
    """What feeds such a model: pictures if it sees, words if it reads, a way to be spoken to if it writes, and names if
    it knows classes."""
    needed = {
        "image_transform": model.pictures is not None,
        "tokenizer": hasattr(text_of(model), "vocabulary"),
        "style": family_of(model).writes,
        "labels": hasattr(model, "classes"),
    }
    return tuple(part for part, wanted in needed.items() if wanted)


def _check_keys(config: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        if key not in config:
            raise Refusal(f"it lacks the key {key}")
    for key in config:
        if key not in keys:
            raise Refusal(f"it has the unknown key {shown(key)}", "Update seeread, or remove the key")
