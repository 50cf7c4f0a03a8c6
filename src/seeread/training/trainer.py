"""The training loop, of whatever has an objective."""

import json
import time
from collections.abc import Collection
from pathlib import Path

import torch
from torch import nn

from seeread.errors import UsageError
from seeread.training.keeping.state import restore_state, save_state
from seeread.training.moving.average import WeightAverage
from seeread.training.moving.optimizer import build_optimizer
from seeread.training.moving.schedule import cosine
from seeread.training.objectives.objective import Objective
from seeread.training.settings import Settings
from seeread.training.streams.stream import Stream
from seeread.training.watching.watcher import Measure


def train(
    model: nn.Module,
    objective: Objective,
    stream: Stream,
    settings: Settings,
    out: Path,
    measure: Measure | None = None,
) -> nn.Module:
    """Train the weights of `model` that the settings do not freeze, and return the running average of all.

    A run that finds a state in `out` goes on from there as if it had never stopped.
    """
    out.mkdir(parents=True, exist_ok=True)
    device = next(model.parameters()).device
    model.train().requires_grad_(True)
    freeze(model, settings.frozen)
    average = WeightAverage(model, settings.average or 0.0)
    optimizer = build_optimizer(model, settings)
    state = out / "state.safetensors"
    first = 0
    if state.is_file():
        first, stood = restore_state(state, model, average.model, optimizer)
        stream.restore(stood)
    began, losses = time.monotonic(), []
    for step in range(first, settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * cosine(step, settings.steps, settings.warmup)
        with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
            value = objective(model, next(stream))
        if not value.isfinite():
            raise RuntimeError(
                f"the loss of step {step} is {value.item()}; the weights before it are in {state}"
            )
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings.gradient_limit)
        optimizer.step()
        _limit_scale(model, settings.scale_limit)
        average.update(model, step)
        losses.append(value.item())
        if (step + 1) % settings.save_every == 0 or step + 1 == settings.steps:
            measured = dict(measure(step + 1, average.model.eval())) if measure else {}
            seconds = time.monotonic() - began
            _log(out / "log.jsonl", step + 1, losses, seconds / (step + 1 - first), measured)
            save_state(state, step + 1, model, average.model, optimizer, stream.state())
            losses.clear()
    return average.model.eval()


def freeze(model: nn.Module, parts: Collection[str]) -> None:
    """Let these parts keep their weights, and be as they are when they do not learn: modules or single parameters, by
    their names in the model. Of Flamingo ("vision", "text") leaves the resampler and the gates to be trained, and of
    PaLI ("vision",) is what its authors froze. Raises UsageError for a part that the model does not have."""
    modules, parameters = dict(model.named_modules()), dict(model.named_parameters())
    if unknown := sorted(set(parts) - modules.keys() - parameters.keys()):
        known = ", ".join(name for name, _ in model.named_children())
        raise UsageError(
            f"This model has no part named {', '.join(unknown)} to freeze. Its largest are {known}."
        )
    for name in parts:
        if name in modules:
            modules[name].eval().requires_grad_(False)
        else:
            parameters[name].requires_grad_(False)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise UsageError(
            "Every part of the model is frozen: there is nothing to train. Leave something free."
        )


@torch.no_grad()
def _limit_scale(model: nn.Module, limit: float) -> None:
    for name, parameter in model.named_parameters():
        if name.endswith("log_scale"):
            parameter.clamp_(max=torch.tensor(limit).log().item())


def _log(path: Path, step: int, losses: list[float], seconds: float, measured: dict[str, float]) -> None:
    line = {"step": step, "loss": sum(losses) / len(losses), "seconds_per_step": round(seconds, 3)} | measured
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)
