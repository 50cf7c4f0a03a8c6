"""TensorBoard: the figures of a run, and what the model says of sample pictures."""

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from torch import nn

from seeread.errors import UsageError
from seeread.preprocessing.image import open_image
from seeread.training.watching.samples import Asked, Said
from seeread.training.watching.watcher import Beginning, Moment

SIDE = 256
"""Pixels of a picture."""


class Board:
    """Writes events of TensorBoard to a folder (`tensorboard --logdir FOLDER`). Of a run that goes on, what was written
    of later steps is no longer shown.

    Raises UsageError where TensorBoard is not installed.
    """

    def __init__(self, folder: Path):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise UsageError(
                "TensorBoard is not here. Install it with: pip install 'seeread[train]'"
            ) from None
        self.folder, self._make = folder, SummaryWriter
        self._writer: Any = None

    def began(self, beginning: Beginning) -> None:
        """Opens the folder."""
        going_on = {"purge_step": beginning.step + 1} if beginning.step else {}
        self._writer = self._make(str(self.folder), **going_on)
        settings = vars(beginning.settings).items()
        rows = "\n".join(f"| {escape(name)} | {escape(str(value))} |" for name, value in settings)
        self._writer.add_text("settings", f"| setting | value |\n|---|---|\n{rows}", beginning.step)

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        """Writes the figures of a step."""
        figures: dict[str, float | None] = {
            "loss": moment.loss, "rate": moment.rate, "gradient": moment.gradient, "scale": moment.scale,
            "speed/images_per_second": moment.images_per_second, "speed/waited": moment.waited,
            "speed/utilisation": moment.utilisation, "trouble/broken": float(moment.broken),
            "trouble/skipped": float(moment.skipped),
        } | {f"measured/{name}": value for name, value in moment.figures.items()}  # fmt: skip
        for name, value in figures.items():
            if value is not None and math.isfinite(value):
                self._writer.add_scalar(name, value, moment.step)

    def show(self, step: int, asked: Sequence[Asked], said: Sequence[Said]) -> None:
        """A listener of `Samples`: pictures once, and what is said of them each time."""
        import numpy as np

        for number, (one, texts) in enumerate(zip(asked, said, strict=True), 1):
            if step == 0:
                picture = open_image(one.image).copy()
                picture.thumbnail((SIDE, SIDE))
                self._writer.add_image(f"samples/{number:02d}", np.asarray(picture), step, dataformats="HWC")
            lines = [f"true: {one.truth}"] if one.truth else []
            lines += [text if score is None else f"{text} ({score:.0%})" for text, score in texts]
            self._writer.add_text(f"samples/{number:02d}", "\n\n".join(map(escape, lines)), step)

    def ended(self, reason: str | None) -> None:
        """Closes the folder."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
