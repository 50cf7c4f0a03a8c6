"""Small random models of `transformers`, saved by it in its own format, as the references to agree with."""

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seeread.interface import Images, Patches
from tests.parity.agreement import Answer, Reference, shake
from tests.preprocessing.vocabularies import clip_folder, siglip2_folder, siglip_folder

if os.environ.get("CI"):  # there parity is never skipped
    import transformers
else:
    transformers = pytest.importorskip("transformers", reason="needs the reference: pip install 'seeread[dev]'")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

# Odd on purpose: no width is a power of two, no two sizes are equal that need not be.
VISION = {"hidden_size": 36, "intermediate_size": 52, "num_hidden_layers": 2, "num_attention_heads": 3}
TEXT = {"hidden_size": 40, "intermediate_size": 44, "num_hidden_layers": 3, "num_attention_heads": 5}


def clip(
    folder: Path, vision: dict[str, Any] | None = None, text: dict[str, Any] | None = None, **top: Any
) -> nn.Module:
    """A CLIPModel in `folder`, with tokenizer and processor."""
    size = {"image_size": 30, "patch_size": 7}  # two pixels are left over on either side
    clip_folder(folder)
    words = json.loads((folder / "vocab.json").read_text())
    end = words["<|endoftext|>"]
    words_config = {"vocab_size": len(words) + 3, "max_position_embeddings": 19, "eos_token_id": end}
    config = transformers.CLIPConfig(
        vision_config=VISION | size | (vision or {}),
        text_config=TEXT | words_config | {"bos_token_id": end - 1, "pad_token_id": end} | (text or {}),
        **{"projection_dim": 28} | top,
    )
    side = config.vision_config.image_size
    _write(folder / "preprocessor_config.json", {
        "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": side}, "resample": 3,
        "crop_size": {"height": side, "width": side}, "do_center_crop": True,
        "image_mean": [0.48, 0.45, 0.4], "image_std": [0.26, 0.27, 0.28],
    })  # fmt: skip
    return _saved(transformers.CLIPModel(config), folder)


def siglip(
    folder: Path, vision: dict[str, Any] | None = None, text: dict[str, Any] | None = None, second: bool = False
) -> nn.Module:
    """A SiglipModel in `folder`; with the tokenizer of SigLIP 2 if it is the `second`."""
    _siglip_tokenizer(folder, second)
    size = {"image_size": 33, "patch_size": 8}
    words = {"vocab_size": 700, "max_position_embeddings": 11, "hidden_size": 40, "projection_size": 36}
    config = transformers.SiglipConfig(
        vision_config=VISION | size | (vision or {}),
        text_config=TEXT | words | (text or {}),
    )
    side = config.vision_config.image_size
    _write(folder / "preprocessor_config.json", {
        "image_processor_type": "SiglipImageProcessor", "size": {"height": side, "width": side}, "resample": 3,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
    })  # fmt: skip
    return _saved(transformers.SiglipModel(config), folder)


def naflex(folder: Path, vision: dict[str, Any] | None = None, text: dict[str, Any] | None = None) -> nn.Module:
    """A Siglip2Model in `folder`: positions of a 5 x 5 grid, patches of 4 x 4 pixels."""
    _siglip_tokenizer(folder, second=True)
    words = {"vocab_size": 700, "max_position_embeddings": 11, "projection_size": 36}
    config = transformers.Siglip2Config(
        vision_config=VISION | {"patch_size": 4, "num_patches": 25} | (vision or {}),
        text_config=TEXT | words | (text or {}),
    )
    _write(folder / "preprocessor_config.json", {
        "image_processor_type": "Siglip2ImageProcessor", "patch_size": 4, "max_num_patches": 24, "resample": 2,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
    })  # fmt: skip
    return _saved(transformers.Siglip2Model(config), folder)


def asking(model: nn.Module) -> Reference:
    """The model as a function of our inputs."""

    def ask(images: Images, tokens: Tensor) -> Answer:
        if isinstance(images, Patches):
            given = {"pixel_values": images.pixels, "spatial_shapes": images.grid}
            output = model(input_ids=tokens, **given, pixel_attention_mask=images.valid.int())
        else:
            output = model(input_ids=tokens, pixel_values=images)
        return Answer(output.image_embeds, output.text_embeds, output.logits_per_image)

    return ask


def gradients(model: nn.Module) -> dict[str, Tensor]:
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


def tokens_with_end(texts: int, length: int, end: int, seed: int = 0) -> Tensor:
    """Random ids below `end`, which each row has at another place, with more of it behind as padding."""
    tokens = torch.randint(0, end, (texts, length), generator=torch.Generator().manual_seed(seed))
    for row, text in enumerate(tokens):
        text[length - 1 - row :] = end
    return tokens


def patches(grids: list[tuple[int, int]], most: int, width: int, seed: int = 0) -> Patches:
    """Random images of these grids; what is padding holds numbers too, which must not matter."""
    pixels = torch.randn(len(grids), most, width, generator=torch.Generator().manual_seed(seed))
    return Patches(pixels, torch.tensor(grids))


def random_images(count: int, side: int, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def reopened(folder: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The model that `transformers` makes of a folder, and what it found missing, unexpected or misshapen."""
    logging.getLogger("transformers").setLevel(logging.CRITICAL)
    model, report = transformers.AutoModel.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    return model.eval(), report


def _siglip_tokenizer(folder: Path, second: bool) -> None:
    if second:
        siglip2_folder(folder)
        return
    siglip_folder(folder)
    names = {"eos_token": "</s>", "pad_token": "</s>"}
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "SiglipTokenizer"} | names)


def _saved(model: nn.Module, folder: Path) -> nn.Module:
    shake(model).save_pretrained(folder)  # type: ignore[operator]
    return model


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content))
