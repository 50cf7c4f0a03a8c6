"""Text that comes in pieces, wrapped between its words to the width of a terminal."""

import sys

from seeread.cli.output.console import console, is_terminal

READABLE = 88
"""Columns; longer lines are hard to follow."""


class Wrapped:
    """Prints pieces of a text as they come, a word at a time; as they are where no terminal is."""

    def __init__(self, indent: str = ""):
        self._indent = indent
        self._width = min(console().width, READABLE) if is_terminal() else None
        self._column = 0
        self._word = self._gap = ""

    def __enter__(self) -> "Wrapped":
        return self

    def __exit__(self, problem: object, *_: object) -> None:
        """Ends the last line, also where the writing was interrupted in it."""
        self._settle()
        if self._column or problem is None:
            self._print("\n")
        sys.stdout.flush()

    def write(self, piece: str) -> None:
        """One piece more."""
        from rich.cells import cell_len

        for letter in harmless(piece):
            if letter in "\n ":
                self._settle()
                self._gap = " "
                if letter == "\n":
                    self._break()
                continue
            if self._width is not None and cell_len(self._word + letter) > self._width - len(self._indent):
                self._settle()
            self._word += letter
            if cell_len(letter) > 1:  # scripts of wide letters put no spaces between their words
                self._settle()
        sys.stdout.flush()

    def _settle(self) -> None:
        """Prints the word, on the next line where this one is full."""
        from rich.cells import cell_len

        if not self._word:
            return
        gap = self._gap if self._column else ""
        if self._width is not None and self._column and self._column + cell_len(gap + self._word) > self._width:
            self._break()
            gap = ""
        if not self._column:
            self._print(self._indent)
        self._print(gap + self._word)
        self._word = self._gap = ""

    def _break(self) -> None:
        self._print("\n")
        self._column, self._gap = 0, ""

    def _print(self, text: str) -> None:
        from rich.cells import cell_len

        sys.stdout.write(text)
        self._column += cell_len(text)


def harmless(text: str) -> str:
    """What a model wrote, without what could play with a terminal; line breaks stay."""
    spaced = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in spaced)


def one_line(text: str) -> str:
    """The same on one line."""
    return " ".join(harmless(text).split())
