"""From rows of a table to items: several rows may be about one picture."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Any

from seeread.data.sets.found import Found
from seeread.data.sets.item import Item, Kept, Phrase, Question, Thing, opened
from seeread.data.sets.names import WORDNET, labels_of, number_of, numbered_names, order_of, wordnet_names
from seeread.data.sets.told.boxes import BOXED, BoxError, Size, columns_to_rows, placed, thing_of
from seeread.data.sets.told.columns import Columns
from seeread.data.sets.told.text import line, lines, parsed_json
from seeread.errors import SeereadError
from seeread.preprocessing.image import Source, printable, upright_size

_MOST_IN_COLUMN = 10_000  # characters of a cell that has no role; what is longer is no attribute


@dataclass
class Draft:
    """A picture and what its rows have said of it so far. `key` is the class, as the table writes it."""

    id: str
    picture: "Source | Kept"
    key: str | None = None
    captions: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    things: list[Thing] | None = None
    phrases: list[Phrase] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    mask: "Source | Kept | None" = None


@dataclass
class Gathering:
    """The items of a table as they come together.

    `columns` says what is where; `classes` names the classes that the table tells by numbers, `kinds` those of its
    boxes. Columns without a role are kept as they are.
    """

    columns: Columns
    folder: Path
    classes: Sequence[str] | None = None
    kinds: Mapping[Any, str] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def add(
        self, row: Mapping[str, Any], where: str, key: str, id: str, picture: Callable[[], "Source | Kept"]
    ) -> None:
        """Takes in a row that is about the picture of that `key`, which is made where the key is new. What of the row
        cannot be understood is `broken` by `where` it stands; the rest is taken."""
        draft = self.drafts.get(key)
        if draft is None:
            draft = self.drafts[key] = Draft(id, picture())
        c = self.columns
        size = _sized(row, draft)
        told = self._class(row)
        boxed = c.boxes is None and c.expression is None and not BOXED.isdisjoint(map(str.lower, row))
        if told is not None and not boxed:
            if draft.key not in (None, told):
                self.broken[where] = f"{draft.key!r} in one row and {told!r} in another: a picture has one label"
            else:
                draft.key = told
        for column in c.captions:
            draft.captions += lines(row.get(column))
        if c.question is not None and (asked := line(row.get(c.question))):
            told_id = line(row.get(c.question_id)) if c.question_id else ""
            kind = line(row.get(c.kind)) if c.kind else ""
            answers = lines(row.get(c.answers)) if c.answers else ()
            draft.questions.append(Question(asked, answers, told_id, kind))
        if c.talk is not None:
            draft.questions += talk(row.get(c.talk))
        try:
            if boxed:
                box = placed(row, size)
                draft.things = [*(draft.things or []), *([] if box is None else [Thing(told or "", box)])]
            else:
                self._boxes(row, draft, size)
        except BoxError as error:
            self.broken[where] = str(error)
        for name, cell in row.items():
            if name not in c.taken and name not in draft.columns and 0 < len(text := line(cell)) <= _MOST_IN_COLUMN:
                draft.columns[line(name)] = text

    def know(self, row: Mapping[str, Any]) -> None:
        """Takes in the class of a row of another split: it is a class of this one too."""
        if (told := self._class(row)) is not None:
            self.others.add(told)

    def found(self, split: str | None = None) -> Found:
        """All that came together."""
        keys = {draft.key for draft in self.drafts.values() if draft.key is not None}
        labels, names, label_of = self._named(keys | self.others if keys else keys)
        things = {thing.label for draft in self.drafts.values() for thing in draft.things or ()}
        if not labels and things:
            labels = tuple(self.kinds.values()) if set(self.kinds.values()) >= things else tuple(sorted(things))
            labels = tuple(dict.fromkeys(labels))
        items = [item_of(draft, label_of) for draft in self.drafts.values()]
        return Found(items, labels, names, split, self.broken)

    def _class(self, row: Mapping[str, Any]) -> str | None:
        c = self.columns
        if c.wordnet is not None and (wordnet := line(row.get(c.wordnet))):
            name = line(row.get(c.name)) if c.name else ""
            self.names.setdefault(wordnet, name.split(",")[0].strip())
            return wordnet
        if c.label is not None and not isinstance(row.get(c.label), list | dict) and (label := line(row.get(c.label))):
            if self.classes is not None and label == "-1":  # how Hugging Face writes that it is not known
                return None
            if c.name is not None and (name := line(row.get(c.name))):
                self.names.setdefault(label, name)
            return label
        if c.label is None and c.name is not None and c.question is None and not c.captions:
            return line(row.get(c.name)) or None
        return None

    def _boxes(self, row: Mapping[str, Any], draft: Draft, size: Size) -> None:
        c = self.columns
        if c.expression is not None:
            if (said := lines(row.get(c.expression))) and (box := placed(row, size)) is not None:
                draft.phrases += [Phrase(text, box, "") for text in said]
            return
        told = row.get(c.boxes) if c.boxes else None
        if isinstance(told, str):
            told = parsed_json(told)
        if isinstance(told, Mapping):
            told = columns_to_rows(told)
        if isinstance(told, list) and all(isinstance(each, Mapping) for each in told):
            draft.things = (draft.things or []) + [thing_of(each, size, self.kinds) for each in told]

    def _named(self, keys: set[str]) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
        if self.classes is not None and all(number_of(key) < len(self.classes) for key in keys):
            order = [str(number) for number in range(len(self.classes))]
            labels, names = labels_of(order, self.classes)
        else:
            order = order_of(keys)
            told = [self.names.get(key, "") for key in order]
            if not any(told):
                told = _of_numbers(order, self.folder) or order
                if order and all(map(WORDNET.match, order)):
                    told = wordnet_names(order, self.folder)
            labels, names = labels_of(order, told)
        return labels, names, dict(zip(order, labels, strict=True))


def talk(value: object) -> list[Question]:
    """The questions of a conversation as LLaVA keeps them ({"from": "human", "value"}, {"from": "gpt", "value"}), each
    with what was answered and with what was said before. Marks for the picture are left out."""
    questions: list[Question] = []
    before: tuple[tuple[str, str], ...] = ()
    for turn in value if isinstance(value, list) else ():
        if not isinstance(turn, Mapping):
            continue
        who = line(turn.get("from", turn.get("role")))
        said = line(turn.get("value", turn.get("content"))).replace("<image>", "").strip()
        if who in ("human", "user") and said:
            questions.append(Question(said, (), "", before=before))
        elif who in ("gpt", "assistant") and said and questions and not questions[-1].answers:
            questions[-1] = replace(questions[-1], answers=(said,))
            before = (*before, (questions[-1].text, said))
    return questions


def _of_numbers(order: Sequence[str], folder: Path) -> list[str] | None:
    if not order or order[0] != "0" or any(number_of(key) == inf for key in order):
        return None
    names = numbered_names(folder, None)
    if names is None or len(names) < len(order):
        return None
    return names[: len(order)]


def item_of(draft: Draft, label_of: Mapping[str, str]) -> Item:
    """The item that a draft has become, given what classes are called."""
    return Item(
        draft.id,
        draft.picture,
        None if draft.key is None else label_of[draft.key],
        tuple(draft.captions),
        tuple(draft.questions),
        None if draft.things is None else tuple(draft.things),
        tuple(draft.phrases),
        draft.mask,
        draft.columns,
    )


def _sized(row: Mapping[str, Any], draft: Draft) -> Size:
    """The size of a picture: as its row says it, else as its own header does."""

    def size() -> tuple[float, float]:
        told = [row.get(name) for name in ("width", "height")]
        try:
            width, height = (float(value) for value in told)  # type: ignore[arg-type]
            if 0 < width < float("inf") and 0 < height < float("inf"):
                return width, height
        except (TypeError, ValueError, OverflowError):
            pass
        try:
            return upright_size(opened(draft.picture))
        except SeereadError as error:
            raise BoxError(f"its box is in pixels, and the size of its picture is not known: {error}") from None

    return size


def unique_ids(items: Iterable[Item]) -> list[Item]:
    """The items with ids that can be printed and that no two share, those of their questions and phrases likewise."""
    taken: dict[str, int] = {}
    asked: dict[str, int] = {}
    result = []
    for item in items:
        id = _free(item.id, taken)
        if item.questions or item.phrases:
            item = replace(
                item,
                id=id,
                questions=tuple(
                    replace(each, id=_free(each.id or f"{id}#{number}", asked))
                    for number, each in enumerate(item.questions)
                ),
                phrases=tuple(
                    replace(each, id=_free(each.id or f"{id}#{number}", asked))
                    for number, each in enumerate(item.phrases)
                ),
            )
        elif id != item.id:
            item = replace(item, id=id)
        result.append(item)
    return result


def _free(wanted: str, taken: dict[str, int]) -> str:
    """`wanted` where nobody has it, or with a number behind it."""
    if not wanted.isprintable() or not wanted:
        wanted = printable(wanted) or "?"
    id = wanted
    while id in taken:
        taken[wanted] += 1
        id = f"{wanted}~{taken[wanted]}"
    taken[id] = 1
    return id
