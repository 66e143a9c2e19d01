"""How people of the cast come in, step by step, for the tests of the entrance."""

import json
import re
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from webauthn.helpers import bytes_to_base64url

from audit import context
from tenants import schemas
from tenants.members.access_policies.models import AccessPolicy
from tenants.members.factors import actions as factors
from tenants.members.factors import hashing
from tenants.members.factors import queries as factor_queries
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.safeguards import actions as safeguards
from tests import cast
from tests.signing_desk import code_of, schema_of
from tests.soft_passkey import SoftPasskey

SECOND = "/sign-in/second-step/"
PEOPLE = {**cast.ACME, **cast.PLATFORM, **cast.GLOBEX}


def enter(client: Client, email: str, password: str = cast.PASSWORD, prefix: str = "", **changes: str) -> Any:
    """The first step."""
    return client.post(f"{prefix}/sign-in/", {"email": email, "password": password, **changes})


def begin(client: Client, key: str, prefix: str = "", **changes: str) -> Any:
    """The first step of somebody who has a second factor."""
    first = enter(client, PEOPLE[key].email, prefix=prefix, **changes)
    assert first.headers["Location"] == f"{prefix}{SECOND}"
    return first


def go_on(client: Client, key: str, prefix: str = "", turn: int = 0) -> Any:
    """The second step, with what the app of this person shows `turn` half minutes from now."""
    code = code_of(key, timezone.now() + timedelta(seconds=30 * turn))
    return client.post(f"{prefix}{SECOND}", {"code": code})


def come_in(client: Client, key: str, prefix: str = "", turn: int = 0, **changes: str) -> Any:
    """Both steps."""
    begin(client, key, prefix, **changes)
    return go_on(client, key, prefix, turn)


def without_factors(key: str) -> None:
    """As somebody who never set one up."""
    with schemas.inside(schema_of(key)):
        now = timezone.now()
        for factor in factor_queries.factors_of(cast.person(key)):
            factors.take_away(factor, actor=cast.DIRECTOR, now=now, reason="Set the stage")


def with_app(key: str) -> str:
    """Gives an app to whoever has none; returns a code that it shows now and that was not used."""
    with schemas.inside(schema_of(key)):
        user, now = cast.person(key), timezone.now()
        factor = factors.new_authenticator(user, name="Phone", now=now)
        secret, step = factor_queries.secret_of(factor), hashing.step_at(now)
        factors.confirm_authenticator(user, factor, code=hashing.code_at(secret, step), now=now)
        return hashing.code_at(secret, step + 1)


def with_codes(key: str) -> list[str]:
    with schemas.inside(schema_of(key)):
        return safeguards.renew_recovery_codes(cast.person(key), now=timezone.now(), reason="Set the stage")


def with_passkey(key: str, **said: Any) -> SoftPasskey:
    """Registers a passkey in software for this person."""
    tenant = schema_of(key)
    origin = tenant.origin
    device = SoftPasskey(origin=origin, rp_id=tenant.host.split(":")[0], **said)
    with schemas.inside(tenant):
        user, now, challenge = cast.person(key), timezone.now(), b"c" * 32
        options = factors.passkeys.creation_options(user, challenge)
        factors.register_passkey(user, name="Laptop", response=device.create(options), challenge=challenge, now=now)
    return device


def challenge(client: Client, seen: str = "sign-in", prefix: str = "") -> dict[str, Any]:
    answer = client.post(f"{prefix}/sign-in/challenge/", {"seen": seen})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def with_handle(answer: dict[str, Any], user_id: Any) -> str:
    """As a browser gives it for a passkey that it chose itself: with the owner's handle."""
    answer["response"]["userHandle"] = bytes_to_base64url(user_id.bytes)
    return json.dumps(answer)


def rules(key: str, **changes: Any) -> None:
    """The rules of the schema of this person, from now on."""
    with schemas.inside(schema_of(key)):
        with context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
            row = AccessPolicy(changed_at=timezone.now(), changed_by="casting", **changes)
            row.save()
        cache.clear()


def provider_of(key: str, **changes: Any) -> IdentityProvider:
    """An identity provider in use in the schema of this person."""
    now = timezone.now()
    said = {"kind": "oidc", "name": "Acme ID", "issuer": "https://id.acme.example", "state": "active"}
    with schemas.inside(schema_of(key)), context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        provider = IdentityProvider(state_changed_at=now, created_at=now, created_by="casting", **(said | changes))
        provider.save(force_insert=True)
    return provider


def same(answer: Any) -> str:
    """A page without what differs each time."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return re.sub(r'X-CSRFToken": "[^"]+"', "", text)
