"""What every page that opens offline is: one HTML file that asks for nothing, which its own policy forbids."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape


def document(
    title: str, style: str, body: str, scripts: Sequence[str], *, modules: bool = False, pictures: str = "data:"
) -> str:
    """The HTML of a page with `body`, which is HTML already, and `scripts` behind it.

    Scripts run only if they are these, which are known by their SHA-256, so that a label that tried to be one would
    not. `pictures` are the kinds of addresses that pictures may have.
    """
    allowed = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src {pictures}; base-uri 'none'; "
        "form-action 'none'"
    )
    begin = '<script type="module">' if modules else "<script>"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
{body}
{"".join(f"{begin}{script}</script>" for script in scripts)}
</body>
</html>
"""
