"""Which format a folder or file is in: what lies in it tells, not its name."""

from pathlib import Path

from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.formats import native, transformers
from seeread.checkpoints.formats.settings import read_json
from seeread.checkpoints.refusal import Refusal, naming


def read(path: Path, tokenizer: Path | None = None) -> Checkpoint:
    """The checkpoint at `path`, in whatever format it is. `tokenizer` names a file or folder, for those that carry none.

    Raises `CheckpointError` for what is none, or is refused.
    """
    from seeread.checkpoints.formats import open_clip, openai

    path = _folder_of(path)
    if path.is_file():
        return openai.read(path, tokenizer)
    if not path.is_dir():
        with naming(path):
            raise Refusal("there is no such file or folder", "Check the path")
    config = read_json(path / "config.json") if (path / "config.json").is_file() else {}
    if "seeread" in config:
        return native.read(path, tokenizer)
    # The hub has folders that hold one model in both formats, and folders whose config.json is of a third.
    foreign = (path / "open_clip_config.json").is_file()
    if config and not (foreign and not transformers.reads(path, config)):
        return transformers.read(path, tokenizer)
    if foreign:
        return open_clip.read(path, tokenizer)
    with naming(path):
        raise Refusal(
            "it holds no model: neither config.json nor open_clip_config.json is there",
            "Name the folder that `save`, `save_pretrained` or the hub made, or the file of weights itself",
        )


def _folder_of(path: Path) -> Path:
    """The model folder of a file of weights that needs its neighbours to be read; else `path` itself."""
    beside = ("config.json", "open_clip_config.json")
    return path.parent if path.is_file() and any((path.parent / name).is_file() for name in beside) else path
