import threading
from datetime import UTC, datetime

from django.db import connection

from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.roles import actions, queries
from tenants.members.roles.models import CustomRole, RoleGrant
from tests import cast

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
WHY = "Asked for by the head of quality"


def test_two_admins_who_remove_each_other_at_once_leave_one(committed_db):
    tenant = cast.tenant("acme")
    with schemas.inside(tenant):
        ann = cast.person("ann")
        ben = actions.change_roles(cast.person("ben"), roles=["tenant_admin"], actor=ann.actor, now=NOW, reason=WHY)
    ready, outcomes = threading.Barrier(2), []

    def remove(target: User, by: User) -> None:
        with schemas.inside(tenant):
            actor = by.actor
            ready.wait()
            try:
                actions.deactivate(target, actor=actor, now=NOW, reason=WHY)
                outcomes.append("done")
            except actions.RoleRefused:
                outcomes.append("refused")
        connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((ann, ben), (ben, ann))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with schemas.inside(tenant):
        assert (sorted(outcomes), len(queries.admins())) == (["done", "refused"], 1)


def test_a_role_cannot_be_given_while_it_is_retired(committed_db):
    """Whichever comes first: nobody ends up with a retired role."""
    tenant = cast.tenant("acme")
    with schemas.inside(tenant):
        ann, cay = cast.person("ann").actor, cast.person("cay")
        by = {"actor": ann, "now": NOW, "reason": WHY}
        role = actions.make(name="Reader", purpose="Reads", permissions=["audit.view_history"], **by)
    ready, outcomes = threading.Barrier(2), []

    def act(work) -> None:
        with schemas.inside(tenant):
            ready.wait()
            try:
                work()
                outcomes.append("done")
            except actions.RoleRefused:
                outcomes.append("refused")
        connection.close()

    works = [lambda: actions.retire(role, **by), lambda: actions.grant(cay, role=role.key, **by)]
    threads = [threading.Thread(target=act, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with schemas.inside(tenant):
        retired = CustomRole.objects.get(pk=role.pk).retired_at is not None
        assert sorted(outcomes) == ["done", "refused"]
        assert RoleGrant.objects.filter(role=role.key).exists() is not retired
