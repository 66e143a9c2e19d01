"""Passkeys (WebAuthn level 2), bound to the stored origin of the schema, never to a host header."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tenants.members.accounts.models import User
from tenants.members.factors import queries
from tenants.members.factors.catalogue import PasskeyEvidence
from tenants.members.factors.models import Factor
from tenants.members.outbox.actions import origin
from tenants.tenancy.queries import name_here

# Whatever a browser, or somebody in its place, sends: a malformed answer is a refused one.
MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)

# What it takes to verify an assertion again, beside the public key.
KEPT = ("clientDataJSON", "authenticatorData", "signature")


class PasskeyRefused(Exception):
    """The passkey's answer does not hold; the message says why, for the log only."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A passkey that a browser has just made; texts are base64url."""

    credential_id: str
    public_key: str
    sign_count: int


def creation_options(user: User, challenge: bytes) -> dict[str, Any]:
    """What the browser is asked to make: a passkey that knows its owner (§11.200(b))."""
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name=name_here(),
        user_id=user.pk.bytes,
        user_name=user.email,
        user_display_name=user.full_name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(user),
    )
    return _as_dict(options)


def registered(response: dict[str, Any] | str, challenge: bytes) -> Registered:
    """Raises `PasskeyRefused`, also where the owner was not verified."""
    try:
        made = webauthn.verify_registration_response(
            credential=read(response),
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=origin(),
            require_user_verification=True,
        )
    except MALFORMED as refused:
        raise PasskeyRefused(str(refused)) from refused
    return Registered(
        bytes_to_base64url(made.credential_id), bytes_to_base64url(made.credential_public_key), made.sign_count
    )


def request_options(user: User | None, challenge: bytes) -> dict[str, Any]:
    """What the browser is asked to sign: this challenge, with any passkey of the person.

    Without a person it offers those it keeps for this host, whoever's they are.
    """
    options = webauthn.generate_authentication_options(
        rp_id=_host(),
        challenge=challenge,
        allow_credentials=_descriptors(user) if user is not None else [],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _as_dict(options)


def shown(factor: Factor, response: dict[str, Any], challenge: bytes) -> PasskeyEvidence:
    """That this passkey signed the challenge and its owner was verified.

    Raises `PasskeyRefused`, also where the passkey counts backwards: then there are two of it.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=origin(),
            credential_public_key=base64url_to_bytes(factor.public_key),
            credential_current_sign_count=factor.sign_count,
            require_user_verification=True,
        )
    except MALFORMED as refused:
        raise PasskeyRefused(str(refused)) from refused
    return PasskeyEvidence(
        credential_id=bytes_to_base64url(found.credential_id),
        user_verified=found.user_verified,
        sign_count=found.new_sign_count,
        public_key=factor.public_key,
        assertion=json.dumps({part: response["response"][part] for part in KEPT}, separators=(",", ":")),
    )


def challenge_in(response: dict[str, Any] | str) -> bytes:
    """The challenge that an answer says it signed; empty for one that cannot be read. Says nothing of its truth."""
    try:
        said = json.loads(base64url_to_bytes(read(response)["response"]["clientDataJSON"]))
        return bytes(base64url_to_bytes(said["challenge"]))
    except (*MALFORMED, RecursionError):
        return b""


def is_of(factor: Factor, response: dict[str, Any]) -> bool:
    """Whether the answer names the owner of this passkey, where it names anybody (WebAuthn level 2, 7.2, step 6)."""
    named = response.get("response", {}).get("userHandle")
    return not named or named == bytes_to_base64url(factor.user_id.bytes)


def read(response: dict[str, Any] | str) -> dict[str, Any]:
    """What a browser gave, read from JSON; empty for anything else."""
    if isinstance(response, str):
        try:
            response = json.loads(response)
        except (ValueError, RecursionError):
            return {}
    return response if isinstance(response, dict) else {}


def _host() -> str:
    return str(urlsplit(origin()).hostname)


def _descriptors(user: User) -> list[PublicKeyCredentialDescriptor]:
    known = queries.passkeys(queries.factors_of(user))
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(str(one.credential_id))) for one in known]


def _as_dict(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found
