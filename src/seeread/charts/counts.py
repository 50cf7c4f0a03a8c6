"""Large counts in a few letters: of parameters, and of operations."""

_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def millions(count: int | None) -> str:
    """Of parameters: 151 M, 10.4 M, 2.54 B, 8,401; nothing for what is not known."""
    if count is None:
        return ""
    if count < 10_000:
        return f"{count:,}"
    value, unit = (count / 1e9, "B") if count >= 1e9 else (count / 1e6, "M")
    return f"{value:.{_digits(value)}f} {unit}"


def rounded(count: int) -> str:
    """Of operations: 8.07 T, 390 G, 12.0 M."""
    for size, unit in _UNITS:
        if count >= size:
            value = count / size
            return f"{value:.{_digits(value)}f} {unit}"
    return str(count)


def _digits(value: float) -> int:
    return 0 if value >= 100 else 1 if value >= 10 else 2
