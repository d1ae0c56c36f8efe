"""Requests made from the description of the API: each is answered as described, and none with a 5xx."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
schemathesis = pytest.importorskip("schemathesis")
import requests
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from web_server import PATIENCE, RunningServer

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def fuzz(server: RunningServer, piano: dict, count: int) -> None:
    """Send so many requests; half of those about a track are about one that exists.

    Each operation gets the same number, but one without parameters, of which there is one request only.
    """
    schema = schemathesis.openapi.from_dict(server.client.get("/openapi.json").json())
    schema.config.update(base_url=str(server.client.base_url))
    operations = [result.ok() for result in schema.get_all_operations()]
    varied = [operation for operation in operations if operation.definition.raw.keys() & {"parameters", "requestBody"}]
    options = settings(
        max_examples=-(-count // len(varied)),
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    sent = 0
    with requests.Session() as session:

        def send(case) -> None:
            nonlocal sent
            if "id" in case.path_parameters and case.method != "DELETE" and sent % 2:
                case.path_parameters["id"] = piano["id"]
            answer = case.call(session=session, timeout=PATIENCE)
            sent += 1
            case.validate_response(answer, checks=CHECKS)
            assert answer.status_code < 400 or "Traceback" not in answer.text

        for operation in operations:
            options(given(case=operation.as_strategy())(send))()
    assert sent >= count
    assert server.client.get("/v1/health").json()["queue"] == 0


def test_hundreds_of_requests(server: RunningServer, piano: dict) -> None:
    fuzz(server, piano, 300)


@pytest.mark.slow
def test_ten_thousand_requests(server: RunningServer, piano: dict) -> None:
    fuzz(server, piano, 10_000)
