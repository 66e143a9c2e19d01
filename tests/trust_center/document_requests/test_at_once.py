"""Several people at the same moment: real commits, real locks."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.trust_center.document_requests.mailbox import NOW, filing, granted, mails, newest, received, shelf, token_in
from trust_center.document_requests import actions
from trust_center.document_requests.models import DocumentRequest, Download, Grant
from trust_center.document_requests.states import State
from trust_center.documents.states import Kind


def at_once(work: list[Callable[[], object]]) -> Counter[str]:
    """How each of them ended, by the name of what was raised or given."""

    def run(one: Callable[[], object]) -> str:
        try:
            return type(one()).__name__
        except Exception as refused:  # noqa: BLE001
            return type(refused).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return Counter(pool.map(run, work))


def test_a_link_is_never_used_more_often_than_allowed(committed_db):
    shelf()
    granted(received(), Kind.DPA)
    token = token_in(newest("document-granted"))
    ended = at_once([lambda: actions.download(token, address="", now=NOW)] * 14)
    assert ended == Counter({"tuple": 10, "LinkOver": 4})
    assert (Grant.objects.get().downloads, Download.objects.count()) == (10, 10)


def test_two_requests_of_one_person_confirmed_at_once_become_one(committed_db):
    for number in (1, 2):
        actions.submit(filing(message=str(number)), nonce=f"n{number}", now=NOW)
    tokens = [token_in(mail) for mail in mails("document-confirm")]
    ended = at_once([lambda token=token: actions.confirm(token, now=NOW) for token in tokens * 2])
    assert ended == Counter({"NoneType": 4})
    assert Counter(DocumentRequest.objects.values_list("state", flat=True)) == {State.RECEIVED: 1, State.MERGED: 1}
    assert len(mails("document-received")) == 1


def test_one_form_sent_many_times_at_once_asks_once(committed_db):
    ended = at_once([lambda: actions.submit(filing(), nonce="n1", now=NOW)] * 5)
    assert ended == Counter({"NoneType": 5})
    assert (DocumentRequest.objects.count(), len(mails("document-confirm"))) == (1, 1)


@pytest.mark.req("ASVS-2.3.4")
def test_of_two_answers_at_once_one_counts(committed_db):
    shelf()
    record = received()
    ended = at_once([lambda: granted(record, Kind.DPA)] * 3)
    assert ended == Counter({"DocumentRequest": 1, "MoveRefused": 2})
    assert (Grant.objects.count(), len(mails("document-granted"))) == (1, 1)
