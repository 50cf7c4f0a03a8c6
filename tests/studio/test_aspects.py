"""Models aspect by aspect: what is said of them is what they are."""

import socket
from typing import Any

import pytest

from seeread.checkpoints.catalogue import entries, find
from seeread.checkpoints.load import load
from seeread.studio.aspects.cell import Cell
from seeread.studio.aspects.contrast import between, in_short
from seeread.studio.aspects.listed import PAIRINGS, listed
from seeread.studio.aspects.reported import REPORTED
from seeread.studio.aspects.subject import DESIGNS, Subject, loaded, published, titled
from seeread.studio.aspects.table import GROUPS, cell_of, rows
from seeread.studio.aspects.told import told

ASPECTS = {aspect.id: aspect for group in GROUPS for aspect in group.aspects}
CLIP, LLAVA, PALIGEMMA, FLAMINGO = "ViT-B/32", "llava-v1.5-7b", "paligemma2-3b-mix-224", "OpenFlamingo-9B-vitl-mpt7b"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is compared, nothing is fetched."""

    def refused(*_: Any) -> None:
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(socket.socket, "connect", refused)


def known(name: str) -> Subject:
    subject = published(name)
    assert subject is not None, name
    return subject


def said(name: str, aspect: str) -> Cell:
    cell = cell_of(ASPECTS[aspect], known(name))
    assert cell is not None
    return cell


def test_published_models_are_what_their_papers_say() -> None:
    """Of arXiv:2103.00020, 2310.03744, 2412.03555 and 2308.01390."""
    assert said(CLIP, "sees").text == "ViT of 12 blocks"
    assert said(CLIP, "words").more == "512 wide, 8 heads; 77 tokens at most, of 49,408"
    assert said(CLIP, "parameters").number == 151_277_313
    assert said(CLIP, "tokens").number == 0
    assert said(LLAVA, "connector").text == "MLP"
    assert said(LLAVA, "tokens").text == "576 among the words"  # (336 / 14) ** 2
    assert said(LLAVA, "words").text == "decoder of 32 blocks"
    assert said(PALIGEMMA, "tokens").number == 256  # (224 / 14) ** 2
    assert said(PALIGEMMA, "prompt").text == "prompts both ways, answers from left to right"
    assert said(PALIGEMMA, "gives").text == "text; places, as words"
    assert said(FLAMINGO, "tokens").text == "1 among the words, 64 beside them"
    assert said(FLAMINGO, "tokens").number == 1 + 64
    assert said(FLAMINGO, "meets").more == "before every fourth block"
    assert said(FLAMINGO, "first").text == "the gate before block 4 of the language model"
    assert said(LLAVA, "first").text == "block 1 of the language model"
    assert said(CLIP, "first").text == "the comparison at the end"
    assert said("RN50", "sees").more == "in stages of 3, 4, 6, 3; 2,048 wide at the end"
    assert said("fuyu-8b", "sees").text == "no tower"
    assert said("chameleon-7b", "sees").more == "32 × 32 of 8,192 code words"
    assert said("vision-perceiver-conv", "gives").text == "one of 1,000 classes"


def test_late_and_early_fusion_is_a_number() -> None:
    shares = {name: said(name, "share").number for name in (CLIP, FLAMINGO, PALIGEMMA, LLAVA, "fuyu-8b")}
    assert list(shares) == sorted(shares, key=lambda name: shares[name] or 0.0)
    assert shares[CLIP] is not None
    assert shares["fuyu-8b"] is not None
    assert shares[CLIP] < 1e-6
    assert shares["fuyu-8b"] > 0.99


def test_parts_are_those_of_the_anatomy_and_make_up_the_whole() -> None:
    subject = known(PALIGEMMA)
    assert subject.anatomy is not None
    for aspect, split in (("work", subject.anatomy.flops), ("parameters", subject.anatomy.parameters)):
        cell = said(PALIGEMMA, aspect)
        assert [(part.name, part.value) for part in cell.parts] == [
            ("sight", split.sight), ("words", split.words), ("both", split.both),
        ]  # fmt: skip
        assert cell.number == sum(part.value for part in cell.parts)


def test_a_model_on_this_machine_is_measured_as_it_is() -> None:
    name = "seeread/mini-paligemma"
    assert published(name) is None
    model = load(name, precision="fp32")
    subject = loaded(name, model)
    entry = find(name)
    assert entry is not None
    parameters = cell_of(ASPECTS["parameters"], subject)
    assert parameters is not None
    assert parameters.number == sum(weight.numel() for weight in model.module.parameters()) == entry.parameters
    assert subject.does == ("write", "point")
    assert in_short(subject) == "A picture becomes 64 tokens among the words, and all 5 blocks read both."


def test_a_folder_of_ones_own_is_measured_too() -> None:
    model = load("seeread/mini-flamingo", precision="fp32")
    subject = loaded("my-model", model)
    assert (subject.entry, subject.family, subject.does) == (None, "Flamingo", ("write",))
    assert cell_of(ASPECTS["data"], subject) is None
    assert cell_of(ASPECTS["meets"], subject) is not None


def test_two_models_in_sentences() -> None:
    depth, work, kept = between(known(CLIP), known(PALIGEMMA))
    assert depth == (
        "Of the work of paligemma2-3b-mix-224, 84 % is done on sight and words together; of that of CLIP ViT-B/32, "
        "next to nothing."
    )
    assert "125 times the work of CLIP ViT-B/32" in work
    assert kept.startswith("CLIP ViT-B/32 turns each picture into a vector once")
    assert between(known(PALIGEMMA), known(CLIP)) == [depth, work, kept], "whichever stands first"
    *_, places = between(known(LLAVA), known(FLAMINGO))
    assert places.startswith("A picture takes 576 places among the words of llava-v1.5-7b, and 1 in OpenFlamingo")
    ahead = between(known(LLAVA), known(PALIGEMMA))[-1]
    assert ahead.startswith("In paligemma2-3b-mix-224 a picture's tokens see the question, in llava-v1.5-7b they ")
    assert between(known(CLIP), known("GPT-4V")) == []


def test_what_papers_report_has_a_source_and_is_marked() -> None:
    for name in REPORTED:
        subject = known(name)
        assert subject.config is None
        assert set(subject.reported) <= set(ASPECTS)
        for cell in subject.reported.values():
            assert cell.known == "reported"
            assert cell.source is not None
            assert cell.source[1].startswith("https://")


def test_rows_differ_where_cells_do() -> None:
    subjects = [known(CLIP), known("ViT-B-32:laion2b_s34b_b79k")]
    differs = {row.aspect.id: row.differs for group in GROUPS for row in rows(group, subjects)}
    assert not differs["sees"]
    assert not differs["parameters"]
    assert differs["data"]
    assert "prompt" not in differs, "neither has one"
    mixed = {row.aspect.id: row.differs for group in GROUPS for row in rows(group, [known(CLIP), known(LLAVA)])}
    assert mixed["prompt"], "one has none"
    beside = {row.aspect.id: row.differs for group in GROUPS for row in rows(group, [known(LLAVA), known("GPT-4V")])}
    assert not beside["sees"], "a paper that says nothing does not differ"


def test_everything_listed_can_be_compared_and_pairings_name_what_is_listed() -> None:
    bundled = [entry.name for entry in entries() if entry.source is None]
    names = [one.name for one in listed(bundled)]
    assert len(names) == len(set(names)) == len(entries()) + len(DESIGNS) + len(REPORTED)
    assert [one.name for one in listed(bundled) if one.here] == bundled
    for pairing in PAIRINGS:
        assert set(pairing.models) <= set(names), pairing.title


def test_titles_name_the_family() -> None:
    titles = {entry.name: titled(entry) for entry in entries()}
    assert titles["ViT-B/32"] == "CLIP ViT-B/32"
    assert titles["llava-v1.5-7b"] == "llava-v1.5-7b"
    assert titles["ViT-B-32:laion2b_s34b_b79k"] == "OpenCLIP ViT-B-32:laion2b_s34b_b79k"


@pytest.mark.parametrize("name", ["", "nonsense", "seeread/mini-clip", "mini-clip"])
def test_others_are_not_published(name: str) -> None:
    assert published(name) is None


def test_told_as_json() -> None:
    found = told([known(CLIP), known("Flamingo-80B")])
    assert [model["known"] for model in found["models"]] == ["measured", "reported"]
    assert found["contrast"] == []
    cells = {row["id"]: row["cells"] for group in found["groups"] for row in group["rows"]}
    assert cells["share"][1] is None
    assert cells["tokens"][1]["source"]["address"] == "https://arxiv.org/abs/2204.14198"
    assert [part["name"] for part in cells["work"][0]["parts"]] == ["sight", "words", "both"]


def test_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known(CLIP)
    monkeypatch.setattr("seeread.studio.aspects.subject.dissect", lambda model: pytest.fail("measured twice"))
    assert known(CLIP).anatomy is not None
