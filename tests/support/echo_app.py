"""A WSGI application that answers with what it was asked, for tests of the server itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer what came in; `?bytes=N` adds so many, `?refuse` answers 413 without reading."""
    query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
    if "refuse" in query:
        start_response("413 Too Large", [("Content-Length", "0")])
        return [b""]
    found = {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "mounted": environ["SCRIPT_NAME"],
        "scheme": environ["wsgi.url_scheme"],
        "body": environ["wsgi.input"].read().decode(),
        "more": "x" * int(query.get("bytes", ["0"])[0]),
    }
    body = json.dumps(found).encode()
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
