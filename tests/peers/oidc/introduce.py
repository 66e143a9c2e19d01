"""Run beside a product that is up: make its tenants and the peer known to each other, with the product's own actions.

python -m tests.peers.oidc.introduce '[{"host": …, "issuer": …, "client_id": …, "secret": …, "people": {…}}]'

`people`: colleagues, each the subject at the peer, by e-mail address; whoever is not here yet is made a member.
"""

import json
import sys
from typing import Any

from complere import env
from complere.embedded import services


def main(known: list[dict[str, Any]]) -> dict[str, str]:
    """The id of each tenant's new provider, by host."""
    from audit.context import service
    from tenants import schemas
    from tenants.tenancy.queries import by_host

    made = {}
    for one in known:
        with schemas.on_platform():
            tenant = by_host(one["host"])
            assert tenant is not None, one["host"]
            _upgrade(tenant)
        with schemas.inside(tenant):
            made[one["host"]] = _set_up(one, service("introduction"))
    return made


def _upgrade(tenant: Any) -> None:
    from audit.context import regulated_write, service
    from tenants.tenancy.states import Plan

    with regulated_write(actor=service("introduction"), reason="The plan with single sign-on"):
        tenant.plan = Plan.ENTERPRISE
        tenant.save(update_fields=["plan"])


def _set_up(one: dict[str, Any], actor: Any) -> str:
    from django.utils import timezone

    from tenants.members.accounts import actions as accounts
    from tenants.members.accounts.queries import by_email
    from tenants.members.arrivals.catalogue import Said
    from tenants.members.federation import actions as federation
    from tenants.members.identity_providers import actions
    from tenants.members.identity_providers import queries as providers
    from tenants.members.identity_providers.adapters import discovery
    from tenants.members.roles import actions as roles

    known = providers.providers().filter(issuer=one["issuer"]).first()
    if known is not None:
        return str(known.pk)
    said: dict[str, Any] = {"actor": actor, "now": timezone.now(), "reason": "Introduce the peer"}
    provider = actions.create(kind="oidc", name="The certified peer", **said)
    found = discovery.discover(one["issuer"])
    actions.confirm_discovery(provider, issuer=one["issuer"], found=found, **said)
    actions.set_client(
        provider, client_id=one["client_id"], client_secret=one["secret"], scopes=("openid", "email", "profile"),
        acr_values=(), **said,
    )  # fmt: skip
    actions.note_test(provider, result={"passed": True}, can_sign=True, actor=actor, now=said["now"])
    provider.refresh_from_db()
    provider = actions.activate(provider, **said)
    for email, subject in one["people"].items():
        person = by_email(email)
        if person is None:
            person = accounts.create_user(email=email, full_name=f"{subject} of the peer", **said)
            roles.grant(person, role="member", **said)
        federation.link(person, provider, Said(issuer=one["issuer"], subject=subject, claims={}), now=said["now"])
    return str(provider.pk)


if __name__ == "__main__":
    env.put_default("DJANGO_SETTINGS_MODULE", "complere.settings")
    services.attach_or_exit()
    import django

    django.setup()
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))) + "\n")
