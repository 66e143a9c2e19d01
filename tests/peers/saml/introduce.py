"""Run beside a product that is up: make its tenants and SAML peers known to each other, with the product's own actions.

python -m tests.peers.saml.introduce '[{"host": …, "name": …, "metadata": …, "people": {…}}]'

`metadata`: of the peer, XML. `people`: colleagues to make here, each the subject at the peer, by e-mail address.
"""

import json
import sys
from typing import Any

from complere import env
from complere.embedded import services
from tests.peers.oidc.introduce import _upgrade as upgrade


def main(known: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Id, addresses and certificate of each tenant's new provider, in the same order."""
    from audit.context import service
    from tenants import schemas
    from tenants.tenancy.queries import by_host

    made = []
    for one in known:
        with schemas.on_platform():
            tenant = by_host(one["host"])
            assert tenant is not None, one["host"]
            upgrade(tenant)
        with schemas.inside(tenant):
            made.append(_set_up(one, service("introduction")))
    return made


def _set_up(one: dict[str, Any], actor: Any) -> dict[str, str]:
    from django.utils import timezone

    from tenants.members.identity_providers import actions
    from tenants.members.identity_providers import queries as providers
    from tenants.members.identity_providers.adapters import metadata
    from tenants.members.saml import actions as saml
    from tenants.members.saml import queries

    said: dict[str, Any] = {"actor": actor, "now": timezone.now(), "reason": "Introduce the peer"}
    provider = actions.create(kind="saml", name=one["name"], **said)
    found = metadata.read(one["metadata"].encode())
    actions.take_metadata(
        provider, entity_id=found.entity_id, saml=metadata.merged(providers.saml(provider), found.saml), **said
    )
    if not providers.saml(providers.by_id(provider.pk)).own_certificates:
        saml.make_keys(provider, **said)
    actions.note_test(provider, result={"passed": True}, can_sign=True, actor=actor, now=said["now"])
    provider = actions.activate(providers.by_id(provider.pk), **said)
    _people(provider, one["people"], found.entity_id, said)
    where, kept = queries.addresses(provider), providers.saml(provider)
    certificate = "".join(kept.own_certificates[0].splitlines()[1:-1])
    return {"id": str(provider.pk), "entity_id": where.entity_id, "acs": where.acs, "slo": where.slo,
            "certificate": certificate}  # fmt: skip


def _people(provider: Any, people: dict[str, str], entity_id: str, said: dict[str, Any]) -> None:
    from tenants.members.accounts import actions as accounts
    from tenants.members.arrivals.catalogue import Said
    from tenants.members.federation import actions as federation
    from tenants.members.roles import actions as roles

    for email, subject in people.items():
        person = accounts.create_user(email=email, full_name=f"{subject} of the peer", **said)
        roles.grant(person, role="member", **said)
        federation.link(person, provider, Said(issuer=entity_id, subject=subject, claims={}), now=said["now"])


if __name__ == "__main__":
    env.put_default("DJANGO_SETTINGS_MODULE", "complere.settings")
    services.attach_or_exit()
    import django

    django.setup()
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))) + "\n")
