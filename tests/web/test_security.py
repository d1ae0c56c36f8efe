"""Who may ask: names of the server, origins, the token; and the headers of each answer."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("fastapi")
import httpx
from web_server import RunningServer, serve

from taggram.web import Settings
from taggram.web.security import SECURITY_HEADERS

TOKEN = "correct hörse; battery"  # noqa: S105


@pytest.fixture(scope="module")
def locked(taggram_home: Path) -> Iterator[RunningServer]:
    """A server with a token and a name."""
    with serve(Settings(workers=1, token=TOKEN, hosts=("Music.example",))) as running:
        yield running


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:1234", 200),
        ("127.0.0.1:8420", 200),
        ("192.168.1.7", 200),
        ("[::1]:8420", 200),
        ("music.example", 403),
        ("localhost.evil.example", 403),
        ("evil.example:8420", 403),
        ("localhost:99999", 403),
        ("localhost@evil.example", 403),
        ("", 403),
        ("[::1", 403),
    ],
)
def test_host(client: httpx.Client, host: str, status: int) -> None:
    """A name that is pointed at this machine is not one of the server's."""
    answer = client.get("/v1/health", headers={"Host": host})
    assert answer.status_code == status
    assert status == 200 or answer.json() == {"error": "this server has no such name: start it with --allow-host NAME"}


def test_allowed_host(locked: RunningServer) -> None:
    assert locked.client.get("/v1/health", headers={"Host": "music.EXAMPLE:80"}).status_code == 200
    assert locked.client.get("/v1/health", headers={"Host": "other.example"}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://{host}"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://{host}.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403),
    ],
)
def test_origin(server: RunningServer, headers: dict[str, str], status: int) -> None:
    """Pages of other sites may link to the page, and do nothing else."""
    sent = {name: value.format(host="{}:{}".format(*server.address)) for name, value in headers.items()}
    assert server.client.get("/v1/models", headers=sent).status_code == status


def test_other_sites_cannot_post(client: httpx.Client) -> None:
    form = {"files": {"file": ("a.wav", b"RIFF")}, "headers": {"Origin": "http://evil.example"}}
    before = client.get("/v1/health").json()["tracks"]
    for path in ("/v1/tracks", "/v1/tag", "/v1/examples/synth-groove"):
        answer = client.post(path, **form)
        assert (answer.status_code, "other sites" in answer.json()["error"]) == (403, True)
    navigation = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.post("/v1/tracks", headers={**navigation, "Sec-Fetch-Dest": "document"}).status_code == 403
    assert client.get("/v1/health").json()["tracks"] == before


@pytest.mark.parametrize("path", ["/", "/v1/health", "/v1/nothing", "/docs", "/openapi.json"])
def test_headers(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers


def test_policy_of_content_is_strict() -> None:
    policy = dict(part.split(" ", 1) for part in SECURITY_HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in SECURITY_HEADERS["Content-Security-Policy"]
    assert "http" not in SECURITY_HEADERS["Content-Security-Policy"]


def test_description_is_a_page_without_scripts_or_other_servers(client: httpx.Client) -> None:
    page = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in SECURITY_HEADERS["Content-Security-Policy"]
    assert "<script" not in page
    assert "http:" not in page
    assert "https:" not in page


def test_without_the_token(locked: RunningServer) -> None:
    for path in ("/", "/v1/models", "/docs", "/openapi.json", "/assets/x.js", "/?token=wrong", "/?token="):
        answer = locked.client.get(path)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "this server needs its token" in answer.json()["error"]
    for header in ("Bearer wrong", f"Basic {TOKEN}", "Bearer", TOKEN):
        assert locked.client.get("/v1/models", headers={"Authorization": header.encode()}).status_code == 401
    assert locked.client.post("/v1/tag", params={"token": TOKEN}).status_code == 401
    assert locked.client.get("/v1/health").status_code == 200


def test_bearer_token(locked: RunningServer) -> None:
    assert locked.client.get("/v1/models", headers={"Authorization": f"bearer {TOKEN}".encode()}).status_code == 200


def test_token_in_the_address_becomes_a_cookie(locked: RunningServer) -> None:
    with httpx.Client(base_url=locked.client.base_url) as browser:
        answer = browser.get("/", params={"token": TOKEN, "track": "a b"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/?track=a+b")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
        assert "horse" not in cookie
        assert browser.get("/v1/models").status_code == 200
    with httpx.Client(base_url=locked.client.base_url, cookies={"taggram_token": "wrong"}) as other:
        assert other.get("/v1/models").status_code == 401
    with locked.connect() as connection:
        connection.sendall(f"GET //evil.example?token={quote(TOKEN)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert "location: /evil.example\r\n" in connection.recv(1 << 16).decode()
