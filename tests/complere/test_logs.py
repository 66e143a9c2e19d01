"""Every line of the log: one object, with request id and tenant, without secrets."""

import io
import json
import logging

import pytest
import structlog

from complere import logs


@pytest.fixture
def written():
    """`written("json")` gives a logger and what it wrote."""

    def with_format(log_format):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logs.formatter(log_format))
        logger = logging.getLogger("complere.test_logs")
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
        return logger, stream

    yield with_format
    structlog.contextvars.clear_contextvars()
    logging.getLogger("complere.test_logs").handlers = []


def test_a_line_of_a_library_carries_request_and_tenant(written):
    logger, stream = written("json")
    structlog.contextvars.bind_contextvars(request_id="abc", tenant="t_1")
    logger.warning("%s is %d", "answer", 42, extra={"route": "home"})
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "message": "answer is 42", "level": "warning", "logger": "complere.test_logs",
        "request_id": "abc", "tenant": "t_1", "route": "home",
    }  # fmt: skip


def test_a_line_of_ours_looks_the_same(written):
    _, stream = written("json")
    logs.configure("json")
    structlog.contextvars.bind_contextvars(request_id="abc", tenant="t_1")
    structlog.get_logger("complere.test_logs").info("swept", schemas=3)
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "message": "swept", "level": "info", "logger": "complere.test_logs",
        "request_id": "abc", "tenant": "t_1", "schemas": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    "key", ["password", "new_passwd", "api_key", "Authorization", "access_token", "COOKIE", "SECRET_KEY"]
)
def test_what_names_a_secret_is_removed(written, key):
    logger, stream = written("json")
    logger.info("signed in", extra={key: "open sesame"})
    line = json.loads(stream.getvalue())
    assert (line[key], "sesame" in stream.getvalue()) == ("[removed]", False)


@pytest.mark.req("ASVS-16.4.1")
def test_a_message_with_line_breaks_stays_one_line(written):
    logger, stream = written("json")
    logger.info('first\nsecond\r\n{"level": "forged"}')
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue())["level"] == "info"


def test_an_exception_is_one_field_of_one_line(written):
    logger, stream = written("json")
    try:
        raise LookupError("nothing there")
    except LookupError:
        logger.exception("failed")
    line = json.loads(stream.getvalue())
    assert line["exception"].splitlines()[-1] == "LookupError: nothing there"


def test_a_person_reads_plain_words(written):
    logger, stream = written("text")
    structlog.contextvars.bind_contextvars(tenant="t_1")
    logger.info("swept")
    assert "swept" in stream.getvalue()
    assert "tenant=t_1" in stream.getvalue()
    assert "{" not in stream.getvalue()


def test_an_answer_is_logged_by_route_without_the_path(written, rf):
    from django.http import HttpResponse
    from django.urls import ResolverMatch

    _, stream = written("json")
    logs.configure("json")

    def respond(request):
        request.resolver_match = ResolverMatch(respond, (), {}, route="documents/<token>/")
        return HttpResponse(status=404)

    middleware = logs.RequestLog(respond)
    middleware.log = structlog.get_logger("complere.test_logs")
    middleware(rf.get("/documents/personal-secret/"))
    line = json.loads(stream.getvalue())
    assert (line["route"], line["status"], line["method"], line["level"]) == ("documents/<token>/", 404, "GET", "info")
    assert line["milliseconds"] >= 0
    assert "personal-secret" not in stream.getvalue()


@pytest.mark.req("ASVS-14.2.1")
def test_a_form_sent_back_behind_a_personal_link_leaves_no_link_in_the_log(written, rf):
    from django.http import HttpResponse
    from django.urls import ResolverMatch
    from django.utils.log import log_response

    logger, stream = written("json")
    request = rf.post("/password-reset/personal-secret/")
    for match in (ResolverMatch(print, (), {}, route="password-reset/<str:token>/"), None):
        request.resolver_match = match
        answer = HttpResponse(status=422)
        log_response("%s: %s", "Unprocessable Entity", request.path, response=answer, request=request, logger=logger)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["message"] for line in lines] == [
        "Unprocessable Entity: password-reset/<str:token>/",
        "Unprocessable Entity: [removed]",
    ]
    assert "personal-secret" not in stream.getvalue()
