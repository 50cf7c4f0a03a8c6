"""What seeread does, on real photographs and without a network: `make demo`, or `make demo PHOTOS=folder`.

    python examples/demo.py [--photos FOLDER] [--labels "a cat,a dog"] [--query "a red car"] [--model NAME]

Says which labels fit each picture, searches the pictures by text, has drawn scenes described, asked about and pointed
at, and draws all of it into out/demo.png.
The photographs are those that scikit-image and scikit-learn carry in their packages; nothing else of these is used.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from shutil import copyfile

sys.path.insert(0, str(Path(__file__).parent))  # for `contact_sheet`, from any current directory

from contact_sheet import Card, Found, Told, draw_sheet

import seeread as sr
from seeread.data.scene_talk import ask
from seeread.data.scenes import invent, render
from seeread.search.index import Index
from seeread.tasks.pointing.draw import draw
from seeread.tasks.scores import Classification

MODEL = "seeread/mini-clip"  # which lies in the package
TALKER, POINTER = "seeread/mini-llava", "seeread/mini-paligemma"
SCENES = (3_000_000, 3_000_001, 3_000_002)  # the first three of those that nothing was learned from or measured on
PHOTOGRAPHS = {
    "cat.png": ("skimage", "data/chelsea.png"),
    "coffee.png": ("skimage", "data/coffee.png"),
    "rocket.jpg": ("skimage", "data/rocket.jpg"),
    "flower.jpg": ("sklearn", "datasets/images/flower.jpg"),
    "temple.jpg": ("sklearn", "datasets/images/china.jpg"),
    "motorcycle.png": ("skimage", "data/motorcycle_left.png"),
}
# Picked, after looking at its answers, for the bundled model to get right. It is small: with more general labels,
# or with words that it has hardly read, it is often wrong.
LABELS = (
    "a tabby cat", "a golden retriever", "an espresso", "an orange flower", "a motorcycle", "a school bus", "a rocket",
    "a house by the water", "a penguin",
)  # fmt: skip
QUERIES = ("a cat looking at the camera", "a cup of coffee", "a rocket at night")

YOUR_LABELS = (
    "a person", "people", "a child", "a dog", "a cat", "a bird", "a horse", "another animal", "a flower", "a tree",
    "a forest", "mountains", "a beach", "the sea", "a lake", "snow", "a sunset", "a city street", "a building",
    "a room", "food", "a drink", "a car", "a bicycle", "a train", "a boat", "an aeroplane", "a sports game",
    "a concert", "a screenshot", "a document",
)  # fmt: skip
YOUR_QUERIES = ("people having fun", "a beautiful landscape", "something to eat")

SHOWN = 12  # pictures that are classified and drawn; all are searched


def main() -> int:
    """Classify, search, draw."""
    options = read_options()
    out = Path("out")
    try:
        out.mkdir(exist_ok=True)
        folder = options.photos or collect_photographs(out / "photos")
        labels: Sequence[str] = YOUR_LABELS if options.photos else LABELS
        queries: Sequence[str] = YOUR_QUERIES if options.photos else QUERIES
        if options.labels:
            labels = [label.strip() for label in options.labels.split(",")]
        if options.query:
            queries = [options.query]
        show(folder, labels, queries, options.model, out / "demo.png")
    except (sr.SeereadError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    suggest(folder, options.model)
    return 0


def show(folder: Path, labels: Sequence[str], queries: Sequence[str], name: str, picture: Path) -> None:
    """The demo itself."""
    model = sr.load(name)
    index = Index(model, folder)
    update = index.update()
    if not len(index):
        raise sr.SeereadError(f"{folder} holds no pictures that can be opened. Name another folder.")
    if update.skipped:
        many = len(update.skipped) > 1
        print(f"{len(update.skipped)} file{'s' * many} cannot be opened and {'are' if many else 'is'} left out.\n")

    paths = [folder / path for path in index.paths[:SHOWN]]
    of_all = f", the first {SHOWN} of {len(index)}" if len(index) > SHOWN else ""
    print(f"Which of {len(labels)} labels is each picture most similar to? (model: {name}{of_all})\n")
    results = sr.classify(model, paths, labels, top=3)
    widest = max(len(path.name) for path in paths)
    for path, result in zip(paths, results, strict=True):
        print(f"  {path.name:{widest}}  " + "   ".join(f"{label} {score:.2f}" for label, score in similar(result)))

    print("\nWhich picture fits each text best?\n")
    found = [Found(query, [(folder / hit.path, hit.score) for hit in index.search(query, top=3)]) for query in queries]
    widest = max(map(len, queries))
    for each in found:
        hits = "   ".join(f"{path.name} {score:.2f}" for path, score in each.hits)
        print(f"  {each.query:{widest}}  {hits}")

    cards = [Card(path, similar(result)) for path, result in zip(paths, results, strict=True)]
    told = talk()
    draw_sheet(cards, found, told, f"{name}, {TALKER} and {POINTER}, on this machine").save(picture)
    print(f"\nAll of it as a picture: {picture}")


def similar(result: Classification) -> list[tuple[str, float]]:
    """Labels, and how alike the picture and each are: percentages would have to be calibrated first."""
    return [(label, alike) for (label, _), alike in zip(result, result.similarities, strict=True)]


def talk() -> list[Told]:
    """Drawn scenes of a shape or two, described, asked about and pointed at: of more, the small writers lose count."""
    talker, pointer = sr.load(TALKER), sr.load(POINTER)
    print(f"\nWhat is there, and where? (drawn scenes; {TALKER} and {POINTER})\n")
    told = []
    for seed in SCENES:
        scene = invent(seed, most=2)
        picture = render(scene, 512)
        question, truth = ask(scene, random.Random(seed), 1)[0]
        caption, said = sr.caption(talker, picture), sr.answer(talker, picture, question)
        boxes = sr.detect(pointer, picture, [thing.name for thing in scene.things])
        there = ", ".join(thing.name for thing in scene.things)
        print(f"  there  {there}\n  told   {caption}\n  asked  {question} {said} (right: {truth})")
        print(f"  boxes  {', '.join(f'{box.label} {box.confidence:.2f}' for box in boxes) or 'none'}\n")
        told.append(Told(draw(picture, boxes), [("caption", str(caption)), (question, str(said))]))
    return told


def collect_photographs(folder: Path) -> Path:
    """Copies the photographs of both packages into `folder`, under names that say what they show."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (package, path) in PHOTOGRAPHS.items():
        spec = find_spec(package)  # which finds the package without importing it
        if spec is None or not spec.submodule_search_locations:
            raise sr.SeereadError(
                "The photographs come with scikit-image and scikit-learn: pip install 'seeread[demo]'."
                " Or name a folder of your own: make demo PHOTOS=folder"
            )
        source = Path(spec.submodule_search_locations[0]) / path
        if source.is_file() and not (folder / name).is_file():
            copyfile(source, folder / name)
    return folder


def suggest(folder: Path, model: str) -> None:
    """What to try next; every line can be pasted."""
    beside = Path(sys.executable).with_name("seeread")
    here = Path.cwd()
    seeread = str(beside.relative_to(here) if beside.is_relative_to(here) else beside)
    chosen = "" if model == MODEL else f" --model {model}"
    print(f"""
Try next:
  {seeread} classify {quote(str(folder))} --labels "something alive, a machine, a building"{chosen}
  {seeread} search {quote(str(folder))} "a cup of coffee"{chosen}
  {seeread} caption {quote(str(folder))}
  {seeread} chat {quote(str(folder / "coffee.png"))}
  {seeread} models
  make demo PHOTOS=~/Pictures

The bundled models are small: the labels of the photographs were picked to suit the one that compares, and those that
write know drawn shapes and little of photographs. Numbers are similarities, not percentages. `models` lists larger
ones, which see far better and are fetched once. The last line is this with your pictures.""")


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=lambda text: Path(text).expanduser(), help="a folder of your own pictures")
    parser.add_argument("--labels", help="what to choose from, separated by commas")
    parser.add_argument("--query", help="what to search for")
    parser.add_argument("--model", default=MODEL)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
