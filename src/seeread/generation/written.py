"""The text of an answer while it grows: what is settled of it, and whether it has come to a text that stops it."""

from collections.abc import Callable, Sequence
from copy import copy

CONTEXT = 32
"""Once an answer is long, so many tokens before the new ones are written again with them: what a token reads as may
depend on those before it (a space at the start, a letter of several bytes)."""

UNFINISHED = "\ufffd"
"""Stands at the end of a text whose last letter is not complete yet."""


class Written:
    """Takes token ids one at a time and gives out text, in pieces that together are the whole.

    Letters whose bytes are spread over several tokens come out once they are complete, and whatever may be the
    beginning of a text in `stop` is held back until it turns out not to be. `stopped` says that one has come.
    """

    def __init__(self, write: Callable[[Sequence[int]], str], stop: Sequence[str] = ()):
        self.write = write
        self.stop = stop
        self.ids: list[int] = []
        self.text = ""  # all that was given out
        self.stopped = False
        self._start = 0  # of the ids that are written again
        self._settled = 0  # ids whose text is known
        self._known = ""  # the text of the ids between the two
        self._held = ""  # known, but perhaps the beginning of a stop

    def branch(self) -> "Written":
        """Another one that has come as far, and goes on on its own."""
        other = copy(self)
        other.ids = list(self.ids)
        return other

    def add(self, token: int) -> str:
        """One more token; the text that it settles, perhaps none."""
        self.ids.append(token)
        now = self.write(self.ids[self._start :])
        return "" if now.endswith(UNFINISHED) else self._settle(now)

    def finish(self) -> str:
        """No more tokens come; the text that was held back."""
        piece = self._settle(self.write(self.ids[self._start :]))
        if self.stopped:
            return piece
        rest, self._held = self._held, ""
        self.text += rest
        return piece + rest

    def _settle(self, now: str) -> str:
        new = now[len(self._known) :]
        self._known, self._settled = now, len(self.ids)
        if self._settled - self._start > 2 * CONTEXT:
            start = self._settled - CONTEXT
            if context := self.write(self.ids[start:]):
                self._start, self._known = start, context
        return self._give(new)

    def _give(self, new: str) -> str:
        """What may go out of the text held back and `new`, up to a stop."""
        text = self._held + new
        found = [place for place in (text.find(stop) for stop in self.stop) if place >= 0]
        if found:
            self.stopped = True
            piece, self._held = text[: min(found)], ""
        else:
            hold = max((_overlap(text, stop) for stop in self.stop), default=0)
            piece, self._held = text[: len(text) - hold], text[len(text) - hold :]
        self.text += piece
        return piece


def _overlap(text: str, stop: str) -> int:
    """How many letters at the end of `text` are the beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
