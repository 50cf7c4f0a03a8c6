"""The catalogue: names that resolve, numbers that agree with the architectures, and no two models of one name."""

import subprocess
import sys

import pytest

from seeread.checkpoints.catalogue import close_names, entries, find, find_source, unknown
from seeread.checkpoints.published import published_config
from seeread.errors import CheckpointError
from seeread.text.decoder import DecoderConfig
from tests.checkpoints.architectures import ARCHITECTURES, PUBLISHED, count

PYTHIA_WITHOUT_EMBEDDINGS = {
    "pythia-70m": 18_915_328,
    "pythia-160m": 85_056_000,
    "pythia-410m": 302_311_424,
    "pythia-1b": 805_736_448,
    "pythia-1.4b": 1_208_602_624,
    "pythia-2.8b": 2_517_652_480,
    "pythia-6.9b": 6_444_163_072,
    "pythia-12b": 11_327_027_200,
}
"""What the card of each model says."""


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("ViT-B/32", "openai/clip-vit-base-patch32"),
        ("vit-b-32", "openai/clip-vit-base-patch32"),
        ("ViT-B-32:openai", "openai/clip-vit-base-patch32"),
        ("ViT-B-32-quickgelu:openai", "openai/clip-vit-base-patch32"),
        ("openai/clip-vit-base-patch32", "openai/clip-vit-base-patch32"),
        ("CLIP-ViT-base-patch32", "openai/clip-vit-base-patch32"),
        ("ViT-L/14@336px", "openai/clip-vit-large-patch14-336"),
        ("RN50x16", "timm/resnet50x16_clip.openai"),
        ("timm/vit_base_patch32_clip_224.openai", "timm/vit_base_patch32_clip_224.openai"),
        ("ViT-B-32:laion2b_s34b_b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"),
        ("vit-b-32:laion2b-s34b-b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"),
        ("hf-hub:laion/CLIP-ViT-bigG-14-laion2B-39B-b160k", "laion/CLIP-ViT-bigG-14-laion2B-39B-b160k"),
        ("https://huggingface.co/apple/DFN5B-CLIP-ViT-H-14-378", "apple/DFN5B-CLIP-ViT-H-14-378"),
        ("ViT-H-14-378-quickgelu:dfn5b", "apple/DFN5B-CLIP-ViT-H-14-378"),
        ("facebook/metaclip-b32-400m", "facebook/metaclip-b32-400m"),
        ("ViT-B-32:metaclip_400m", "timm/vit_base_patch32_clip_224.metaclip_400m"),
        ("ViT-L-14:commonpool_xl_s13b_b90k", "laion/CLIP-ViT-L-14-CommonPool.XL-s13B-b90K"),
        ("ViT-B-16:commonpool_l_clip_s1b_b8k", "laion/CLIP-ViT-B-16-CommonPool.L.clip-s1B-b8K"),
        ("coca_ViT-L-14:laion2b_s13b_b90k", "laion/CoCa-ViT-L-14-laion2B-s13B-b90k"),
        ("coca-vit-b-32:mscoco_finetuned_laion2b_s13b_b90k", "laion/mscoco_finetuned_CoCa-ViT-B-32-laion2B-s13B-b90k"),
        ("siglip2-base-patch16-224", "google/siglip2-base-patch16-224"),
        ("timm/ViT-B-16-SigLIP2", "timm/ViT-B-16-SigLIP2"),
        ("ViT-SO400M-14-SigLIP-384:webli", "google/siglip-so400m-patch14-384"),
        ("google/siglip2-so400m-patch16-naflex", "google/siglip2-so400m-patch16-naflex"),
        ("llava-v1.5-7b", "llava-hf/llava-1.5-7b-hf"),
        ("llava-1.5-7b-hf", "llava-hf/llava-1.5-7b-hf"),
        ("liuhaotian/llava-v1.5-7b", "liuhaotian/llava-v1.5-7b"),
        ("llava-hf/llava-v1.6-mistral-7b-hf", "llava-hf/llava-v1.6-mistral-7b-hf"),
        ("paligemma-3b-mix-448", "google/paligemma-3b-mix-448"),
        ("google/paligemma-3b-pt-224-jax", "google/paligemma-3b-pt-224-jax"),
        ("paligemma2-28b-pt-896", "google/paligemma2-28b-pt-896"),
        ("idefics-9b-instruct", "HuggingFaceM4/idefics-9b-instruct"),
        ("EleutherAI/pythia-1.4b-deduped", "EleutherAI/pythia-1.4b-deduped"),
        ("redpajama-incite-base-3b-v1", "togethercomputer/RedPajama-INCITE-Base-3B-v1"),
        ("mpt-7b", "mosaicml/mpt-7b"),
        ("anas-awadalla/mpt-1b-redpajama-200b", "anas-awadalla/mpt-1b-redpajama-200b"),
        ("persimmon-8b-base", "adept/persimmon-8b-base"),
        ("fuyu-8b", "adept/fuyu-8b"),
        ("flan-t5-base", "google/flan-t5-base"),
        ("t5-v1_1-xxl", "google/t5-v1_1-xxl"),
        ("facebook/chameleon-30b", "facebook/chameleon-30b"),
        ("vision-perceiver-conv", "deepmind/vision-perceiver-conv"),
        ("deepmind/language-perceiver", "deepmind/language-perceiver"),
    ],
)
def test_names_resolve(name: str, repository: str) -> None:
    source = find_source(name)
    assert source is not None
    assert source.repository == repository


def test_the_bundled_model_comes_first_and_has_no_repository() -> None:
    first = entries()[0]
    assert (first.name, first.source, first.format) == ("seeread/mini-clip", None, "native")
    assert find("Mini-CLIP") is first
    assert find_source("mini-clip") is None


@pytest.mark.parametrize("name", ["", "ViT-B/33", "gpt2", "someone/a-model", "ViT-B-32:laion2b"])
def test_other_names_do_not(name: str) -> None:
    assert find(name) is None
    assert find_source(name) is None


def test_no_two_models_share_a_name() -> None:
    for entry in entries():
        for name in (entry.name, *entry.aliases, *(source.repository for source in entry.sources)):
            assert find(name) is entry, name
        for source in entry.sources:
            assert find(source.repository.split("/")[1]) is entry
            assert find_source(source.repository) == source


def test_every_entry_is_complete_or_says_none() -> None:
    for entry in entries():
        assert entry.parameters
        assert entry.parameters > 1e6
        assert entry.data
        assert entry.resolution is None or entry.resolution % 14 == 0 or entry.resolution % 16 == 0, entry.name
        assert (entry.resolution is None) == ("naflex" in entry.name or entry.family == "Fuyu")
        if entry.accuracy:
            assert 1 < entry.accuracy.percent < 90
            assert entry.accuracy.source
        if entry.archive:
            assert len(entry.archive.sha256) == 64
            assert entry.archive.sha256 in entry.archive.url
    compare = [entry for entry in entries() if "compare" in entry.does]
    without = [entry.name for entry in compare if not entry.accuracy]
    assert without == ["seeread/mini-clip", "siglip-so400m-patch16-256-i18n"]
    assert all(entry.licence for entry in entries())


WRITING = ("LLaVA", "Flamingo", "Idefics", "Fuyu", "Chameleon", "Pythia", "RedPajama", "MPT", "Persimmon")
WRITING += ("T5", "FLAN", "mT5", "UL2")


def test_what_models_do() -> None:
    for entry in entries():
        family = entry.family.split()[0].split("-")[0]
        writes = dict.fromkeys(WRITING, ("write",)) | {"PaliGemma": ("write", "point")}
        writes |= {"CoCa": ("write",) if entry.accuracy is None else ("compare", "write")}
        writes |= {"Perceiver": ("fill",) if entry.name.startswith("language") else ("classify",)}
        if entry.source is not None:
            assert entry.does == writes.get(family, ("compare",)), entry.name
            assert entry.gated == (family in ("PaliGemma", "Chameleon")), entry.name
        assert entry.accuracy is None or "compare" in entry.does


def test_openai_has_its_nine_models_in_order() -> None:
    names = [entry.name for entry in entries() if entry.family == "CLIP"]
    expected = "RN50 RN101 RN50x4 RN50x16 RN50x64 ViT-B/32 ViT-B/16 ViT-L/14 ViT-L/14@336px"
    assert names == expected.split()
    vit = find("ViT-L/14@336px")
    assert vit is not None
    assert vit.archive is not None
    assert vit.archive.url.endswith("/ViT-L-14-336px.pt")


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_parameters_are_counted(architecture: str) -> None:
    counted = count(ARCHITECTURES[architecture]())
    said = {entry.parameters for entry in entries() if entry.architecture == architecture}
    assert said == {counted}
    if architecture in PUBLISHED:
        assert round(counted / 1e6, 2) == PUBLISHED[architecture]


@pytest.mark.parametrize("architecture", sorted({entry.architecture for entry in entries() if entry.source}))
def test_parameters_of_published_configurations_are_counted(architecture: str) -> None:
    config = published_config(architecture)
    assert config is not None
    said = {entry.parameters for entry in entries() if entry.architecture == architecture}
    assert said == {count(config)}


@pytest.mark.parametrize("size", PYTHIA_WITHOUT_EMBEDDINGS)
def test_pythia_is_as_large_as_its_authors_say(size: str) -> None:
    config = published_config(size)
    assert isinstance(config, DecoderConfig)
    embeddings = 2 * config.vocabulary * config.width
    assert count(config) - embeddings == PYTHIA_WITHOUT_EMBEDDINGS[size]


def test_only_published_models_have_a_published_configuration() -> None:
    assert all(published_config(entry.architecture) is None for entry in entries() if entry.source is None)
    assert published_config("gpt2") is published_config("") is None


def test_close_names() -> None:
    assert close_names("ViT-B/33")[0] == "ViT-B/32"
    assert close_names("sigllip")[0].startswith("siglip")
    assert close_names("siglip2-base")[0].startswith("siglip2-base")
    assert close_names("zzzzzzzz") == []
    message = str(unknown("ViT-B/33"))
    assert "'ViT-B/33'" in message
    assert "ViT-B/32" in message
    assert "seeread models" in message
    assert isinstance(unknown("x"), CheckpointError)


def test_brings_nothing_heavy() -> None:
    code = "import sys; from seeread.checkpoints.catalogue import find; find('x'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "huggingface_hub"} & {*run.stdout.split()}
