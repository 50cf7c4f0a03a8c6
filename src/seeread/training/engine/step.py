"""One step of a run: from the next batch to weights that have moved, or have not if something was no number."""

import math
import time
import zlib
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from seeread.training.engine.standing import Standing
from seeread.training.engine.throughput import examples, model_work, peak
from seeread.training.moving.schedule import share_of_rate
from seeread.training.objectives.objective import Backpropagates
from seeread.training.ranks.gathering import mean
from seeread.training.watching.watcher import Moment

SCALE = "log_scale"
"""The last word of the name of a learned scale of logits, which is held as its logarithm."""


def make_step(run: Standing) -> Moment:
    """Draw a batch, find its gradients, and move the weights: on all ranks, or, if the loss or a gradient of any rank
    is no number, on none. All that is drawn at random depends on the seed, the step and the rank alone."""
    begun = time.perf_counter()
    settings = run.settings
    torch.manual_seed(seed_of(settings.seed, run.step, run.world.rank))
    known = set(run.stream.trouble if run.step else ())
    parts = [next(run.stream) for _ in range(settings.accumulate)]
    trouble = run.stream.trouble
    waited = time.perf_counter() - begun

    seen = statistics(run.learner)
    most = peak(run.world.device, half=settings.precision == "bf16")
    if most is not None and run.work is None:
        with FlopCounterMode(display=False) as counter:
            loss = backward(run.engine, run.learner.objective, parts)
        run.work = model_work(counter.get_total_flops(), settings)
    else:
        loss = backward(run.engine, run.learner.objective, parts)
    weights = [weight for weight in run.learner.parameters() if weight.grad is not None]
    gradient = limit(weights, settings.gradient_limit)
    counts = torch.tensor([sum(map(examples, parts)), waited], device=loss.device)
    *sizes, images, waited = mean(torch.cat((torch.stack((loss, gradient)), counts))).tolist()

    rate = settings.rate * share_of_rate(run.step, settings)
    sound = all(map(math.isfinite, sizes))
    if sound:
        for optimizer in run.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
        limit_scales(run.learner, settings.scale_limit)
        if run.average is not None:
            run.average.update(run.learner.model, run.step)
    else:
        for tensor, before in seen:
            tensor.copy_(before)
    for weight in weights:
        weight.grad = None

    trouble = run.stream.trouble
    new = {id: why for id, why in trouble.items() if id not in run.broken}
    run.broken.update(new)
    seconds = time.perf_counter() - begun
    return Moment(
        step=run.step + 1,
        loss=sizes[0],
        rate=rate,
        seconds=seconds,
        waited=min(1.0, waited / seconds),
        images_per_second=images * run.world.size / seconds,
        gradient=sizes[1],
        scale=scale_of(run.learner),
        utilisation=None if most is None or run.work is None else run.work / seconds / most,
        skipped=not sound,
        broken=len(trouble),
        trouble={name: why for name, why in trouble.items() if name not in known},
    )


def seed_of(*numbers: int) -> int:
    """One seed of several numbers: 32 bits that all of them decide, for a CPU's generator takes no more."""
    return zlib.crc32(" ".join(map(str, numbers)).encode())


def backward(learner: nn.Module, objective: object, parts: Sequence[Any]) -> Tensor:
    """Give the weights the gradients of the mean loss of all parts. That loss, (), detached."""
    if len(parts) > 1 and isinstance(objective, Backpropagates):
        return objective.backward(learner, parts)
    losses = []
    for number, part in enumerate(parts, start=1):
        # Ranks need only exchange the sum of all parts.
        quiet = getattr(learner, "no_sync", nullcontext) if number < len(parts) else nullcontext
        with quiet():
            loss: Tensor = learner(part) / len(parts)
            loss.backward()
        losses.append(loss.detach())
    return torch.stack(losses).sum()


def limit(weights: Sequence[nn.Parameter], most: float) -> Tensor:
    """Shorten the gradients of all weights together to a norm of at most `most`. The norm that they had, (), over the
    shares of all ranks where weights are spread over them. Most steps need none of it, and touch no gradient."""
    norm = nn.utils.get_total_norm([weight.grad for weight in weights if weight.grad is not None])
    norm = cast(Tensor, norm.full_tensor()) if hasattr(norm, "full_tensor") else norm
    if norm.item() > most:
        nn.utils.clip_grads_with_norm_(weights, most, norm)
    return norm


@torch.no_grad()
def limit_scales(model: nn.Module, most: float) -> None:
    """Keep every learned scale of logits at `most` at most, lest they run away (CLIP's 100). A bias that is learned
    beside it has no limit."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and name.rpartition(".")[2] == SCALE:
            parameter.clamp_(max=math.log(most))


def scale_of(model: nn.Module) -> float | None:
    """The scale of the logits, None for a model without one."""
    found = (value for name, value in model.named_parameters() if name.rpartition(".")[2] == SCALE)
    scale = next(found, None)
    if scale is None:
        return None
    whole = scale.full_tensor() if hasattr(scale, "full_tensor") else scale
    return whole.detach().exp().item()


def statistics(model: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """What norms over batches keep of all they saw, which moves with every look at a batch: the tensors, and copies of
    them."""
    norms = (m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.training)
    return [(buffer, buffer.clone()) for norm in norms for buffer in norm.buffers()]
