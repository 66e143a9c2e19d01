"""How peers are started and stopped: a broken one is named, and none is left behind."""

import sys

import pytest

from complere.embedded.ports import free_port
from tests.peers import running

SERVE = """
import http.server, sys
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""


def test_a_peer_is_up_inside_the_block_and_gone_after_it(tmp_path):
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    with running.start([sys.executable, "-c", SERVE, str(port)], cwd=tmp_path, env={}, ready_url=url) as process:
        assert process.poll() is None
    assert process.poll() is not None


def test_a_peer_that_ends_at_once_fails_with_what_it_said(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no configuration')"]
    with (
        pytest.raises(AssertionError, match="no configuration"),
        running.start(command, cwd=tmp_path, env={}, ready_url=f"http://127.0.0.1:{free_port()}/"),
    ):
        pass
