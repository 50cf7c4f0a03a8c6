"""Every family learns: four things by heart, what it should of itself and nothing else, also in bf16, and for good."""

from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import seeread
from seeread.generation.sampling import Sampling
from seeread.interface import Batch, Classifies, Compares, Fills, Generates, Role
from seeread.models.families import FAMILIES
from seeread.nn.cache import Cache
from seeread.preprocessing.dialogue import ask
from seeread.pretrained import Pretrained
from seeread.tasks.writing.write import write
from seeread.training.engine.trainer import train
from seeread.training.objectives.writing import next_token
from seeread.training.settings import Settings
from tests.training.learners import COLOURS, LEARNERS, PICTURES, QUESTION

EVERY = [*LEARNERS]
WRITERS = [family.name for family in FAMILIES if family.writes]
GATED = ["flamingo", "hybrid"]
ONE_STEP = {"warmup": 1, "precision": "fp32", "weight_decay": 0.0, "gradient_limit": 1e9}


def test_every_family_is_here() -> None:
    assert LEARNERS.keys() - {"perceiver"} == {family.name for family in FAMILIES}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runs keep their state."""
    global RUNS
    RUNS = tmp_path_factory.mktemp("runs")
    return RUNS


@cache
def learned(name: str) -> nn.Module:
    """The family's model when it has learned all by heart; never touched again."""
    learner = LEARNERS[name]
    settings = Settings(
        steps=learner.steps, rate=1e-2, warmup=4, precision="fp32", average=0.5, weight_decay=0.0
    )
    return train(learner.model(), learner.objective, learner.stream(), settings, RUNS / name)


@pytest.mark.parametrize("name", EVERY)
def test_learns_by_heart(name: str) -> None:
    learner = LEARNERS[name]
    model, start = learned(name), learner.model()
    with torch.inference_mode():
        assert learner.loss(model) < 0.1 < 1.0 < learner.loss(start.eval())


def asked(name: str) -> list[list[object]]:
    """The four questions, as they were learned."""
    words = "" if name == "coca" else QUESTION
    if name in ("language_model", "t5"):
        return [ask(f"{number}?") for number in range(4)]
    return [ask(words, picture) for picture in PICTURES]


def told(name: str, model: Pretrained) -> list[object]:
    """What the model has to say of all four."""
    if isinstance(model.model, Generates):
        return [answer.text for answer in write(model, asked(name), sampling=Sampling(max_tokens=9))]
    if isinstance(model.model, Compares):
        vectors = model.embed_images(PICTURES), model.embed_texts(COLOURS)
        return [COLOURS[place] for place in model.compare(*vectors).argmax(dim=1)]
    if isinstance(model.model, Classifies):
        return [seeread.classify(model, picture).label for picture in PICTURES]
    assert isinstance(model.model, Fills)
    return [seeread.fill(model, f"{colour[0]} [MASK]").text[-1] for colour in COLOURS]


@pytest.mark.parametrize("name", [name for name in EVERY if name not in ("perceiver", "perceiver_flow")])
def test_what_was_learned_is_said_and_kept(name: str, tmp_path: Path) -> None:
    model = LEARNERS[name].pretrained(learned(name))
    expected = [colour[0] for colour in COLOURS] if name == "perceiver_language_model" else list(COLOURS)
    assert told(name, model) == expected
    seeread.save(model, tmp_path / "kept")
    again = seeread.load(tmp_path / "kept", precision="fp32")
    for key, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, again.module.state_dict()[key]), key
    assert told(name, again) == expected


def stepwise(model: Generates, batch: Batch, given: Batch) -> Tensor:
    """The mean loss of an answer, read token by token behind its prompt with a cache."""
    answer = batch.tokens[batch.where(Role.ANSWER)]
    cache, losses = Cache(), []
    features = model.read(given, cache)[:, -1:]
    for token in answer:
        losses.append(-model.logits(features)[0, 0].log_softmax(dim=-1)[token])
        features = model.read(given.followed_by(token.view(1, 1)), cache)
    return torch.stack(losses).mean()


@pytest.mark.parametrize("name", WRITERS)
def test_the_loss_is_of_each_token_of_the_answer_given_all_before_it(name: str) -> None:
    """Also where the answer goes to a decoder and the prompt to an encoder."""
    learner = LEARNERS[name]
    model, dialogue = learned(name), asked(name)[2]
    for answer in ("blue", "not so"):
        batch = learner.processor.prompts([dialogue], [answer])
        with torch.inference_mode():
            wanted = stepwise(model, batch, learner.processor.prompts([dialogue]))
            torch.testing.assert_close(next_token(model, batch), wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", [name for name in WRITERS if name not in ("coca", "language_model", "t5")])
def test_lessons_of_a_batch_do_not_see_each_other(name: str) -> None:
    """One, two and no pictures, questions and answers of any length: the loss is that of each alone, by its tokens."""
    model, processor = LEARNERS[name].model().eval(), LEARNERS[name].processor
    first, second, wide = PICTURES[0], PICTURES[1], PICTURES[3].resize((32, 16))
    dialogues = [ask("what?", first), ask("a longer question without a picture"), ask("and", second, wide)]
    answers = ["red", "none at all", "g"]
    with torch.inference_mode():
        together = next_token(model, processor.prompts(dialogues, answers))
        alone = [processor.prompts([d], [a]) for d, a in zip(dialogues, answers, strict=True)]
        losses = [next_token(model, each) * each.where(Role.ANSWER).sum() for each in alone]
        tokens = sum(int(each.where(Role.ANSWER).sum()) for each in alone)
    torch.testing.assert_close(together, torch.stack(losses).sum() / tokens, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_bf16_learns_much_the_same(name: str) -> None:
    learner = LEARNERS[name]
    model = learner.model()
    exact = learner.loss(model)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = learner.loss(model)
    torch.testing.assert_close(rounded.float(), exact, atol=0.05, rtol=0.03)
    rounded.backward()
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    assert gradients and all(gradient.isfinite().all() for gradient in gradients)


def after(name: str, folder: Path, steps: int, frozen: tuple[str, ...]) -> dict[str, bool]:
    """Which tensors of the model are others after so many steps."""
    learner = LEARNERS[name]
    model = learner.model()
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    settings = Settings(steps=steps, rate=1e-3, frozen=frozen, **ONE_STEP)  # type: ignore[arg-type]
    train(model, learner.objective, learner.stream(), settings, folder)
    return {key: not torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items()}


@pytest.mark.parametrize("name", [name for name in EVERY if name not in GATED])
def test_a_step_changes_every_part_that_is_free(name: str, tmp_path: Path) -> None:
    changed = after(name, tmp_path, 1, ())
    parts = {key.split(".")[0] for key, _ in LEARNERS[name].model().named_parameters()}
    taught = {key.split(".")[0] for key, moved in changed.items() if moved}
    assert taught == parts - (
        {"vision"} if name == "chameleon" else set()
    )  # a choice of codes has no gradient


@pytest.mark.parametrize("name", [name for name in EVERY if hasattr(LEARNERS[name].config, "vision")])
def test_a_frozen_tower_stays_bit_for_bit(name: str, tmp_path: Path) -> None:
    changed = after(name, tmp_path, 2, ("vision",))
    assert not any(moved for key, moved in changed.items() if key.startswith("vision."))
    assert any(moved for key, moved in changed.items() if not key.startswith("vision."))


@pytest.mark.parametrize("name", GATED)
def test_gates_open_first_and_then_what_is_behind_them(name: str, tmp_path: Path) -> None:
    frozen = {"flamingo": ("vision", "text"), "hybrid": ("vision", "text", "connector")}[name]
    first = after(name, tmp_path / "first", 1, frozen)
    assert {key for key, moved in first.items() if moved} == {key for key in first if key.endswith("_gate")}
    assert len([key for key in first if key.endswith("_gate")]) == 2
    second = after(name, tmp_path / "second", 2, frozen)
    free = {key for key in second if not key.startswith(tuple(f"{part}." for part in frozen))}
    still = {key for key in free if not second[key]}
    assert {key for key, moved in second.items() if moved} <= free
    assert all(key.endswith("key.bias") for key in still), still  # which no softmax sees
