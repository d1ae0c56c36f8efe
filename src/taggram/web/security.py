"""Who may ask what: names of the server, origins of pages, a token; and what browsers may do with the answers.

A page of another site cannot use a server on the user's machine: its requests carry its origin, and a name that is
pointed at this machine (DNS rebinding) is not among the server's names.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taggram.web.reference import STYLE_HASH
from taggram.web.settings import Settings

__all__ = ["SECURITY_HEADERS", "SecurityMiddleware"]

COOKIE = "taggram_token"
OPEN_PATHS = frozenset({"/v1/health"})  # without a token
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{STYLE_HASH}'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


class SecurityMiddleware:
    """Refuses requests of other sites and without the token; adds headers to all answers.

    Parameters
    ----------
    app
        The application.
    settings
        Names of the server, and the token.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = frozenset({"localhost", *(host.lower() for host in settings.hosts)})
        self._token = settings.token
        # The cookie holds a hash, so that nobody reads the token itself in a browser.
        self._cookie = hashlib.sha256(f"taggram {settings.token}".encode()).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        if error := self._foreign(headers):
            await _answer(send_with_headers, 403, {"error": error})
        elif self._token is None or scope["path"] in OPEN_PATHS or self._has_token(headers):
            await self._app(scope, receive, send_with_headers)
        elif scope["method"] == "GET" and (target := self._without_token(scope)) is not None:
            secure = "; Secure" if scope["scheme"] == "https" else ""
            cookie = f"{COOKIE}={self._cookie}; Path=/; HttpOnly; SameSite=Strict{secure}"
            await _answer(send_with_headers, 303, None, {"Location": target, "Set-Cookie": cookie})
        else:
            error = "this server needs its token: open the address with ?token=..., or send Authorization: Bearer ..."
            await _answer(send_with_headers, 401, {"error": error}, {"WWW-Authenticate": "Bearer"})

    def _foreign(self, headers: Headers) -> str | None:
        """Return why a request is not one of this server's own page or of a program; None if it is."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return "this server has no such name: start it with --allow-host NAME"
        origin = headers.get("origin")
        if origin is not None and _host_of(origin) != host.lower():
            return "pages of other sites may not use this server"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            navigates = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
            if origin is not None or not navigates:
                return "pages of other sites may not use this server"
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name = parts.hostname or ""
            if parts.port is not None and not 0 < parts.port < 1 << 16:
                return False
        except ValueError:
            return False
        if name.rstrip(".") in self._hosts:
            return True
        try:  # no name points elsewhere: it is the address that the browser has connected to
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(token.strip().encode("latin-1")):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self._cookie.encode())

    def _is_token(self, token: bytes) -> bool:
        return self._token is not None and hmac.compare_digest(token, self._token.encode())

    def _without_token(self, scope: Scope) -> str | None:
        """Return the address without the token in its query; None if there is no right one."""
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if not self._is_token("".join(query.pop("token", [])).encode()):
            return None
        path = "/" + scope["path"].lstrip("/")  # not //host, which is another site
        return f"{quote(path)}?{urlencode(query, doseq=True)}".rstrip("?")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # as of http://[
        return None


async def _answer(send: Send, status: int, body: object, headers: dict[str, str] | None = None) -> None:
    content = b"" if body is None else json.dumps(body).encode()
    raw = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Cache-Control": "no-store"}
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in (raw | (headers or {})).items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})
