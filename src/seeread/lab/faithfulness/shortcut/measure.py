"""All methods on one small model that was taught the shortcut, and on the same with its weights shuffled."""

from collections.abc import Iterator, Sequence

from seeread.errors import SeereadError
from seeread.explanation.faith.randomise import shuffled
from seeread.explanation.methods.method import Method
from seeread.explanation.methods.table import fitting
from seeread.lab.faithfulness.rows import Row
from seeread.lab.faithfulness.shortcut.designs import designs
from seeread.lab.faithfulness.shortcut.follow import asked, finds, follows, obeys
from seeread.lab.faithfulness.shortcut.learn import learned
from seeread.lab.faithfulness.shortcut.marked import marked

OBEDIENT = 0.95
"""How often a model has to say what the mark tells, or there is nothing to be found."""


def planted(name: str, methods: Sequence[Method] | None, seeds: range) -> Iterator[Row]:
    """Rows of the design of that name: the model is taught now. Raises SeereadError where it does not learn."""
    design = designs()[name]
    model = learned(design)
    if (said := obeys(model, seeds).score) < OBEDIENT:
        raise SeereadError(f"A small {name} goes by the mark in {said:.0%} of pictures only: it shows nothing.")
    ignorant = shuffled(model)
    target, _ = asked(model, one := marked(seeds.start, 0), one.answer)
    for method in fitting(target) if methods is None else methods:
        if method.fits(target) is not None:
            continue
        found, chance = follows(model, method, seeds), follows(ignorant, method, seeds)
        yield Row("shortcut", name, design.family, method.name, method.kind, found, finds(found))
        yield Row("no shortcut", name, design.family, method.name, method.kind, chance, finds(chance))
