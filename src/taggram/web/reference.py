"""The description of the API as a page without scripts; the usual one loads them from another server."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse

__all__ = ["STYLE_HASH", "reference_page"]

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
h2 { font: 600 1rem ui-monospace, monospace; margin: 2.5rem 0 0; border-top: 1px solid #8884; padding-top: 1rem }
p { margin: .5rem 0; white-space: pre-line }
dt { font-family: ui-monospace, monospace }
dd { margin: 0 0 .3rem 1.5rem }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def reference_page(app: FastAPI) -> Callable[[], Awaitable[HTMLResponse]]:
    """Return an endpoint with the description of an application."""

    async def reference() -> HTMLResponse:
        return HTMLResponse(_render(app.openapi()))

    return reference


def _render(api: dict[str, Any]) -> str:
    title = f"{escape(api['info']['title'])} {escape(api['info']['version'])}: the API"
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>"
        "<p>Errors are JSON: {&quot;error&quot;: one line}. For programs: <a href=/openapi.json>openapi.json</a>.</p>"
    ]
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2>{method.upper()} {escape(path)}</h2><p>{escape(operation.get('description', ''))}</p>")
            parts += _parameters(operation.get("parameters", []))
    return "\n".join(parts)


def _parameters(parameters: list[dict[str, Any]]) -> list[str]:
    if not parameters:
        return []
    rows = [f"<dt>{escape(each['name'])}<dd>{escape(_about(each))}" for each in parameters]
    return ["<dl>", *rows, "</dl>"]


def _about(parameter: dict[str, Any]) -> str:
    schema = parameter.get("schema", {})
    choices = schema.get("enum")
    default = f"{schema['default']} by default." if schema.get("default") is not None else ""
    return " ".join(filter(None, [parameter.get("description"), choices and ", ".join(map(str, choices)), default]))
