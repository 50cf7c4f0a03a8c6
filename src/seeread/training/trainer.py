"""The training loop, of whatever has an objective."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from torch import nn

from seeread.errors import SeereadError
from seeread.training.freezing import freeze, learn
from seeread.training.keeping.chance import chance, restore_chance
from seeread.training.keeping.checkpoint import latest, newest, prune, write_checkpoint
from seeread.training.keeping.claim import claim
from seeread.training.keeping.stopping import StoppedError, stopping
from seeread.training.learner import Learner
from seeread.training.moving.average import WeightAverage
from seeread.training.moving.optimizer import build_optimizers
from seeread.training.objectives.objective import Objective
from seeread.training.ranks.world import World
from seeread.training.settings import Settings
from seeread.training.standing import Standing
from seeread.training.step import make_step
from seeread.training.streams.stream import Stream
from seeread.training.watching.watcher import Beginning, Measure, Watcher


def train(
    model: nn.Module,
    objective: Objective,
    stream: Stream,
    settings: Settings,
    out: Path,
    *,
    measure: Measure | None = None,
    watchers: Sequence[Watcher] = (),
    world: World | None = None,
) -> nn.Module:
    """Train the weights of `model` that are not frozen, and return the running average of all, or the model itself if
    the settings want none.

    A run that finds checkpoints in `out` goes on from the newest that is whole, as if it had never stopped. What the
    settings freeze is free again in what is returned. Raises StoppedError when it was asked to stop and has saved its
    state, SeereadError when steps in a row gave nothing to learn from but nonsense.
    """
    world = world or World(device=next(model.parameters()).device)
    free = [weight.requires_grad for weight in model.parameters()]
    freeze(model, settings.frozen)
    learner = Learner(model, objective, settings)
    learn(learner)
    average = None if settings.average is None else WeightAverage(model, settings.average)
    shown = model if average is None else average.model
    run = Standing(learner, learner, build_optimizers(learner, settings), average, stream, settings, world)

    with claim(out), stopping() as asked:
        if found := newest(out):
            run.restore(found)
        with told(watchers, beginning(run, out)):
            while run.step < settings.steps:
                moment = make_step(run)
                run.step, run.bad = moment.step, run.bad + 1 if moment.skipped else 0
                last = run.step == settings.steps
                with undisturbed(shown):
                    if measure and (last or run.step % settings.measure_every == 0):
                        moment = replace(moment, figures=measure(run.step, shown))
                    for watcher in watchers:
                        watcher.stepped(moment, shown)
                if run.bad >= settings.bad_steps:
                    raise SeereadError(_nonsense(run, out))
                if last or asked or run.step % settings.save_every == 0:
                    write_checkpoint(out, run.step, run.tensors(), run.notes())
                    prune(out, settings.keep)
                if asked and not last:
                    raise StoppedError(
                        f"Stopped by {asked.by} after step {run.step} of {settings.steps}. All is saved in {out}; "
                        "start the same again to go on."
                    )
    for weight, was in zip(shown.parameters(), free, strict=True):
        weight.requires_grad_(was)
    return shown.eval()


def beginning(run: Standing, out: Path) -> Beginning:
    """What is told before the first step."""
    weights = list(run.learner.parameters())
    learning = sum(weight.numel() for weight in weights if weight.requires_grad)
    parameters = sum(weight.numel() for weight in weights)
    return Beginning(out, run.settings, run.step, parameters, learning, run.world.size)


@contextmanager
def told(watchers: Sequence[Watcher], begins: Beginning) -> Iterator[None]:
    """Tells all watchers that a run begins, and how it ends."""
    for watcher in watchers:
        watcher.began(begins)
    reason: str | None = "it was ended from outside"
    try:
        yield
        reason = None
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise
    finally:
        for watcher in watchers:
            watcher.ended(reason)


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Whatever is done within, chance goes on behind it where it stood, and every part of the model is in its mode."""
    stood, modes = chance(), [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        restore_chance(stood)
        for module, training in modes:
            module.training = training


def _nonsense(run: Standing, out: Path) -> str:
    """What to tell who trained with too high a rate, or on broken data."""
    saved = latest(out)
    where = f"The last checkpoint is {saved}" if saved else "No checkpoint was saved yet"
    return (
        f"Stopped after step {run.step}: {run.bad} steps in a row had a loss or a gradient that is no number, and no "
        "weight was moved in them. Try a lower rate, a longer warm-up, or precision='fp32', and look for broken "
        f"numbers in the data. {where}."
    )
