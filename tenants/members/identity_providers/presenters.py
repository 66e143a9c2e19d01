"""Identity providers as set-up pages and histories show them."""

from datetime import datetime, timedelta
from typing import Any, Final

from audit.presenters import Story
from tenants.members.identity_providers import queries
from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.catalogue import Oidc
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.members.outbox.actions import link
from tenants.members.roles import queries as roles

WORDS: Final = {Kind.OIDC: "OpenID Connect", Kind.SAML: "SAML 2.0"}
STATES: Final = {
    State.DRAFT: ("active", "Being set up"),
    State.ACTIVE: ("verified", "In use"),
    State.OFF: ("closed", "Switched off"),
}
TONES: Final = {"done": "verified", "failed": "failed", "noted": "neutral"}
MARKS: Final = {"done": "Holds", "failed": "Failed", "noted": "To know"}
ENDS_SOON: Final = timedelta(days=30)
NONE = "Nothing yet"


def row(provider: IdentityProvider) -> dict[str, Any]:
    tone, word = STATES[State(provider.state)]
    tested = queries.is_tested(provider)
    return {
        "provider": provider,
        "kind": WORDS[Kind(provider.kind)],
        "tone": tone,
        "word": word,
        "test_tone": "verified" if tested else "failed" if provider.last_test else "neutral",
        "test_word": "Passed" if tested else "Failed" if provider.last_test else "Not since it was changed",
    }


def for_them(provider: IdentityProvider) -> list[dict[str, str]]:
    """What is copied into the provider's own console; built from the stored origin."""
    if provider.kind == Kind.OIDC:
        return [
            {"label": "Redirect URI", "value": link("oidc-callback")},
            {"label": "Sign-out redirect URI", "value": link("oidc-signed-out")},
            {"label": "Back-channel sign-out URI", "value": link("oidc-backchannel-logout")},
            {"label": "Sign-in may begin at", "value": link("sso-start", provider.pk)},
        ]
    return [
        {"label": "Metadata", "value": link("saml-metadata", provider.pk)},
        {"label": "Entity id", "value": link("saml-metadata", provider.pk)},
        {"label": "Assertion consumer service (ACS)", "value": link("saml-acs", provider.pk)},
        {"label": "Single logout service", "value": link("saml-slo", provider.pk)},
    ]


def about_them(provider: IdentityProvider) -> list[dict[str, Any]]:
    """What we know of the provider."""
    if provider.kind == Kind.OIDC:
        return [{"term": "Issuer", "text": provider.issuer, "none": NONE}, *endpoints(queries.oidc(provider))]
    known = queries.saml(provider)
    return [
        {"term": "Entity id", "text": provider.issuer, "none": NONE},
        {"term": "Sign-in address", "text": known.sso_url, "none": NONE},
        {"term": "Sign-out address", "text": known.slo_url, "none": "It offers none"},
        {"term": "Format of the name", "text": known.name_id_format if known.sso_url else "", "none": NONE},
    ]


def endpoints(known: Oidc) -> list[dict[str, Any]]:
    """What discovery found."""
    if not known.token_endpoint:
        return []
    return [
        {"term": "Sign-in address", "text": known.authorization_endpoint},
        {"term": "Token address", "text": known.token_endpoint},
        {"term": "Keys", "text": known.jwks_uri},
        {"term": "User information", "text": known.userinfo_endpoint, "none": "It offers none"},
        {"term": "Sign-out address", "text": known.end_session_endpoint, "none": "It offers none"},
        {"term": "Tokens are signed with", "text": ", ".join(known.algorithms)},
        {"term": "Names itself in each answer", "text": "Yes (RFC 9207)" if known.sends_issuer else "No"},
    ]


def client(provider: IdentityProvider) -> list[dict[str, Any]]:
    known = queries.oidc(provider)
    return [
        {"term": "Client id", "text": known.client_id, "none": NONE},
        {"term": "Client secret", "text": "Kept, encrypted" if provider.secret else "", "none": NONE},
        {"term": "Scopes", "text": " ".join(known.scopes)},
        {"term": "Required contexts (acr)", "text": " ".join(known.acr_values), "none": "Any"},
    ]


def choices(provider: IdentityProvider) -> list[dict[str, Any]]:
    known = queries.saml(provider)
    return [
        {"term": "Required classes of authentication", "text": ", ".join(known.authn_contexts), "none": "Any"},
        {"term": "Sign-in begins", "text": "Here, or at the provider" if known.allows_unsolicited else "Here only"},
    ]


def mapping(provider: IdentityProvider) -> list[dict[str, Any]]:
    known = queries.mapping(provider)
    given = [{"term": f"Group “{group}”", "text": roles.name_of(role)} for group, role in known.roles.items()]
    usual = roles.name_of(known.default_role) if known.default_role else ""
    return [
        {"term": "E-mail address, name, groups from", "text": f"{known.email}, {known.name}, {known.groups}"},
        *given,
        {"term": "In none of these groups", "text": usual, "none": "No role"},
        {"term": "Roles", "text": "Follow the groups at each sign-in" if known.follow_groups else "Given once"},
    ]


def rules(provider: IdentityProvider) -> list[dict[str, Any]]:
    return [
        {
            "term": "At a first sign-in",
            "text": "An account is made" if provider.create_accounts else "Whoever has no account is not let in",
        },
        {"term": "Second factor", "text": "Its word is taken" if provider.trusts_second_factor else "Asked for here"},
    ]


def result(provider: IdentityProvider) -> dict[str, Any] | None:
    """The last test sign-in, line by line; None when there was none since the settings were changed."""
    kept = provider.last_test
    if not kept:
        return None
    lines = [
        {**line, "tone": TONES.get(line["state"], "neutral"), "word": MARKS.get(line["state"], "")}
        for line in kept["steps"]
    ]
    return {
        "at": datetime.fromisoformat(kept["at"]),
        "passed": kept["passed"],
        "lines": lines,
        "can_sign": provider.can_sign,
    }


def certificate_lines(provider: IdentityProvider, now: datetime) -> list[dict[str, Any]]:
    """Theirs and ours, each with how long it holds."""
    known = queries.saml(provider)
    theirs = [_certificate("Of the provider", one, now) for one in certificates.known(known.certificates)]
    return theirs + [_certificate("Ours", one, now) for one in certificates.known(known.own_certificates)]


def steps(provider: IdentityProvider) -> list[dict[str, str]]:
    """Where the set-up stands."""
    tested, used = queries.is_tested(provider), provider.state == State.ACTIVE
    done = [queries.is_set_up(provider), tested, used]
    labels = ["Connected", "Tested", "Switched on"]
    current = done.index(False) if False in done else len(done)
    return [
        {"label": label, "state": "done" if ok else "current" if at == current else "ahead"}
        for at, (label, ok) in enumerate(zip(labels, done, strict=True))
    ]


def _certificate(whose: str, one: certificates.Certificate, now: datetime) -> dict[str, Any]:
    if one.is_over(now):
        tone, word = "failed", "Over"
    elif one.not_after - now <= ENDS_SOON:
        tone, word = "attention", f"Ends in {one.days_left(now)} days"
    else:
        tone, word = "verified", "Valid"
    return {"whose": whose, "certificate": one, "tone": tone, "word": word}


STORIES = [
    Story(
        kind="members.identityprovider",
        permission="members.manage_access",
        title=lambda provider: str(provider.name),
        labels={
            "kind": "protocol",
            "issuer": "issuer or entity id",
            "create_accounts": "makes accounts at the first sign-in",
            "trusts_second_factor": "its word on a second factor is taken",
            "can_sign": "can confirm signatures",
            "state_changed_at": "time of the last move",
        },
        values={"kind": lambda kind: WORDS[Kind(kind)]},
    )
]
