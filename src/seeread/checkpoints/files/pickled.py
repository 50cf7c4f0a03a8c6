"""The pickle inside a PyTorch checkpoint, read by a small machine that can build containers and descriptions.

Python's own unpickler, even with a restricted `find_class`, sets attributes, hashes whatever it is told to, grows its
memo to an index of the file's choice (20 bytes for 64 GB) and calls what it found. This one knows the opcodes that
weights need, and the names of `pickled_names`. No recursion; time and memory are bounded by the length of the pickle.
What the opcodes mean: `pickletools` in the standard library.
"""

import pickle  # the numbers of its opcodes, nothing else
import struct
from collections.abc import Callable
from typing import Any

from seeread.checkpoints.files.pickled_names import Builder, Module, check, named, storage
from seeread.checkpoints.refusal import CONVERT, Refusal, shown

_MOST_BYTES = 16 * 2**20
_MOST_STEPS = 2_000_000  # the 50,000 tensors that seeread reads at most take 30 steps each
_MARK = object()


def read_pickle(data: bytes) -> Any:
    """The object in `data`: dicts, lists, tuples, numbers, strings, `TensorPlace` and `Module`; may hold itself.

    Raises `Refusal` for a name or an opcode that is not on the list, and for whatever does not fit together.
    """
    if len(data) > _MOST_BYTES:
        raise Refusal(f"its pickle is {len(data):,} bytes long, and {_MOST_BYTES:,} is the most that is read")
    try:
        return _Machine(data).run()
    except (IndexError, KeyError, TypeError, ValueError):  # an empty stack, no such memo, too few arguments, no UTF-8
        raise Refusal("it is damaged: its pickle makes no sense") from None


class _Machine:
    """A stack, a memo, and a place in the pickle."""

    def __init__(self, data: bytes):
        self.data = data
        self.at = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        for _ in range(_MOST_STEPS):
            opcode = self.take(1)
            if opcode in _PUSHING:
                self.stack.append(_PUSHING[opcode](self))
            elif opcode in _CHANGING:
                _CHANGING[opcode](self)
            elif opcode == pickle.STOP:
                check(self.at == len(self.data) and len(self.stack) == 1, "leftovers")
                return self.pop()
            else:
                raise Refusal(f"its pickle uses opcode {shown(opcode)}, which no weights need", CONVERT)
        raise Refusal(f"its pickle takes more than {_MOST_STEPS:,} steps", CONVERT)

    # Reading on in the pickle.

    def take(self, size: int) -> bytes:
        piece = self.data[self.at : self.at + size]
        check(len(piece) == size, "an early end")
        self.at += size
        return piece

    def integer(self, size: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "little", signed=signed)

    def long(self) -> int:
        size = self.integer(1)
        check(size <= 8, "an integer of more than 64 bits")
        return self.integer(size, signed=True)

    def real(self) -> float:
        (number,) = struct.unpack(">d", self.take(8))
        return float(number)

    def text(self, length_size: int) -> str:
        return self.take(self.integer(length_size)).decode("utf-8")

    def line(self) -> str:
        end = self.data.index(b"\n", self.at)
        return self.take(end + 1 - self.at)[:-1].decode("utf-8")

    # The stack.

    def pop(self) -> Any:
        value = self.stack.pop()
        check(value is not _MARK, "a mark where a value belongs")
        return value

    def pops(self, count: int) -> tuple[Any, ...]:
        return tuple([self.pop() for _ in range(count)][::-1])

    def pops_to_mark(self) -> list[Any]:
        items = []
        while (value := self.stack.pop()) is not _MARK:
            items.append(value)
        return items[::-1]

    def remember(self, index: int) -> None:
        check(self.stack[-1] is not _MARK, "a mark where a value belongs")
        self.memo[index] = self.stack[-1]

    # What containers, functions and modules are told.

    def extend(self, items: list[Any]) -> None:
        check(type(self.stack[-1]) is list, "items for what is no list")
        self.stack[-1].extend(items)

    def set(self, items: list[Any]) -> None:
        target = self.stack[-1]
        check(type(target) is dict and len(items) % 2 == 0, "entries for what is no dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            check(isinstance(key, str | int | float), "an odd key")  # hashing a million nested tuples ends the process
            target[key] = value

    def call(self, new: bool) -> Any:
        builder, arguments = self.pops(2)
        check(isinstance(builder, Builder) and builder.new == new and type(arguments) is tuple, "a call of no function")
        check(not (new and arguments), "a module made from arguments")
        return builder.build(*arguments)

    def build(self) -> None:
        """State for the object on top of the stack: attributes of a module, or notes on an OrderedDict (not needed)."""
        state, target = self.pop(), self.stack[-1]
        check(type(state) is dict and all(isinstance(key, str) for key in state), "state that is no dict of names")
        check(isinstance(target, Module) or type(target) is dict, "state for what has none")
        if isinstance(target, Module):
            check(not target.attributes, "a module filled twice")
            target.attributes = state


_PUSHING: dict[bytes, Callable[[_Machine], Any]] = {
    pickle.MARK: lambda machine: _MARK,
    pickle.EMPTY_DICT: lambda machine: {},
    pickle.EMPTY_LIST: lambda machine: [],
    pickle.EMPTY_TUPLE: lambda machine: (),
    pickle.TUPLE: lambda machine: tuple(machine.pops_to_mark()),
    pickle.TUPLE1: lambda machine: machine.pops(1),
    pickle.TUPLE2: lambda machine: machine.pops(2),
    pickle.TUPLE3: lambda machine: machine.pops(3),
    pickle.NONE: lambda machine: None,
    pickle.NEWTRUE: lambda machine: True,
    pickle.NEWFALSE: lambda machine: False,
    pickle.BININT1: lambda machine: machine.integer(1),
    pickle.BININT2: lambda machine: machine.integer(2),
    pickle.BININT: lambda machine: machine.integer(4, signed=True),
    pickle.LONG1: lambda machine: machine.long(),
    pickle.BINFLOAT: lambda machine: machine.real(),
    pickle.SHORT_BINUNICODE: lambda machine: machine.text(1),
    pickle.BINUNICODE: lambda machine: machine.text(4),
    pickle.GLOBAL: lambda machine: named(machine.line(), machine.line()),
    pickle.STACK_GLOBAL: lambda machine: named(*machine.pops(2)),
    pickle.BINGET: lambda machine: machine.memo[machine.integer(1)],
    pickle.LONG_BINGET: lambda machine: machine.memo[machine.integer(4)],
    pickle.BINPERSID: lambda machine: storage(machine.pop()),
    pickle.REDUCE: lambda machine: machine.call(new=False),
    pickle.NEWOBJ: lambda machine: machine.call(new=True),
}
_CHANGING: dict[bytes, Callable[[_Machine], object]] = {
    pickle.PROTO: lambda machine: check(machine.integer(1) <= 5, "an unknown protocol"),
    pickle.FRAME: lambda machine: machine.take(8),  # FRAME: a hint how much to read at once
    pickle.BINPUT: lambda machine: machine.remember(machine.integer(1)),
    pickle.LONG_BINPUT: lambda machine: machine.remember(machine.integer(4)),
    pickle.MEMOIZE: lambda machine: machine.remember(len(machine.memo)),
    pickle.APPEND: lambda machine: machine.extend([machine.pop()]),
    pickle.APPENDS: lambda machine: machine.extend(machine.pops_to_mark()),
    pickle.SETITEM: lambda machine: machine.set([*machine.pops(2)]),
    pickle.SETITEMS: lambda machine: machine.set(machine.pops_to_mark()),
    pickle.BUILD: lambda machine: machine.build(),
}
