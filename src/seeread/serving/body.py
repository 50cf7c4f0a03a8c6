"""What the bodies of requests have in common: nothing that is not expected is let by."""

from pydantic import ConfigDict

STRICT = ConfigDict(extra="forbid", str_max_length=20_000)
"""Of dataclasses that are bodies: unknown fields and endless texts are refused."""
