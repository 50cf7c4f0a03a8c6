"""JSON out of untrusted files: an object, bounded in size, in which no key comes twice."""

import json
from collections import Counter
from typing import Any

from seeread.checkpoints.refusal import Refusal, shown

MOST_BYTES = 16 * 2**20


def parse_object(data: bytes) -> dict[str, Any]:
    """The object that `data` (UTF-8) spells. Raises `Refusal` for anything else, and for duplicate keys."""
    if len(data) > MOST_BYTES:
        raise Refusal(f"its JSON part is {len(data):,} bytes long, and {MOST_BYTES:,} is the most that is read")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, integers of 5,000 digits, 10,000 brackets
        raise Refusal("its JSON part is damaged") from None
    if not isinstance(value, dict):
        raise Refusal("its JSON part is not an object")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # json.loads keeps the last of two values and other readers the first: whoever checks one may load the other.
    merged = dict(pairs)
    if len(merged) < len(pairs):
        [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise Refusal(f"its JSON part has the key {shown(twice)} twice")
    return merged
