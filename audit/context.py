"""Who writes, why, and on which request: the door every regulated write passes.

A write outside of `regulated_write` is refused (`ContextMissing`, and by the database with
AU001), so that no record can change without actor, time and reason (21 CFR 11.10(e),
EU GMP Annex 11 §9).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, cast
from uuid import UUID

from django.db import connection, transaction

from audit import watch

# Which release wrote an event; the package's version.
RELEASE = "0.3.0"
MIN_REASON = 4
EMPTY_REASONS = {"n.a.", "none", "null", "test"}


class ContextMissing(Exception):
    """A regulated write was tried without actor and reason."""


class ReasonRefused(watch.Refusal, ValueError):
    """The reason given says nothing (AT-16)."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as they were called at that moment: later renames change nothing (AT-01).

    `sealed` is the name as ciphertext under the person's own key, readable in schema `home` only: a trail there
    holds it in place of the name, so that erasing the person erases the name from the trail too (GDPR Art. 17).
    """

    id: UUID | None
    name: str
    role: str
    kind: Literal["human", "service"] = "human"
    key_id: UUID | None = field(default=None, compare=False)
    sealed: str = field(default="", compare=False, repr=False)
    home: str = field(default="", compare=False)

    def written_in(self, schema: str) -> tuple[str, UUID | None]:
        """The name as a trail in `schema` keeps it, and the key that opens it; no key for one in the clear."""
        return (self.sealed, self.key_id) if self.sealed and schema == self.home else (self.name, None)


def service(name: str) -> Actor:
    """An actor for what no person does: the clock, an import, a command."""
    return Actor(id=None, name=name, role="service", kind="service")


@dataclass(frozen=True, slots=True)
class Request:
    """Where the write came from."""

    id: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Authentication:
    """How the person of this request proved who they are; `session` is a digest, good for comparing only."""

    session: str = ""
    method: str = ""


@dataclass(frozen=True)
class Context:
    """`schema` is where the write was opened: a row of any other schema is refused (AU002)."""

    actor: Actor
    reason: str
    request: Request
    authentication: Authentication
    schema: str

    @cached_property
    def declaration(self) -> str:
        """What the database is told, as JSON; the trail keeps it word for word."""
        name, key = self.actor.written_in(self.schema)
        actor = {"id": self.actor.id, "name": name, "key": key, "role": self.actor.role, "kind": self.actor.kind}
        auth = {"session": self.authentication.session, "method": self.authentication.method}
        said = {"schema": self.schema, "actor": actor, "auth": auth, "reason": self.reason, "request": self.request.id}
        return json.dumps(said | {"app": RELEASE}, default=str, ensure_ascii=False)


_NOWHERE = Request()
_request: ContextVar[Request | None] = ContextVar("audit_request", default=None)
_authentication: ContextVar[Authentication | None] = ContextVar("audit_authentication", default=None)
_context: ContextVar[Context | None] = ContextVar("audit_context", default=None)


def current_schema() -> str:
    """The schema that the connection is in; the backend of django-tenants knows it."""
    return str(cast("Any", connection).schema_name)


def checked_reason(reason: str) -> str:
    """The reason without outer white space; raises `ReasonRefused` when it says nothing."""
    text = reason.strip()
    if len(text) < MIN_REASON or text.casefold() in EMPTY_REASONS or not any(letter.isalnum() for letter in text):
        raise ReasonRefused(
            "Give a reason of at least 4 characters that says why, for example “Requested by the customer”."
        )
    return text


@contextmanager
def from_request(request: Request) -> Iterator[None]:
    """Remember the request for every write made while it is answered."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


@contextmanager
def authenticated_as(authentication: Authentication) -> Iterator[None]:
    """Remember how the person was authenticated for every write made within the block."""
    token = _authentication.set(authentication)
    try:
        yield
    finally:
        _authentication.reset(token)


@contextmanager
def regulated_write(*, actor: Actor, reason: str) -> Iterator[Context]:
    """One transaction whose writes carry this actor and reason."""
    context = Context(
        actor=actor,
        reason=checked_reason(reason),
        request=current_request(),
        authentication=_authentication.get() or Authentication(),
        schema=current_schema(),
    )
    token = _context.set(context)
    try:
        with transaction.atomic():
            yield context
    finally:
        _context.reset(token)
        _declare_again()


def _declare_again() -> None:
    """What an open cursor does after an inner block belongs to the outer one, or to nobody."""
    if connection.in_atomic_block and not connection.needs_rollback:
        connection.cursor().close()


def running() -> Context | None:
    """The context of the running write, if there is one."""
    return _context.get()


def current() -> Context:
    """The context of the running write; raises `ContextMissing` when there is none."""
    context = _context.get()
    if context is None:
        raise ContextMissing(
            "a regulated record was written without actor and reason; use audit.context.regulated_write"
        )
    return context


def declared() -> str:
    """What each statement tells the database; nothing outside of a regulated write."""
    context = _context.get()
    return "" if context is None else context.declaration


def current_request() -> Request:
    return _request.get() or _NOWHERE
