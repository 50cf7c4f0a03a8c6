"""How answers are written down."""

import json

from starlette.responses import Response

from seeread.serving.tell import JSON


def sent(content: JSON, status: int = 200) -> Response:
    """JSON in ASCII: what is no text, as names of files may be, is escaped in it. ValueError if it is none."""
    return Response(json.dumps(content, allow_nan=False, separators=(",", ":")), status, media_type="application/json")
