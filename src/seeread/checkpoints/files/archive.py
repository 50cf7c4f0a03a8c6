"""The zip archive around a checkpoint: which bytes belong to which name, and whether they are intact.

A strict reader of a small part of the format: entries lie one after another between the start of the file and its
directory, and every one that is used has its CRC checked, which PyTorch itself does not do. They are stored and not
compressed (a bomb needs compression), except where a caller unpacks one and says how large it may become. Layout:
PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16.
"""

import mmap
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from seeread.checkpoints.refusal import CONVERT, FETCH_AGAIN, Refusal, shown

MAGIC = b"PK\x03\x04"

_MOST_ENTRIES = 4 * 50_000
_LOCAL = struct.Struct("<4sHHHHHIIIHH")  # signature, version, flags, method, time, date, crc, sizes, name, extra
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END_64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR_64 = struct.Struct("<4sIQI")
_ENCRYPTED = 1  # a flag
_STORED, _DEFLATED = 0, 8  # methods
_CUT = "it is cut or damaged: the directory at its end is missing or does not fit"


@dataclass(frozen=True)
class Entry:
    """One line of the directory."""

    name: str
    header: int  # where the entry's own header begins
    size: int
    packed_size: int
    crc: int
    method: int
    flags: int


class Archive:
    """The entries of a mapped zip file. Raises `Refusal` where it is cut, damaged, or more than a plain archive."""

    def __init__(self, data: mmap.mmap):
        self.data = data
        start, size, count = _directory_place(data)
        entries = _directory(data[start : start + size], count)
        self.entries = {entry.name: entry for entry in entries}
        if len(self.entries) < len(entries):
            raise Refusal("it holds two entries of the same name")
        entries.sort(key=lambda entry: entry.header)
        ends = [entry.header for entry in entries[1:]] + [start]
        for entry, end in zip(entries, ends, strict=True):
            if entry.header + _LOCAL.size + len(entry.name.encode()) + entry.packed_size > end:
                raise Refusal(f"it is damaged: its entry {shown(entry.name)} runs into what follows")

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def place(self, name: str) -> tuple[int, int]:
        """Start and size in bytes of an entry's data, after checking its CRC."""
        start, entry = self._find(name)
        if entry.method != _STORED:
            raise Refusal(f"its entry {shown(name)} is compressed, which no PyTorch checkpoint is", CONVERT)
        if entry.size != entry.packed_size:
            raise Refusal(f"its entry {shown(name)} has two sizes")
        with memoryview(self.data) as view, view[start : start + entry.size] as content:
            if len(content) != entry.size or zlib.crc32(content) != entry.crc:
                raise Refusal(f"it is damaged: its entry {shown(name)} fails its checksum", FETCH_AGAIN)
        return start, entry.size

    def read(self, name: str) -> bytes:
        """The data of an entry, copied: for the small ones."""
        start, size = self.place(name)
        return self.data[start : start + size]

    def is_stored(self, name: str) -> bool:
        """Whether the bytes of an entry lie in the file as they are."""
        return name in self.entries and self.entries[name].method == _STORED

    def unpack(self, name: str, most: int) -> bytearray:
        """The data of a deflated entry, which takes at most that many bytes, after checking its CRC."""
        start, entry = self._find(name)
        if entry.method != _DEFLATED:
            raise Refusal(f"its entry {shown(name)} is compressed in a way that is not read", CONVERT)
        if entry.size > most:
            raise Refusal(f"its entry {shown(name)} would unpack to {entry.size:,} bytes, and {most:,} is the most")
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = bytearray(inflate.decompress(self.data[start : start + entry.packed_size], entry.size + 1))
        except zlib.error:
            raise Refusal(f"it is damaged: its entry {shown(name)} cannot be unpacked", FETCH_AGAIN) from None
        if len(content) != entry.size or zlib.crc32(content) != entry.crc:
            raise Refusal(f"it is damaged: its entry {shown(name)} fails its checksum", FETCH_AGAIN)
        return content

    def _find(self, name: str) -> tuple[int, Entry]:
        """Where an entry's data begins; its own header agrees with the directory."""
        if name not in self.entries:
            raise Refusal(f"its entry {shown(name)} is missing")
        entry = self.entries[name]
        if entry.flags & _ENCRYPTED:
            raise Refusal(f"its entry {shown(name)} is encrypted")
        begin = entry.header + _LOCAL.size
        signature, _, _, method, _, _, _, _, _, name_length, extra_length = _unpack(_LOCAL, self.data, entry.header)
        stored_name = self.data[begin : begin + name_length]
        if signature != MAGIC or method != entry.method or stored_name != name.encode():
            raise Refusal(f"it is damaged: its entry {shown(name)} is not where the directory says")
        return begin + name_length + extra_length, entry


def _directory_place(data: mmap.mmap) -> tuple[int, int, int]:
    """Where the directory begins, its size in bytes, its number of entries. The end record must follow at once."""
    end = len(data) - _END.size
    signature, disk, first_disk, here, count, size, start, comment = _unpack(_END, data, end)
    if signature != b"PK\x05\x06" or disk or first_disk or here != count or comment:
        raise Refusal(_CUT)
    locator = end - _LOCATOR_64.size
    if data[max(0, locator) : end][:4] == b"PK\x06\x07":
        _, _, end, _ = _unpack(_LOCATOR_64, data, locator)
        signature, _, _, _, _, _, here_64, count_64, size_64, start_64 = _unpack(_END_64, data, end)
        wide, narrow = (count_64, size_64, start_64), (count, size, start)
        saturated = (0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
        if signature != b"PK\x06\x06" or here_64 != count_64 or end + _END_64.size != locator:
            raise Refusal(_CUT)
        if any(n not in (w, s) for n, w, s in zip(narrow, wide, saturated, strict=True)):
            raise Refusal("it is damaged: its two directories disagree")
        count, size, start = wide
    if start + size != end or count > _MOST_ENTRIES or count * _CENTRAL.size > size:
        raise Refusal(_CUT)
    return start, size, count


def _directory(records: bytes, count: int) -> list[Entry]:
    entries, at = [], 0
    for _ in range(count):
        fields = _unpack(_CENTRAL, records, at)
        signature, _, _, flags, method, _, _, crc, packed_size, size, *lengths, _, _, _, header = fields
        name_end = at + _CENTRAL.size + lengths[0]
        extra_end = name_end + lengths[1]
        name, extra = records[at + _CENTRAL.size : name_end], records[name_end:extra_end]
        at = extra_end + lengths[2]
        if signature != b"PK\x01\x02" or at > len(records):
            raise Refusal(_CUT)
        size, packed_size, header = _widened(extra, size, packed_size, header)
        try:
            entries.append(Entry(name.decode("utf-8"), header, size, packed_size, crc, method, flags))
        except UnicodeDecodeError:
            raise Refusal(f"it is damaged: it holds the entry {shown(name)}") from None
    if at != len(records):
        raise Refusal(_CUT)
    return entries


def _widened(extra: bytes, *fields: int) -> list[int]:
    """Fields too wide for 32 bits stand, in their order, in the extra block numbered 1 (zip64)."""
    at, wide = 0, b""
    while at + 4 <= len(extra):
        number, length = struct.unpack_from("<HH", extra, at)
        if number == 1:
            wide = extra[at + 4 : at + 4 + length]
        at += 4 + length
    values, used = [], 0
    for field in fields:
        if field == 0xFFFFFFFF:
            if used + 8 > len(wide):
                raise Refusal(_CUT)
            field = int.from_bytes(wide[used : used + 8], "little")
            used += 8
        values.append(field)
    return values


def _unpack(layout: struct.Struct, data: mmap.mmap | bytes, at: int) -> tuple[Any, ...]:
    if at < 0 or at + layout.size > len(data):
        raise Refusal(_CUT)
    return layout.unpack_from(data, at)
