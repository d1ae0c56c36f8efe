"""The page: files that are built from the sources in ``web/``."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

__all__ = ["add_page"]

PAGE = Path(__file__).with_name("page")
MISSING = "The page is not built. In a checkout: cd web && npm ci && npm run build. The API is described at /docs.\n"


class _Assets(StaticFiles):
    """Files whose names change with their content."""

    def file_response(self, *arguments: object, **options: object) -> Response:
        response = super().file_response(*arguments, **options)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def add_page(app: FastAPI) -> None:
    """Serve the page at ``/``."""

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        index = PAGE / "index.html"
        if not index.is_file():
            return PlainTextResponse(MISSING)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})

    app.mount("/assets", _Assets(directory=PAGE / "assets", check_dir=False))
