"""What feeds a model in a folder of `transformers`: how pictures are prepared, how words become tokens."""

from pathlib import Path
from typing import Any

from seeread.checkpoints.files import write_json
from seeread.checkpoints.formats.settings import read_json
from seeread.checkpoints.refusal import Refusal, naming
from seeread.errors import CheckpointError
from seeread.models.dual_encoder import DualEncoderConfig
from seeread.models.families import ModelConfig
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.folder import Family
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import Transform
from seeread.preprocessing.transform_config import from_transformers, to_transformers


def read_processor(folder: Path, c: ModelConfig, tokenizer: Path | None = None) -> Processor:
    """The processor of the model in a folder. `tokenizer` names another file or folder to take the tokenizer from."""
    config = read_json(folder / "config.json")
    if not isinstance(c, DualEncoderConfig):
        raise CheckpointError(f"{folder}: models that write cannot be read from here yet.")
    family = tokenizer_family(config["model_type"], folder)
    words = Tokenizer.from_folder(tokenizer or folder, family, c.text.context_length)
    return Processor(read_transform(folder), words)


def write_processor(processor: Processor, c: ModelConfig, config: dict[str, Any], folder: Path) -> None:
    """The files of a processor, and what `config.json` says of it."""
    transform, rules = processor.image_transform, processor.tokenizer.rules
    if isinstance(c, DualEncoderConfig):
        config["text_config"] |= {"bos_token_id": rules.start_id, "pad_token_id": rules.pad_id}
    family: Family = config["model_type"]
    if family == "siglip" and rules.clean != "siglip":
        family = "siglip2"  # SigLIP 2 of one resolution: the older model with the newer vocabulary
    described = None if transform is None else to_transformers(transform)
    processor.tokenizer.write_transformers(folder, family)
    if described is not None:
        write_json(folder / "preprocessor_config.json", described)


def read_transform(folder: Path) -> Transform:
    """The image transform that a folder describes, in the older file or the newer."""
    for name in ("preprocessor_config.json", "processor_config.json"):
        if (folder / name).is_file():
            return from_transformers(read_json(folder / name))
    with naming(folder):
        raise Refusal(
            "it does not say how images are prepared: preprocessor_config.json is missing",
            "Download that file into the same folder",
        )


def tokenizer_family(kind: Family, folder: Path) -> Family:
    """Whose rules the tokenizer follows. SigLIP 2 of one resolution calls itself "siglip", and has Gemma's tokens."""
    settings = folder / "tokenizer_config.json"
    if kind != "siglip" or not settings.is_file():
        return kind
    name = str(read_json(settings).get("tokenizer_class"))
    return "siglip2" if name.startswith(("Gemma", "Siglip2")) else "siglip"
