"""Where chance stands: the random numbers of torch, Python and numpy, to be drawn on exactly where they were left."""

import base64
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor


def chance() -> dict[str, Any]:
    """The state of all generators that code draws from without naming one, as JSON can hold it. On CUDA it is that of
    the device of this process."""
    version, words, gauss = random.getstate()
    kind, keys, place, has_gauss, cached = np.random.get_state(legacy=True)
    state = {
        "torch": _text(torch.get_rng_state()),
        "python": {"version": version, "words": _text(words[:-1]), "place": words[-1], "gauss": gauss},
        "numpy": {
            "kind": kind,
            "words": _text(keys),
            "place": int(place),
            "has_gauss": int(has_gauss),
            "gauss": float(cached),
        },
    }
    if torch.cuda.is_initialized():
        state["cuda"] = _text(torch.cuda.get_rng_state())
    return state


def restore_chance(state: Mapping[str, Any]) -> None:
    """Let all generators go on from where `chance` found them."""
    torch.set_rng_state(_bytes(state["torch"]))
    python, numpy = state["python"], state["numpy"]
    random.setstate((python["version"], (*_words(python["words"]), python["place"]), python["gauss"]))
    keys = np.array(_words(numpy["words"]), dtype=np.uint32)
    np.random.set_state((numpy["kind"], keys, numpy["place"], numpy["has_gauss"], numpy["gauss"]))
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(_bytes(state["cuda"]))


def _text(numbers: Any) -> str:
    """Bytes as they are, other numbers as 32 bits each."""
    raw = (
        numbers.numpy().tobytes()
        if isinstance(numbers, Tensor)
        else np.asarray(numbers, dtype="<u4").tobytes()
    )
    return base64.b64encode(raw).decode("ascii")


def _words(text: str) -> list[int]:
    words: list[int] = np.frombuffer(base64.b64decode(text), dtype="<u4").tolist()
    return words


def _bytes(text: str) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
