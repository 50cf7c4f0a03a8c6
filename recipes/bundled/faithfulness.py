"""Measures how far explanations of the bundled models can be believed, and writes their faithfulness.json.

    python recipes/bundled/faithfulness.py [--scenes 24] [NAME...]

Takes minutes a model on one core. The manifest of each model is made anew, as the record is one of its files.
"""

import argparse
from importlib.resources import files
from pathlib import Path

from seeread.checkpoints.files import verify_manifest, write_manifest
from seeread.checkpoints.load import load
from seeread.explanation.faith.record import NAME
from seeread.lab.faithfulness.benchmark import BUNDLED, SCENES, benchmark
from seeread.lab.faithfulness.records import record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=BUNDLED)
    parser.add_argument("--scenes", type=int, default=SCENES)
    arguments = parser.parse_args()
    for name in arguments.names:
        folder = Path(str(files("seeread"))) / "bundled" / name.rpartition("/")[2]
        verify_manifest(folder)  # what is there is whole before it is listed anew
        found = benchmark([load(name, precision="fp32")], scenes=arguments.scenes)
        record(found, name).write(folder / NAME)
        write_manifest(folder)
        print(f"{name}: {record(found, name).sentence('relevance')}", flush=True)


if __name__ == "__main__":
    main()
