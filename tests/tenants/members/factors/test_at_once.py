"""What must hold when commits are real."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from tenants import schemas
from tenants.members.factors import actions
from tenants.members.safeguards import queries as guards
from tests import cast
from tests.tenants.members.factors.test_actions import NOW, show


@pytest.mark.req("P11-300d")
def test_a_failure_is_counted_though_the_request_is_rolled_back(committed_db):
    with schemas.inside(cast.tenant("acme")):
        ann = cast.person("ann")
        with pytest.raises(actions.ComponentsRefused):
            show(ann, code="000000")
        with pytest.raises(RuntimeError), transaction.atomic():
            raise RuntimeError
        assert guards.of_person(ann).failed_at == [NOW]


@pytest.mark.req("P11-200a1")
def test_a_code_sent_twice_at_the_same_moment_signs_once(committed_db):
    acme = cast.tenant("acme")
    with schemas.inside(acme):
        code = cast.code_of(cast.person("ann"), NOW)

    def once(_: int) -> bool:
        try:
            with schemas.inside(acme):
                show(cast.person("ann"), code=code)
        except (actions.ComponentsRefused, actions.SigningLocked):
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        assert sorted(people.map(once, range(4))) == [False, False, False, True]
