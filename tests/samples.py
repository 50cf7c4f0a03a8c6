"""Real photographs that other packages carry: what the documentation and the demo show."""

from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile

import pytest

PHOTOGRAPHS = {
    "cat.png": ("skimage", "data/chelsea.png"),
    "coffee.png": ("skimage", "data/coffee.png"),
    "rocket.jpg": ("skimage", "data/rocket.jpg"),
    "flower.jpg": ("sklearn", "datasets/images/flower.jpg"),
    "temple.jpg": ("sklearn", "datasets/images/china.jpg"),
}


def copy_photographs(folder: Path) -> Path:
    """Five photographs in `folder`, named for what they show; skips the test where the demo extra is absent.

    The packages are found, not imported: that would take seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, (package, path) in PHOTOGRAPHS.items():
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            pytest.skip(f"needs the photographs of {package}: pip install 'seeread[demo]'")
        copyfile(Path(spec.submodule_search_locations[0]) / path, folder / name)
    return folder
