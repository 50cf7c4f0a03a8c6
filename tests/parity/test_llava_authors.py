"""LLaVA as its authors lay it out, against the same modules put together by `transformers`."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from seeread.checkpoints.files import read_tensors, write_safetensors
from seeread.checkpoints.formats import llava_authors as ours
from seeread.checkpoints.formats.recognise import read
from seeread.checkpoints.load import load
from seeread.checkpoints.match import skeleton
from seeread.checkpoints.save import save
from seeread.errors import CheckpointError
from seeread.interface import Tiles
from seeread.models.llava import LLaVA
from seeread.preprocessing.dialogue import Picture, Turn, ask
from seeread.preprocessing.dialogue.builtin import LLAVA_V0, LLAVA_V1, MISTRAL
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.transform import ImageTransform
from tests.parity import reference_writers as reference
from tests.parity.agreement import FORWARD, distance, shake

TOWER = "model.vision_tower.vision_tower."
SIDE = 28
PINPOINTS = [[56, 28], [28, 56], [56, 56], [28, 84], [84, 28]]  # width and height
SIZES = [(41, 97), (120, 37), (50, 50), (7, 90)]
VARIANTS: dict[str, dict[str, Any]] = {
    "1.0": {"connector": "linear"},
    "1.5": {},
    "1.5, whole tower": {"layer": -1, "feature": "cls_patch"},
    "over Qwen2": {"text": "qwen2"},
    "1.6": {"tiles": True},
    "1.6 over Mistral": {"tiles": True, "text": "mistral"},
}


@dataclass(frozen=True)
class Case:
    """The reference, and the folder that its authors would have made of it."""

    theirs: nn.Module
    folder: Path
    tower: Path


def make(
    top: Path,
    text: str = "llama",
    connector: str = "mlp2x_gelu",
    tiles: bool = False,
    layer: int = -2,
    feature: str = "patch",
    own_tower: bool | None = None,
    shards: bool = False,
) -> Case:
    pinpoints = [[height, width] for width, height in PINPOINTS] if tiles else None
    heads = {"hidden_size": 128, "num_attention_heads": 2}  # OpenAI's heads are 64 numbers wide
    strategy = {"patch": "default", "cls_patch": "full"}[feature]
    theirs = reference.llava(
        top / "converted", text=text, pinpoints=pinpoints, vision_feature_layer=layer,
        vision={"hidden_act": "quick_gelu", "image_size": SIDE, **heads}, vision_feature_select_strategy=strategy,
    )  # fmt: skip
    width = theirs.config.text_config.hidden_size
    if connector == "linear":
        theirs.model.multi_modal_projector = shake(nn.Linear(128, width), 7)
    folder, tower = top / "liuhaotian" / "llava-v1-7b", top / "liuhaotian" / "clip-vit-tiny-patch7"
    state = {name: tensor.detach().contiguous() for name, tensor in theirs.state_dict().items()}
    vision, rest = parted(state)
    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(top / "converted" / name, folder)
    described = json.loads((folder / "tokenizer_config.json").read_text())
    del described["chat_template"]
    (folder / "tokenizer_config.json").write_text(json.dumps(described))
    own = tiles if own_tower is None else own_tower
    stored = rest | ({TOWER + name: tensor for name, tensor in vision.items()} if own else {})
    if shards:
        names = sorted(stored)
        index = {name: f"pytorch_model-0000{place % 2 + 1}-of-00002.bin" for place, name in enumerate(names)}
        for file in set(index.values()):
            torch.save({name: stored[name] for name in names if index[name] == file}, folder / file)
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": index}))
    else:
        write_safetensors(folder / "model.safetensors", stored, {"format": "pt"})
    if not own:
        tower.mkdir()
        extra = {"logit_scale": torch.zeros(()), "text_model.final_layer_norm.bias": torch.zeros(3)}
        write_safetensors(tower / "model.safetensors", vision | extra, {"format": "pt"})
        clip = {"model_type": "clip", "vision_config": theirs.config.vision_config.to_dict()}
        (tower / "config.json").write_text(json.dumps(clip))
        shutil.copy(top / "converted" / "preprocessor_config.json", tower)
    words = theirs.config.text_config.to_dict() | {
        "model_type": {"llama": "llava_llama" if tiles else "llava", "qwen2": "llava_qwen"}.get(text, f"llava_{text}"),
        "architectures": ["LlavaLlamaForCausalLM"], "use_mm_proj": True, "mm_hidden_size": 128,
        "mm_vision_tower": "openai/clip-vit-tiny-patch7", "mm_vision_select_layer": layer, "mm_use_im_start_end": False,
        "mm_vision_select_feature": feature, "mm_use_im_patch_token": False, "mm_resampler_type": None,
        "image_aspect_ratio": "anyres" if tiles else "pad", "tokenizer_model_max_length": 500,
    }  # fmt: skip
    words |= {"mm_patch_merge_type": "spatial_unpad", "image_grid_pinpoints": PINPOINTS} if tiles else {}
    words |= {} if connector == "linear" else {"mm_projector_type": connector}
    (folder / "config.json").write_text(json.dumps(words))
    return Case(theirs, folder, tower)


def parted(state: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The tower, as CLIP names it, and the rest, as the authors do."""
    vision, rest = {}, {}
    projector = {"linear_1": "0", "linear_2": "2"}
    for name, tensor in state.items():
        if name.startswith("model.vision_tower."):
            bare = name.removeprefix("model.vision_tower.").removeprefix("vision_model.")
            vision[f"vision_model.{bare}"] = tensor
        elif name.startswith("model.multi_modal_projector."):
            *layer, leaf = name.removeprefix("model.multi_modal_projector.").split(".")
            rest[".".join(["model.mm_projector", *(projector[one] for one in layer), leaf])] = tensor
        else:
            rest[name.replace("model.language_model.", "model.")] = tensor
    return vision, rest


def opened(case: Case) -> LLaVA:
    config, tensors, _ = ours.read_model(case.folder)
    model = skeleton(config).eval()
    model.load_state_dict(tensors, assign=True)
    assert isinstance(model, LLaVA)
    return model


def given(model: LLaVA, left: bool = True) -> reference.Given:
    c, generator = model.config, torch.Generator().manual_seed(3)
    side = c.vision.image_size
    if not c.tiles:
        images = torch.randn(3, 3, side, side, generator=generator)
        counts = [[c.image_tokens] * several for several in (2, 1, 0)]
        return reference.prompts([sum(one) + 5 for one in counts], images, counts, left)
    transform = TileTransform(side=side, grids=((1, 2), (2, 1), (2, 2), (3, 1), (1, 3)), mean=(0, 0, 0), std=(1, 1, 1))
    grids = torch.tensor([transform.grid(*size) for size in SIZES])
    pixels = torch.randn(int((1 + grids.prod(1)).sum()), 3, side, side, generator=generator)
    tiles = Tiles(pixels, grids, torch.tensor(SIZES))
    each = tiles.tokens(side // 7)
    counts = [each[:2], each[2:3], [], each[3:]]
    return reference.prompts([sum(one) + 5 for one in counts], tiles, counts, left)


@pytest.mark.parametrize("name", VARIANTS)
def test_says_the_same(tmp_path: Path, name: str) -> None:
    case = make(tmp_path, **VARIANTS[name])
    model = opened(case)
    for left in (True, False):
        with torch.no_grad():
            mine, expected = reference.said(case.theirs, model, given(model, left))
        assert distance(mine, expected) < FORWARD
    answers, wanted = reference.written(case.theirs, model, given(model), 7)
    assert answers == wanted


@pytest.mark.parametrize("own", [False, True], ids=["named", "within"])
def test_tower_within_or_named(tmp_path: Path, own: bool) -> None:
    """By shapes alone where it is OpenAI's and within, else by the folder that the name leads to."""
    case = make(tmp_path, own_tower=own, shards=True)
    assert case.tower.is_dir() != own
    asked = []
    elsewhere = tmp_path / "cache"
    if not own:
        case.tower.rename(elsewhere)

    def find(name: str) -> Path:
        asked.append(name)
        return elsewhere

    config, tensors, home = ours.read_model(case.folder, find)
    assert asked == ([] if own else ["openai/clip-vit-tiny-patch7"])
    assert home == (None if own else elsewhere)
    model = skeleton(config).eval()
    model.load_state_dict(tensors, assign=True)
    with torch.no_grad():
        mine, expected = reference.said(case.theirs, model, given(model))  # type: ignore[arg-type]
    assert distance(mine, expected) < FORWARD


@pytest.mark.parametrize(("name", "template"), [("1.0", LLAVA_V1), ("1.5", LLAVA_V1), ("1.6 over Mistral", MISTRAL)])
def test_whole(tmp_path: Path, name: str, template: str) -> None:
    """Loaded by what lies in the folder, spoken to, saved in our format and in that of `transformers`."""
    case = make(tmp_path, **VARIANTS[name])
    model = load(case.folder, device="cpu", precision="fp32")
    assert model.origin.format == "llava_authors"
    processor, style = model.processor, model.processor.style
    assert style is not None
    assert style.template == template
    assert (style.image_text, style.end_ids, processor.tokenizer.rules.context_length) == ("<image>", (2,), 500)
    pictures = [Image.effect_noise((90, 40), 80).convert("RGB")]
    batch = processor.prompts([ask("w7 w8", *pictures)])
    with torch.inference_mode():
        logits = model.module(batch)
    for form in ("native", "transformers") if name != "1.0" else ("native",):
        save(model, tmp_path / form, form)  # type: ignore[arg-type]
        again = load(tmp_path / form, device="cpu", precision="fp32")
        with torch.inference_mode():
            assert torch.equal(again.module(again.processor.prompts([ask("w7 w8", *pictures)])), logits)


def test_pictures_are_prepared_as_the_settings_say(tmp_path: Path) -> None:
    case = make(tmp_path)
    for aspect, mode in (("pad", "square"), ("square", "crop"), (None, "crop")):
        change(case, image_aspect_ratio=aspect)
        transform = read(case.folder).processor.image_transform
        assert isinstance(transform, ImageTransform)
        assert (transform.mode, transform.size) == (mode, (28, 28))
    tiled = make(tmp_path / "tiles", tiles=True)
    transform = read(tiled.folder).processor.image_transform
    assert isinstance(transform, TileTransform)
    assert (transform.side, transform.grids) == (28, ((1, 2), (2, 1), (2, 2), (3, 1), (1, 3)))


def test_oldest_words(tmp_path: Path) -> None:
    case = make(tmp_path, connector="linear")
    change(case, _name_or_path="liuhaotian/LLaVA-7b-v0")
    style = read(case.folder).processor.style
    assert style is not None and style.template == LLAVA_V0


def test_id_of_images_may_be_beyond_the_vocabulary(tmp_path: Path) -> None:
    """Their own code puts -200 there, and looks nothing up."""
    case = make(tmp_path)
    stored = read_tensors(case.folder / "model.safetensors")
    names = ("model.embed_tokens.weight", "lm_head.weight")
    cut = {name: tensor[: reference.IMAGE] if name in names else tensor for name, tensor in stored.items()}
    write_safetensors(case.folder / "model.safetensors", cut, {"format": "pt"})
    change(case, vocab_size=reference.IMAGE)
    model = load(case.folder, device="cpu", precision="fp32")
    batch = model.processor.prompts([[Turn("user", (Picture(Image.new("RGB", (9, 9))), "w5"))]])
    assert int(batch.tokens.max()) < reference.IMAGE
    with torch.inference_mode():
        assert model.module(batch).shape[-1] == reference.IMAGE


@pytest.mark.parametrize(
    ("variant", "settings", "words"),
    [
        ("1.5", {"mm_use_im_start_end": True}, "mm_use_im_start_end is True"),
        ("1.5", {"mm_resampler_type": "perceiver"}, "mm_resampler_type is 'perceiver'"),
        ("1.5", {"mm_projector_type": "mlp3x_gelu"}, "mm_projector_type is 'mlp3x_gelu'"),
        ("1.5", {"mm_projector_type": "linear"}, "mm_projector"),
        ("1.5", {"s2": True}, "s2 is True"),
        ("1.5", {"mm_vision_select_feature": "mean"}, "mm_vision_select_feature is 'mean'"),
        ("1.5", {"mm_vision_select_layer": 9}, "layer is 9"),
        ("1.5", {"image_aspect_ratio": "anyres_max_9"}, "image_aspect_ratio is 'anyres_max_9'"),
        ("1.5", {"mm_patch_merge_type": "spatial_unpad"}, "image_aspect_ratio is 'pad'"),
        ("1.5", {"mm_vision_tower": "/etc/towers/"}, "no name of a model on the hub"),
        ("1.5", {"mm_vision_tower": ".."}, "no name of a model on the hub"),
        ("1.5", {"vocab_size": 62}, "1 of another shape|2 of another shape"),
        ("1.6", {"mm_patch_merge_type": "flat"}, "mm_patch_merge_type is 'flat'"),
        ("1.6", {"image_grid_pinpoints": "[[56, 28]]"}, "image_grid_pinpoints"),
        ("1.6", {"image_grid_pinpoints": [[56, 3]]}, "image_grid_pinpoints"),
    ],
)
def test_refuses_what_it_does_not_compute(
    tmp_path: Path, variant: str, settings: dict[str, object], words: str
) -> None:
    case = make(tmp_path, **VARIANTS[variant])
    change(case, **settings)
    with pytest.raises(CheckpointError, match=words) as caught:
        read(case.folder)
    assert str(case.folder) in str(caught.value)


@pytest.mark.parametrize(
    "lost", ["embeddings.patch_embedding.weight", "encoder.layers.0.mlp.fc1.weight", "pre_layrnorm.bias"]
)
def test_refuses_a_part_of_a_tower(tmp_path: Path, lost: str) -> None:
    case = make(tmp_path, tiles=True)
    stored = read_tensors(case.folder / "model.safetensors")
    del stored[f"{TOWER}vision_model.{lost}"]
    write_safetensors(case.folder / "model.safetensors", stored, {"format": "pt"})
    with pytest.raises(CheckpointError, match="missing"):
        read(case.folder)


def change(case: Case, **settings: object) -> None:
    file = case.folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))
