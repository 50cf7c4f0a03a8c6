"""The tables of families in README and docs are those that the models give."""

from pathlib import Path

from recipes import family_table as tables

ROOT = Path(__file__).parent.parent


def test_tables_are_of_today() -> None:
    rows = tables.measured()
    for name, table in (("README.md", tables.in_readme(rows)), ("docs/models.md", tables.in_docs(rows))):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert tables.put(text, table) == text, f"{name}: run `python -m recipes.family_table`"


def test_every_family_that_sees_and_reads_has_a_row() -> None:
    """But for those of which nothing is published that both sees and reads."""
    from seeread.models.families import FAMILIES, family_of

    measured = {family_of(tables.published(row.architecture)).name for row in tables.ROWS}
    alone = {"language_model", "t5", "tower_probe"}
    alone |= {"perceiver_classifier", "perceiver_language_model", "perceiver_flow"}
    assert measured | alone == {family.name for family in FAMILIES}
