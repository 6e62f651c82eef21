"""Whatever fits the OpenAPI, and what does not, is answered as it says."""

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.conftest import serving

_SLOW = ("/v1/jobs/{id}/events",)  # streams until a job has ended
_CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schema")
    words = ("--workers", "0", "--max-queued", "100000", "--live", "0")
    with serving(folder, *words) as address:
        yield schemathesis.openapi.from_url(f"{address}openapi.json").exclude(path=_SLOW)


def test_the_api_keeps_to_its_word(schema):
    """Each operation gets requests that fit and some that do not."""
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 20
    for operation in operations:
        _try(operation, GenerationMode.POSITIVE)
        with suppress(Unsatisfiable):  # some have nothing that could be wrong
            _try(operation, GenerationMode.NEGATIVE)


def _try(operation, mode):
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    def tried(case):
        answer = case.call(timeout=120)
        case.validate_response(answer, checks=_CHECKS)
        if answer.status_code >= 400:
            told = answer.json()
            assert set(told) == {"error"} and told["error"]["message"]
        assert b"Traceback" not in answer.content and b"/site-packages/" not in answer.content

    tried()
