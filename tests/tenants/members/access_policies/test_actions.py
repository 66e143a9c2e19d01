import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from audit import context
from audit.transitions import MoveRefused
from tenants import schemas
from tenants.members.access_policies import actions, queries
from tenants.members.access_policies.catalogue import STAFF, TENANT, SecondFactor
from tenants.members.access_policies.models import AccessPolicy
from tenants.members.factors import actions as factors
from tests import cast

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WHY = {"reason": "Decided by the security officer"}
HERE = "203.0.113.9"
TIGHT = replace(
    TENANT,
    idle=timedelta(minutes=45),
    admin_idle=timedelta(minutes=10),
    absolute=timedelta(hours=6),
    sessions_at_once=2,
    networks=("203.0.113.0/24", "2001:db8::/32"),
    password_length=20,
)


def change(wanted, key="ann", address=HERE):
    return actions.change(wanted, address=address, actor=cast.person(key).actor, now=NOW, **WHY)


@pytest.mark.django_db
def test_rules_hold_from_their_change_on_in_this_tenant_only(acme, globex):
    with schemas.inside(acme):
        assert queries.rules() == TENANT
        change(TIGHT)
        assert queries.rules() == TIGHT
    with schemas.inside(globex):
        assert queries.rules() == TENANT
    with schemas.on_platform():
        assert queries.rules() == STAFF


@pytest.mark.django_db
def test_who_changed_what_and_why_is_in_the_history(in_acme):
    change(TIGHT)
    change(replace(TIGHT, sessions_at_once=3))
    newest, first = AccessPolicy.objects.get().history.all()
    assert [(row.sessions_at_once, row.actor_role, row.history_change_reason) for row in (first, newest)] == [
        (2, "Tenant admin", WHY["reason"]),
        (3, "Tenant admin", WHY["reason"]),
    ]
    assert AccessPolicy.objects.get().changed_by == "Ann Admin (Tenant admin)"


@pytest.mark.django_db
def test_a_change_that_changes_nothing_is_refused(in_acme):
    change(TIGHT)
    with pytest.raises(actions.PolicyRefused, match="Nothing is changed"):
        change(TIGHT)


@pytest.mark.django_db
def test_a_change_without_a_reason_is_refused(in_acme):
    with pytest.raises(context.ReasonRefused):
        actions.change(TIGHT, address=HERE, actor=cast.person("ann").actor, now=NOW, reason="test")
    assert queries.rules() == TENANT


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"idle": timedelta(minutes=4), "admin_idle": timedelta(minutes=4)}, "idle"),
        ({"idle": timedelta(hours=25)}, "idle"),
        ({"admin_idle": timedelta(minutes=1)}, "admin_idle"),
        ({"admin_idle": timedelta(hours=9)}, "admin_idle"),
        ({"absolute": timedelta(minutes=14)}, "absolute"),
        ({"absolute": timedelta(hours=25)}, "absolute"),
        ({"absolute": timedelta(hours=7)}, "idle"),
        ({"sessions_at_once": 0}, "sessions_at_once"),
        ({"sessions_at_once": 51}, "sessions_at_once"),
        ({"password_length": 11}, "password_length"),
        ({"password_length": 65}, "password_length"),
        ({"networks": ("203.0.113.9/24",)}, "networks"),
        ({"networks": ("everywhere",)}, "networks"),
        ({"networks": ("198.51.100.0/24",)}, "networks"),
        ({"networks": tuple(f"10.0.{n}.0/24" for n in range(101))}, "networks"),
        ({"second_factor": SecondFactor.BY_ROLE}, "second_factor_roles"),
        ({"second_factor": SecondFactor.BY_ROLE, "second_factor_roles": ("no such role",)}, "second_factor_roles"),
        ({"second_factor": SecondFactor.BY_ROLE, "second_factor_roles": ("platform_admin",)}, "second_factor_roles"),
        ({"sso_required": True}, "sso_required"),
    ],
)
def test_rules_out_of_bounds_are_refused_beside_what_is_wrong(in_acme, said, field):
    with pytest.raises(actions.PolicyRefused) as refused:
        change(replace(TENANT, **said))
    assert refused.value.field == field
    assert AccessPolicy.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"second_factor": SecondFactor.OPTIONAL}, "second_factor"),
        ({"second_factor": SecondFactor.BY_ROLE, "second_factor_roles": ("legal",)}, "second_factor"),
        ({"idle": timedelta(minutes=16)}, "idle"),
        ({"absolute": timedelta(hours=9)}, "absolute"),
        ({"sessions_at_once": 4}, "sessions_at_once"),
        ({"password_length": 14}, "password_length"),
    ],
)
@pytest.mark.req("ASVS-8.4.2")
def test_staff_cannot_loosen_what_is_set_for_them(platform, said, field):
    with schemas.on_platform(), pytest.raises(actions.PolicyRefused) as refused:
        change(replace(STAFF, **said), key="pat")
    assert refused.value.field == field


@pytest.mark.django_db
@pytest.mark.req("ASVS-8.4.2")
def test_a_loose_row_loosens_nothing_for_staff(platform):
    """However it got there."""
    with schemas.on_platform():
        change(replace(STAFF, idle=timedelta(minutes=10), admin_idle=timedelta(minutes=5)), key="pat")
        assert queries.rules().idle == timedelta(minutes=10)
        with context.regulated_write(actor=cast.DIRECTOR, **WHY):
            row = AccessPolicy.objects.get()
            row.second_factor, row.idle_minutes, row.absolute_minutes = SecondFactor.OPTIONAL, 900, 900
            row.sessions_at_once, row.password_length = 50, 12
            row.save()
        cache.clear()
        assert queries.rules() == replace(STAFF, admin_idle=timedelta(minutes=5))


# --- An identity provider as the only way in ---------------------------------------------------


@pytest.fixture
def works(monkeypatch):
    """An identity provider that works: the part of the product that says so stands above this one."""
    monkeypatch.setattr(queries, "_enforceable", [lambda: True])


@pytest.mark.django_db
def test_the_provider_is_the_only_way_once_it_works_and_somebody_can_come_past_it(in_acme, works):
    ann, ben, cay = (str(cast.person(key).pk) for key in ("ann", "ben", "cay"))
    for nobody in ((), (cay,), (ben,), (ann, cay), ("00000000-0000-4000-8000-000000000000",)):
        with pytest.raises(actions.PolicyRefused) as refused:
            change(replace(TENANT, sso_required=True, recovery_accounts=nobody))
        assert refused.value.field == "recovery_accounts"
    change(replace(TENANT, sso_required=True, recovery_accounts=(ann,)))
    assert (queries.rules().sso_required, queries.rules().recovery_accounts) == (True, (ann,))
    assert queries.second_is_required(cast.person("ann"))
    assert not queries.second_is_required(cast.person("cay"))


@pytest.mark.django_db
def test_only_who_manages_access_and_has_a_second_factor_can_come_past_the_provider(in_acme):
    ann = cast.person("ann")
    assert [user.pk for user in queries.who_can_recover()] == [ann.pk]
    factors.take_all_away(ann, actor=cast.DIRECTOR, now=NOW, **WHY)
    assert queries.who_can_recover() == []


@pytest.mark.django_db
def test_a_provider_that_broke_later_does_not_hold_the_other_rules_back(in_acme, works, monkeypatch):
    wanted = replace(TENANT, sso_required=True, recovery_accounts=(str(cast.person("ann").pk),))
    change(wanted)
    monkeypatch.setattr(queries, "_enforceable", [])
    change(replace(wanted, sessions_at_once=2))
    assert queries.rules().sessions_at_once == 2


# --- Everybody reads the same rules ------------------------------------------------------------

ANOTHER_PROCESS = """
import sys, django
django.setup()
from django.core.cache import caches
from tenants import schemas
from tenants.members.access_policies import queries
from tests import cast, database
caches.settings["default"] |= {"LOCATION": sys.argv[2], "KEY_PREFIX": sys.argv[3]}
caches["default"] = caches.create_connection("default")
with database.pointed_at(sys.argv[1]), schemas.inside(cast.tenant("acme")):
    for line in sys.stdin:
        print(queries.rules().sessions_at_once, flush=True)
"""


def test_a_change_holds_in_every_process_within_a_second(committed_db, settings):
    acme = cast.tenant("acme")
    here = settings.CACHES["default"]
    said = [sys.executable, "-c", ANOTHER_PROCESS, committed_db, here["LOCATION"], here["KEY_PREFIX"]]
    other = subprocess.Popen(said, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def asked() -> int:
        other.stdin.write("\n")
        other.stdin.flush()
        return int(other.stdout.readline())

    try:
        assert asked() == TENANT.sessions_at_once
        for count in (2, 3):
            with schemas.inside(acme):
                change(replace(TENANT, sessions_at_once=count))
                changed = time.monotonic()
            assert asked() == count
            assert time.monotonic() - changed < 1
    finally:
        other.communicate()
        with schemas.inside(acme):
            cache.delete(queries.KEY)


@pytest.mark.django_db
def test_what_was_read_before_a_change_does_not_take_its_place(in_acme):
    """A request that read the old row, and is late in keeping it."""
    change(TIGHT)
    assert queries.rules() == TIGHT
    assert cache.add(queries.KEY, {}, timeout=60) is False


@pytest.mark.django_db
def test_two_first_changes_at_the_same_moment_do_not_overwrite_each_other(in_acme, monkeypatch):
    change(TIGHT)
    # What the second one saw before the first was done: no row.
    monkeypatch.setattr(AccessPolicy.objects, "select_for_update", AccessPolicy.objects.none, raising=False)
    with pytest.raises(MoveRefused, match="Somebody else has just set"):
        change(TENANT)
    monkeypatch.undo()
    assert queries.rules() == TIGHT
