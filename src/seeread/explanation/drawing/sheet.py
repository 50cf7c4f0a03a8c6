"""Explanations as one picture: every map over the picture, what it is about, and how far to believe it."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

import numpy
from PIL import Image, ImageDraw

from seeread.charts.figures import figure, signed
from seeread.charts.lettering import font_for, spelled
from seeread.explanation.drawing.colours import ramp
from seeread.explanation.drawing.overlay import overlay
from seeread.explanation.drawing.words import MEANING, question, said
from seeread.explanation.heatmap import Explanation, Heatmap

Colour = tuple[int, int, int]

INK, MUTED, LINE, PAPER, DOUBT = (31, 36, 48), (90, 99, 114), (223, 227, 233), (255, 255, 255), (170, 80, 20)
PANEL, TALLEST = 400, 600
"""Pixels: how wide a picture is drawn, and how tall it may become."""
MARGIN, GAP = 44, 28
IN_A_ROW = 4
TITLE, CAPTION, NOTE = 30, 21, 16
"""Pixels of letters."""
MOST = 16
"""Maps of one explanation; of more the page has all."""


def sheet(picture: Image.Image, explanations: Sequence[Explanation]) -> Image.Image:
    """The picture as it is, and then all maps, those of each method under its name. `explanations` are of one picture
    and one text."""
    scale = min(PANEL / picture.width, TALLEST / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    cell = max(size[0], PANEL * 3 // 4)
    rows = _rows(picture, explanations, size, cell)
    columns = max(2, max(map(len, rows)))
    width = 2 * MARGIN + columns * cell + (columns - 1) * GAP
    parts = [_heading(explanations, width), *(_row(cards, width, cell) for cards in rows)]
    parts.append(_foot(explanations, width))
    whole = Image.new("RGB", (width, sum(part.height for part in parts) + MARGIN), PAPER)
    down = 0
    for part in parts:
        whole.paste(part, (0, down))
        down += part.height
    return whole


class _Line(NamedTuple):
    """Words on a line of their own, as large and dark as they matter."""

    text: str
    letters: int
    colour: Colour


def _rows(
    picture: Image.Image, explanations: Sequence[Explanation], size: tuple[int, int], cell: int
) -> list[list[Image.Image]]:
    """The cards, row by row: of one method the picture and its maps; of several with a map each these side by side, and
    with more maps what the method is before those."""
    plain, several = _plain(picture, size, cell), len(explanations) > 1
    if several and any(len(one.maps) > 1 for one in explanations):
        rows = [[plain]]
        for one in explanations:
            cards = [_card(picture, heatmap, size, cell) for heatmap in one.maps[:MOST]]
            for start in range(0, len(cards), IN_A_ROW):
                before = _blank(cell) if start else _method(one, cell)
                rows.append([before, *cards[start : start + IN_A_ROW]])
        return rows
    maps = [(one.method if several else "", heatmap) for one in explanations for heatmap in one.maps[:MOST]]
    cards = [plain, *(_card(picture, heatmap, size, cell, title) for title, heatmap in maps)]
    return [cards[start : start + IN_A_ROW] for start in range(0, len(cards), IN_A_ROW)]


def _heading(explanations: Sequence[Explanation], width: int) -> Image.Image:
    one, several = explanations[0], len(explanations) > 1
    how = f"explained in {len(explanations)} ways" if several else f"explained by {one.method}"
    lines = [_Line(question(one), CAPTION, MUTED), _Line(said(one), TITLE, INK)]
    lines.append(_Line(f"{one.model}, {how}", NOTE, MUTED))
    return _written(lines, width, above=MARGIN, below=20)


def _method(one: Explanation, cell: int) -> Image.Image:
    """What stands before the maps of one of several methods."""
    texts = (one.summary, one.source, one.record)
    lines = [_Line(one.method, CAPTION, INK), *(_Line(text, NOTE, MUTED) for text in texts if text)]
    return _written(lines, cell, above=0, below=0, margin=0)


def _foot(explanations: Sequence[Explanation], width: int) -> Image.Image:
    """The colours and what they say, and what else there is to know."""
    maps = [one for explanation in explanations for one in explanation.maps]
    notes = list(dict.fromkeys(note for one in explanations for note in one.notes))
    if any(one.faithfulness is not None for one in maps):
        notes.append(MEANING)
    if len(explanations) == 1 and explanations[0].record is not None:
        notes.append(explanations[0].record)
    if any(len(one.maps) > MOST for one in explanations):
        notes.append(f"Of more maps the first {MOST} are drawn; a page (.html) has all of them.")
    bars = [(True, "least", "most")] if any(one.believed is not False for one in maps) else []
    bars += [(False, "least", "most, but not to be believed")] if any(one.believed is False for one in maps) else []
    lines = [_Line(note, NOTE, MUTED) for note in notes]
    text = _written(lines, width, above=NOTE, below=0)
    whole = Image.new("RGB", (width, text.height + 44), PAPER)
    pencil, across = ImageDraw.Draw(whole), MARGIN
    for believed, least, most in bars:
        across = _bar(whole, pencil, across, believed, (least, most)) + 2 * GAP
    whole.paste(text, (0, 44))
    return whole


def _bar(whole: Image.Image, pencil: ImageDraw.ImageDraw, across: int, believed: bool, ends: tuple[str, str]) -> int:
    """A ramp between what its ends mean; gives where it ends."""
    font, middle = font_for("", NOTE), 28
    pencil.text((across, middle), ends[0], MUTED, font, anchor="lm")
    across += ceil(font.getlength(ends[0])) + 10
    colours = Image.fromarray(numpy.repeat(ramp(believed)[None], 14, axis=0)).resize((220, 14))
    whole.paste(colours, (across, middle - 7))
    across += 230
    pencil.text((across, middle), ends[1], MUTED, font, anchor="lm")
    return across + ceil(font.getlength(ends[1]))


def _row(cards: Sequence[Image.Image], width: int, cell: int) -> Image.Image:
    row = Image.new("RGB", (width, max(card.height for card in cards) + GAP), PAPER)
    for place, card in enumerate(cards):
        row.paste(card, (MARGIN + place * (cell + GAP), 0))
    return row


def _plain(picture: Image.Image, size: tuple[int, int], cell: int) -> Image.Image:
    shown = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    return _captioned(shown, [("the picture", INK, "", MUTED)], cell)


def _blank(cell: int) -> Image.Image:
    return Image.new("RGB", (cell, 1), PAPER)


def _card(
    picture: Image.Image, heatmap: Heatmap, size: tuple[int, int], cell: int, title: str = ""
) -> Image.Image:
    """A map with its title, or what it is about, how likely that was, and how far the map can be believed."""
    about = title or ("the whole answer" if heatmap.kind == "answer" else heatmap.about)
    rows = [(about, INK, _likely(heatmap), MUTED)]
    if (faith := heatmap.faithfulness) is not None:
        values = (signed(value, "number").lstrip("+") for value in (faith.score, max(faith.controls.values())))
        score, best = (value.replace("\N{MINUS SIGN}", "-") for value in values)  # Pillow's own font has no minus sign
        if faith.believed:
            rows.append((f"faithful {score}", MUTED, f"blind maps {best}", MUTED))
        else:
            rows.append(("not to be believed", DOUBT, f"{score}, blind maps {best}", MUTED))
    return _captioned(overlay(picture, heatmap, size), rows, cell)


def _likely(heatmap: Heatmap) -> str:
    """Of long answers and of exact boxes it says nothing: each of them is unlikely."""
    probability = heatmap.probability
    if probability is None or heatmap.kind in ("answer", "box"):
        return ""
    return "< 0.001" if probability < 0.001 else figure(probability, "number")


def _captioned(
    shown: Image.Image, rows: Sequence[tuple[str, Colour, str, Colour]], cell: int
) -> Image.Image:
    """A picture with lines below it: words on the left, and on the right, as far as the picture goes, a figure."""
    height = shown.height + 12 + CAPTION + (len(rows) - 1) * (NOTE + 8) + 8
    card = Image.new("RGB", (cell, height), PAPER)
    card.paste(shown, (0, 0))
    pencil, down = ImageDraw.Draw(card), shown.height + 10
    edge = max(shown.width, cell * 3 // 4)
    for place, (left, left_colour, right, right_colour) in enumerate(rows):
        letters = NOTE if place else CAPTION
        font, figures = font_for(left, letters), font_for(right, NOTE)
        room = edge - figures.getlength(right) - 12
        pencil.text((0, down + letters), spelled(left, font, room), left_colour, font, anchor="ls")
        pencil.text((edge, down + letters), right, right_colour, figures, anchor="rs")
        down += letters + 8
    return card


def _written(
    lines: Sequence[_Line], width: int, above: int, below: int, margin: int = MARGIN
) -> Image.Image:
    """Lines one below the other, wrapped where they are too long."""
    room = width - 2 * margin
    wrapped = [_Line(text, line.letters, line.colour) for line in lines for text in _wrap(line, room)]
    height = above + sum(round(1.4 * line.letters) for line in wrapped) + below
    whole = Image.new("RGB", (width, height), PAPER)
    pencil, down = ImageDraw.Draw(whole), above
    for line in wrapped:
        font = font_for(line.text, line.letters)
        pencil.text((margin, down + line.letters), spelled(line.text, font, room), line.colour, font, anchor="ls")
        down += round(1.4 * line.letters)
    return whole


def _wrap(line: _Line, room: int) -> list[str]:
    """At most six lines."""
    font = font_for(line.text, line.letters)
    lines = [""]
    for word in line.text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines if len(lines) <= 6 else [*lines[:5], " ".join(lines[5:])]
