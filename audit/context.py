"""Who writes, why, and on which request: the door every regulated write passes.

A write outside of `regulated_write` is refused (`ContextMissing`), so that no record
can change without actor, time and reason (21 CFR 11.10(e), EU GMP Annex 11 §9).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

from django.db import connection, transaction

MIN_REASON = 4
EMPTY_REASONS = {"n.a.", "none", "null", "test"}


class ContextMissing(Exception):
    """A regulated write was tried without actor and reason."""


class ReasonRefused(ValueError):
    """The reason given says nothing (AT-16)."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as they were called at that moment: later renames change nothing (AT-01)."""

    id: UUID | None
    name: str
    role: str
    kind: Literal["human", "service"] = "human"


def service(name: str) -> Actor:
    """An actor for what no person does: the clock, an import, a command."""
    return Actor(id=None, name=name, role="service", kind="service")


@dataclass(frozen=True, slots=True)
class Request:
    """Where the write came from."""

    id: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    actor: Actor
    reason: str
    request: Request


_NOWHERE = Request()
_request: ContextVar[Request | None] = ContextVar("audit_request", default=None)
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
def regulated_write(*, actor: Actor, reason: str) -> Iterator[Context]:
    """One transaction whose writes carry this actor and reason."""
    context = Context(actor=actor, reason=checked_reason(reason), request=current_request())
    token = _context.set(context)
    try:
        with transaction.atomic():
            yield context
    finally:
        _context.reset(token)


def current() -> Context:
    """The context of the running write; raises `ContextMissing` when there is none."""
    context = _context.get()
    if context is None:
        raise ContextMissing(
            "a regulated record was written without actor and reason; use audit.context.regulated_write"
        )
    return context


def current_request() -> Request:
    return _request.get() or _NOWHERE
