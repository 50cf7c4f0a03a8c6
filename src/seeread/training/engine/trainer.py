"""The training loop, of whatever has an objective."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from torch import nn

from seeread.errors import SeereadError
from seeread.training.engine.dropping import dropping
from seeread.training.engine.freezing import freeze, learn
from seeread.training.engine.learner import Learner
from seeread.training.engine.shown import Shown
from seeread.training.engine.standing import Standing
from seeread.training.engine.step import make_step
from seeread.training.engine.thrift import thrifty
from seeread.training.keeping.chance import chance, restore_chance
from seeread.training.keeping.checkpoint import latest, newest, prune, write_checkpoint
from seeread.training.keeping.claim import claim
from seeread.training.keeping.stopping import StoppedError, stopping
from seeread.training.moving.optimizer import build_optimizers
from seeread.training.objectives.objective import Objective
from seeread.training.ranks.company import company
from seeread.training.ranks.gathering import agree
from seeread.training.ranks.world import World
from seeread.training.ranks.wrap import wrapped
from seeread.training.settings import Settings
from seeread.training.streams.stream import Stream
from seeread.training.watching.watcher import Beginning, Measure, Moment, Watcher


class NonsenseError(SeereadError):
    """A run whose losses or gradients are no numbers, again and again."""


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
    state, NonsenseError when nothing could be learned from several steps in a row.
    """
    world = world or World(device=next(model.parameters()).device)
    free = [weight.requires_grad for weight in model.parameters()]
    freeze(model, settings.frozen)
    learner = Learner(model, objective, settings)
    learn(learner, settings.norms)
    shown = Shown(learner, settings, world)
    engine = wrapped(learner, settings, world)
    optimizers = build_optimizers(learner, settings)
    run = Standing(learner, engine, optimizers, shown.average, stream, settings, world)

    writing = claim(out) if world.first else nullcontext()
    cheap = (dropping(model, settings.patch_dropout), thrifty(model, settings))
    with company(world, (StoppedError, NonsenseError)), writing, stopping() as asked, cheap[0], cheap[1]:
        run.restore(newest(out) if world.first else None)
        shown.refresh()
        with told(watchers if world.first else (), beginning(run, out)) as tell:
            while run.step < settings.steps:
                moment = make_step(run)
                run.step, run.bad = moment.step, run.bad + 1 if moment.skipped else 0
                last = run.step == settings.steps
                stop = agree(bool(asked)) and not last
                measuring = measure is not None and (last or run.step % settings.measure_every == 0)
                saving = last or stop or run.step % settings.save_every == 0
                if measuring or saving:
                    shown.refresh()
                with undisturbed(shown.model):
                    if measuring and measure is not None and world.first:
                        moment = replace(moment, figures=measure(run.step, shown.model))
                    tell(moment, shown.model)
                if run.bad >= settings.bad_steps:
                    raise NonsenseError(_nonsense(run, out))
                if saving:
                    save(run, out)
                if stop:
                    raise StoppedError(
                        f"Stopped by {asked.by or 'another process'} after step {run.step} of {settings.steps}. All is "
                        f"saved in {out}; start the same again to go on."
                    )
    for weight, was in zip(shown.model.parameters(), free, strict=True):
        weight.requires_grad_(was)
    return shown.model.eval()


def save(run: Standing, out: Path) -> None:
    """Bring all that a run needs to go on to the disk. Every rank must call this; the first one writes."""
    tensors, notes = run.tensors(), run.notes()
    if run.world.first:
        write_checkpoint(out, run.step, tensors, notes)
        prune(out, run.settings.keep)


def beginning(run: Standing, out: Path) -> Beginning:
    """What is told before the first step."""
    weights = list(run.learner.parameters())
    learning = sum(weight.numel() for weight in weights if weight.requires_grad)
    parameters = sum(weight.numel() for weight in weights)
    return Beginning(out, run.settings, run.step, parameters, learning, run.world.size)


@contextmanager
def told(watchers: Sequence[Watcher], begins: Beginning) -> Iterator[Callable[[Moment, nn.Module], None]]:
    """Tells all watchers that a run begins, and how it ends. Gives what tells them of a step."""

    def tell(moment: Moment, model: nn.Module) -> None:
        for watcher in watchers:
            watcher.stepped(moment, model)

    for watcher in watchers:
        watcher.began(begins)
    reason: str | None = "it was ended from outside"
    try:
        yield tell
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
