"""Signing on a form: any form of any app takes an electronic signature by inheriting `SigningFields` (§11.50, §11.200).

    class Publish(SigningFields):
        reason = Reason()

    now = timezone.now()
    form = Publish(posted, signs=step(request, version, to=State.PUBLISHED, now=now))
    if form.is_valid():
        with form.refusals(actions.VersionRefused):
            signing = form.signing(now=now)
            actions.publish(version, signing=signing, actor=signed_in(request).actor, now=now, reason=…)
            return redirect(…)
    return render(…, status=422 if form.is_bound else 200)

`step` takes one record or several: one act then signs them all. It reads the meanings from the SIGNING of their model.
`components/fields.html` draws the block “Your signature” below the form's own fields, or what is still missing before
this person may sign. `form.signing()` checks the components and raises `NotSigned` after telling the form why;
`form.refusals(…)` puts that, `SignatureRefused` and the refusals named onto the form, so that the page is shown again
with status 422. With `signs=None` the form asks for no signature. Where only some answers take one, override
`takes_signature`, which sees `cleaned_data` (ask it before `signing()`), and say in `signed_when` which answers those
are. Whoever is signed in signs, nobody else.
"""

import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.db import models
from django.http import HttpRequest

from audit.context import current_request
from audit.ledger import queries as ledger
from audit.signatures import hashing
from audit.signatures.actions import SignatureRefused
from audit.signatures.catalogue import FOUR_EYES, WORDS, Evidence, Meaning, Signing
from audit.signatures.queries import rule_of
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import signed_in
from tenants.members.factors import actions as factors
from tenants.members.factors import queries as factor_queries
from tenants.members.federation import queries as identities
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.passwords import MaximumLength
from tenants.members.signatures import actions as shown
from tenants.members.signatures.forms import AlwaysFresh, Unshown, UnshownHidden
from tenants.members.signing_rights import queries as rights
from tenants.tenancy.queries import of_request

# The way of proving who one is that needs no provider.
HERE: Final = "here"
SERIES: Final = "signing series"
FIELDS: Final = ("meaning", "provider", "password", "code", "passkey", "seen")
REFUSED: Final = "Password and code do not fit. Enter both again; a code is good once, and for half a minute."
NO_CODE: Final = "Enter the code that your authenticator app shows, or use a passkey if you have set one up."
MISSING: Final = "You cannot sign yet. What is still missing is listed below."
AGAIN: Final = "The passkey was asked more than a minute ago, or for something else. Use it again."
STALE: Final = "What you sign was changed, or this page lay open for too long. Read it again, then sign."


class NotSigned(Exception):
    """The components do not hold; the form says so beside its fields."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is about to be signed, by whom: the records as they stand now, on their way to state `to`."""

    user: User
    session: SessionBase
    records: tuple[models.Model, ...]
    to: str
    time_zone: str
    address: str
    now: datetime
    # Where the form is sent, and what was sent with it, should the signer confirm elsewhere first.
    form: shown.SentForm

    def meanings(self) -> list[Meaning]:
        """What a signature may mean for every one of the records."""
        allowed = [rule_of(type(row)).meanings(state_of(row), self.to) for row in self.records]  # type: ignore[union-attr]
        return [meaning for meaning in Meaning if allowed and all(meaning in one for one in allowed)]

    def versions(self) -> dict[str, tuple[int, str]]:
        """Version and state of each record, by `app.model:id`. One query a kind."""
        found: dict[str, tuple[int, str]] = {}
        for model in {type(row) for row in self.records}:
            rows = {str(row.pk): row for row in self.records if type(row) is model}
            last = ledger.last_events(model._meta.db_table, rows.keys())
            label = model._meta.label_lower
            found |= {f"{label}:{pk}": (last[pk].ver, state_of(row)) for pk, row in rows.items() if pk in last}
        return found

    def own_work(self) -> int:
        """How many of the records this person wrote at: those another person approves (P11-10g)."""
        if not all(meaning in FOUR_EYES for meaning in self.meanings()):
            return 0
        by_table: dict[str, list[str]] = {}
        for row in self.records:
            by_table.setdefault(row._meta.db_table, []).append(str(row.pk))
        return sum(len(ledger.written_by(self.user.pk, table, pks)) for table, pks in by_table.items())

    @property
    def purpose(self) -> str:
        """What an attempt that failed is reported as."""
        name = self.records[0]._meta.verbose_name if len(self.records) == 1 else f"{len(self.records)} records"
        return f"{name} to become {self.to}"

    @property
    def in_series(self) -> bool:
        """Later signatures of a series take one component (§11.200(a)(1)(i)); off by default, ends with the session."""
        began = self.session.get(SERIES)
        window = rights.series_window(self.now)
        return began is not None and timedelta(0) <= self.now - datetime.fromisoformat(began) < window


def step(request: HttpRequest, *records: models.Model, to: str, now: datetime) -> Step:
    """The signing of `records`, which go to state `to`, by the person of this request."""
    zone = of_request(request).time_zone
    sent = shown.SentForm(request.get_full_path(), [(k, str(v)) for k, found in request.POST.lists() for v in found])
    return Step(signed_in(request), request.session, records, str(to), zone, current_request().address, now, sent)


def state_of(record: models.Model) -> str:
    rule = rule_of(type(record))
    return str(getattr(record, rule.column if rule else "state"))


class SigningFields(forms.Form):
    """The fields of a signature; see the module for how a form takes them on."""

    # For a form of which only some answers take a signature: which ones, in a sentence.
    signed_when: ClassVar[str] = ""

    meaning = forms.ChoiceField(
        label="What your signature means",
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": "Choose one of the meanings given."},
    )
    provider = forms.ChoiceField(
        label="How you prove who you are",
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": "Choose one of the ways given."},
    )
    password = forms.CharField(
        label="Your password",
        required=False,
        strip=False,
        max_length=MaximumLength.LIMIT,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label="One-time code",
        required=False,
        max_length=40,
        help_text="The six digits that your authenticator app shows now.",
        widget=Unshown(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "spellcheck": "false",
                "class": "input--code",
            }
        ),
    )
    passkey = forms.CharField(
        required=False, max_length=10_000, widget=UnshownHidden(attrs={"data-passkey-answer": ""})
    )
    seen = forms.CharField(required=False, max_length=200_000, widget=AlwaysFresh(attrs={"data-signing-seen": ""}))

    def __init__(self, *args: Any, signs: Step | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.signs = signs
        if signs is None:
            for name in FIELDS:
                del self.fields[name]
            return
        self._meanings = signs.meanings()
        self._set_meanings()
        self._providers = {str(one.pk): one for one in identities.signing_providers(signs.user)}
        self._set_ways(signs)
        self._versions = signs.versions()
        self._nonce = ""
        self._set_seen(signs)
        self.order_fields([*(name for name in self.fields if name not in FIELDS), *FIELDS])

    def takes_signature(self) -> bool:
        """Whether what was answered takes a signature; asked once the form's own fields are clean."""
        return self.signs is not None

    def signing(self, *, now: datetime) -> Signing:
        """Check the components of this person and give the act of signing. Raises `NotSigned`."""
        signs = self._signs()
        components = self._components(signs, now)
        if "session" not in components.methods:
            signs.session[SERIES] = now.isoformat()
        return Signing(
            meaning=Meaning(self.cleaned_data["meaning"]),
            evidence=Evidence(
                methods=components.methods,
                authenticated_at=components.authenticated_at,
                detail=components.detail,
            ),
            time_zone=signs.time_zone,
            nonce=self._nonce,
            seen={key: version for key, (version, _) in self._versions.items()},
        )

    def refusals(self, *more: type[Exception]) -> "Refusals":
        """Whatever of these ends the block is told on the form instead."""
        return Refusals(self, (NotSigned, SignatureRefused, *more))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.signs is not None and self.takes_signature():
            self._clean_signature(self.signs, cleaned)
        return cleaned

    def visible_fields(self) -> Any:
        return [field for field in super().visible_fields() if field.name not in FIELDS]

    def hidden_fields(self) -> Any:
        return [field for field in super().hidden_fields() if field.name not in FIELDS]

    @property
    def signature_block(self) -> dict[str, Any]:
        """What components/signature_fields.html shows."""
        signs = self._signs()
        held = factor_queries.usable(signs.user, signs.now)
        return {
            "name": signs.user.full_name,
            "role": signs.user.role_names,
            "zone": signs.time_zone,
            "meaning": WORDS[self._meanings[0]] if len(self._meanings) == 1 else "",
            "missing": self._missing(signs),
            "elsewhere": bool(self._providers),
            "here": signs.user.has_usable_password(),
            "own_work": self._own_work(),
            "in_series": signs.in_series,
            "has_app": bool(factor_queries.authenticators(held)),
            "has_passkey": bool(factor_queries.passkeys(held)),
            "several": len(signs.records) if len(signs.records) > 1 else 0,
        }

    def _signs(self) -> Step:
        if self.signs is None:
            raise NotSigned("This form asks for no signature.")
        return self.signs

    def _set_meanings(self) -> None:
        field = self.fields["meaning"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(meaning.value, WORDS[meaning]) for meaning in self._meanings]
        if len(self._meanings) == 1:
            field.widget = forms.HiddenInput(attrs={"data-signing-meaning": ""})
            field.initial = self._meanings[0].value

    def _set_ways(self, signs: Step) -> None:
        field = self.fields["provider"]
        here = [(HERE, "Here, with your password and a second factor")] if signs.user.has_usable_password() else []
        if isinstance(field, forms.ChoiceField):
            ways = [
                (key, f"At {one.name}: you are sent there to sign in again") for key, one in self._providers.items()
            ]
            field.choices = [*here, *ways]
            field.initial = field.choices[0][0] if field.choices else HERE
        if not self._providers:
            field.widget = forms.HiddenInput()

    def _set_seen(self, signs: Step) -> None:
        content = {
            "nonce": uuid.uuid4().hex,
            "signer": str(signs.user.pk),
            "to": signs.to,
            "records": {key: list(found) for key, found in self._versions.items()},
        }
        widget = self.fields["seen"].widget
        if isinstance(widget, AlwaysFresh):
            widget.fresh = shown.seal(content)

    def _own_work(self) -> str:
        signs = self._signs()
        count = signs.own_work()
        if not count:
            return ""
        if len(signs.records) == 1:
            return "You wrote what is to be approved: another person signs it."
        return (
            f"You wrote {count} of the {len(signs.records)} records that are to be approved: another person signs them."
        )

    def _missing(self, signs: Step) -> list[factor_queries.Missing]:
        return factor_queries.may_sign(signs.user, signs.now, has_provider=bool(self._providers))

    def _clean_signature(self, signs: Step, cleaned: dict[str, Any]) -> None:
        kept_from = self._own_work() or (self._missing(signs) and MISSING)
        if kept_from:
            self.add_error(None, kept_from)
            return
        seen = shown.read(cleaned.get("seen", ""), signs.user)
        if seen is None or (seen["to"], seen["records"]) != (signs.to, {k: list(v) for k, v in self._versions.items()}):
            self.add_error(None, STALE)
            return
        self._nonce = str(seen["nonce"])
        if not cleaned.get("meaning") and "meaning" not in self.errors:
            self.add_error("meaning", "Choose what your signature means.")
        if self._chosen is None:
            self._clean_components(signs, cleaned)

    def _clean_components(self, signs: Step, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("password") and not signs.in_series and "password" not in self.errors:
            self.add_error("password", "Enter your password.")
        if not cleaned.get("code") and not cleaned.get("passkey") and "code" not in self.errors:
            self.add_error("code", NO_CODE)

    @property
    def _chosen(self) -> IdentityProvider | None:
        """The identity provider at which the signer wants to confirm."""
        return self._providers.get(str(self.cleaned_data.get("provider") or ""))

    def _components(self, signs: Step, now: datetime) -> factors.Components:
        if self._chosen is not None:
            return self._by_provider(signs, self._chosen, now)
        in_series = signs.in_series
        try:
            return self._by_passkey(signs, now) if self._uses_passkey else self._by_code(signs, now)
        except factors.ComponentsRefused:
            self.add_error("code" if in_series else "password", REFUSED)
        except factors.SigningLocked as locked:
            until = locked.until.astimezone(ZoneInfo(signs.time_zone))
            words = f"{until:%H:%M %Z} on {until:%A} {until.day} {until:%B}"
            self.add_error(
                "code" if in_series else "password", f"Signing is locked until {words}, as it failed several times."
            )
        raise NotSigned

    @property
    def _uses_passkey(self) -> bool:
        return bool(self.cleaned_data["passkey"]) and not self.cleaned_data["code"]

    def _by_code(self, signs: Step, now: datetime) -> factors.Components:
        return factors.check_components(
            signs.user,
            password=str(self.cleaned_data["password"]),
            code=str(self.cleaned_data["code"]),
            purpose=signs.purpose,
            address=signs.address,
            now=now,
            in_series=signs.in_series,
        )

    def _by_provider(self, signs: Step, provider: IdentityProvider, now: datetime) -> factors.Components:
        """What the provider answered for this page; without an answer the signer goes there first (P11-200a1)."""
        meaning = str(self.cleaned_data["meaning"])
        answer = shown.take_answer(signs.session, self._nonce, meaning, str(provider.pk), now)
        if answer is None:
            seen = shown.read(self.cleaned_data["seen"], signs.user) or {}
            shown.leave(signs.user, signs.session, signs.form, seen, meaning=meaning, provider=provider, now=now)
        return shown.components(signs.user, provider, answer)

    def _by_passkey(self, signs: Step, now: datetime) -> factors.Components:
        asked = shown.take_challenge(signs.session, self._nonce, str(self.cleaned_data["meaning"]), now)
        if asked is None:
            self.add_error(None, AGAIN)
            raise NotSigned
        found = factors.check_password_and_passkey(
            signs.user,
            password=str(self.cleaned_data["password"]),
            assertion=str(self.cleaned_data["passkey"]),
            challenge=bytes.fromhex(hashing.digest(asked)),
            now=now,
            purpose=signs.purpose,
            address=signs.address,
            in_series=signs.in_series,
        )
        return replace(found, detail={**found.detail, "challenge": asked})


class Refusals(AbstractContextManager["Refusals", bool]):
    """Ends a block quietly when it was refused, and says why on the form."""

    def __init__(self, form: SigningFields, kinds: Sequence[type[Exception]]) -> None:
        self.form, self.kinds = form, tuple(kinds)

    def __exit__(
        self, kind: type[BaseException] | None, refused: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if not isinstance(refused, self.kinds):
            return False
        if not isinstance(refused, NotSigned):
            self.form.add_error(None, str(refused))
        return True
