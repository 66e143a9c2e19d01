"""Attack the trail of the schema that the connection is in, and tell what was prevented and what was detected.

For a scratch copy only, over a connection of a superuser: each attack is tried as its account, looked for, and rolled
back. Nothing here asks whether the database is a copy; the command that calls it makes one.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction

from audit.context import current_schema
from audit.drill.catalogue import GUARDS_OFF, GUARDS_ON, PIECES, Account, Attack, Trick, attacks
from audit.ledger.models import Event, Leaf
from audit.reconciliation import actions as reconciliation
from audit.reconciliation import queries as comparison
from audit.reconciliation.adapters import inventory
from audit.reconciliation.catalogue import Difference
from audit.reconciliation.catalogue import Kind as Faulty
from audit.reconciliation.models import Finding
from audit.sequencer import actions as sequencer
from audit.sequencer import queries as sequencing
from audit.sequencer.queries import Head
from audit.verification.adapters import checker
from audit.verification.catalogue import Kind

CUT_BACK = (
    "DELETE FROM {b}.ledger_leaf WHERE idx >= %s",
    "DELETE FROM {b}.ledger_checkpoint WHERE size > %s",
    "DELETE FROM {b}.ledger_tile WHERE (n + 1) * power(256, level) > %s",
)
SIGNED_STATES = "SELECT seq FROM audit_public.ledger_event WHERE obj = 'signed_record' ORDER BY seq"
LOGINS = {Account.RUNTIME: "complere_runtime", Account.OWNER: "complere_owner"}
PREVENTED_BY = {"42501": "grant", "AU403": "append-only trigger", "AU405": "event trigger"}
VERIFIER, PIN, RECONCILER, INVENTORY, BOOK = "verifier", "pinned head", "reconciler", "inventory", "event in the ledger"
# The book of what happened is told of by these; the others are the rows and what guards them.
STRUCTURE = {Faulty.CAPTURE, Faulty.CODE, Faulty.RIGHT}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seconds` is how long it took from the attack to the last word of those who look for it."""

    attack: Attack
    prevented_by: str
    detected_by: tuple[str, ...]
    seconds: float
    first_word: str = ""

    @property
    def is_unnoticed(self) -> bool:
        return not self.prevented_by and not self.detected_by


@dataclass
class Stage:
    """Records to bend, and the head that somebody outside keeps."""

    names: dict[str, Any] = field(default_factory=dict)
    anchor: Head | None = None
    before: frozenset[tuple[str, str]] = frozenset()


def run(*, now: datetime) -> Iterator[Outcome]:
    """Every attack of the catalogue, one after another. Raises SigningRefused without the key that signs heads."""
    stage = prepare(now)
    for attack in attacks():
        yield tried(attack, stage, now)


def prepare(now: datetime) -> Stage:
    """Records with events that an outside anchor covers, and one with events that are younger."""
    old = _record("old", now)
    sequencer.sequence(now=now)
    anchor = sequencing.last_head()
    young = _record("young", now)
    sequencer.sequence(now=now)
    place = Leaf.objects.filter(obj="audit_finding", pk_text=str(old.pk)).latest("idx")
    schema = current_schema()
    names: dict[str, Any] = {
        **PIECES,
        "s": schema,
        "b": f"audit_{schema}",
        "old": old.pk,
        "young": young.pk,
        "seq": place.event_id,
    }
    names |= {"idx": place.idx, "next": place.idx + 1, "size": anchor.size if anchor else 0}
    stage = Stage(names, anchor)
    stage.before = frozenset(_words(stage, now))
    return stage


def tried(attack: Attack, stage: Stage, now: datetime) -> Outcome:
    """Try it, look for it, undo it."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                _attempt(attack, stage, now)
        except (psycopg.Error, sequencer.SequencingRefused) as refused:
            outcome = Outcome(attack, _preventer(refused), (), 0.0)
        else:
            began = time.monotonic()
            words = [word for word in _words(stage, now) if word not in stage.before]
            seconds = time.monotonic() - began
            outcome = Outcome(
                attack, "", tuple(sorted({who for who, _ in words})), seconds, words[0][1] if words else ""
            )
        transaction.set_rollback(True)
    return outcome


def _record(name: str, now: datetime) -> Finding:
    """A finding of the drill's own, which has two versions."""
    difference = Difference(Faulty.RECORD, f"drill:{name}", f"Drill record {name}.")
    others = [Difference(Faulty(each.kind), each.place, each.text) for each in comparison.open_findings()]
    reconciliation.keep([*others, difference], now=now)
    reconciliation.keep(others, now=now)
    return Finding.objects.get(place=difference.place)


def _attempt(attack: Attack, stage: Stage, now: datetime) -> None:
    server = connection.connection
    if attack.account in LOGINS:
        server.execute(f"SET SESSION AUTHORIZATION {LOGINS[attack.account]}")
        if attack.account is Account.RUNTIME:
            role = "complere_platform" if stage.names["s"] == inventory.PUBLIC else stage.names["s"]
            server.execute(f"SET ROLE {role}")
    else:
        server.execute("RESET ROLE")
    if attack.guards_off:
        server.execute(GUARDS_OFF.format(**stage.names))
    for statement in attack.statements:
        server.execute(statement.format(**stage.names))
    if attack.trick is not None:
        _sign_again(attack.trick, stage, now)
    if attack.guards_off:
        server.execute("RESET ROLE")
        server.execute(GUARDS_ON.format(**stage.names))
    server.execute("RESET SESSION AUTHORIZATION; RESET session_replication_role")


def _sign_again(trick: Trick, stage: Stage, now: datetime) -> None:
    """The insider with the key: the log is built anew over what was forged, and signed."""
    server, anchor, names = connection.connection, stage.anchor, stage.names
    keep = names["size"] if trick is Trick.SIGN_AFTER_ANCHOR else 0
    for statement in CUT_BACK:
        server.execute(statement.format(**names), [keep])
    server.execute("DELETE FROM ledger.published WHERE schema_name = %s", [names["s"]])
    if keep and anchor is not None:
        values = [names["s"], anchor.epoch, anchor.size, anchor.root, anchor.at, anchor.note]
        server.execute("INSERT INTO ledger.published VALUES (%s, %s, %s, %s, %s, %s)", values)
    server.execute("INSERT INTO ledger.dirty (schema_name, seq) VALUES (%s, 1)", [names["s"]])
    sequencer.sequence(now=now)


def _preventer(refused: Exception) -> str:
    state = getattr(refused, "sqlstate", None) or ""
    return PREVENTED_BY.get(state, f"capture ({state})" if state.startswith("AU") else f"database ({state})")


def _words(stage: Stage, now: datetime) -> Iterator[tuple[str, str]]:
    """What everybody who looks says, each with who says it."""
    known = [stage.anchor] if stage.anchor else []
    for found in checker.check(schema=current_schema(), now=now, known=known).findings:
        who = PIN if found.kind is Kind.REWRITTEN else RECONCILER if found.kind is Kind.STATE else VERIFIER
        yield who, f"{found.record} {found.text}".strip()
    for difference in comparison.differences():
        yield RECONCILER, f"{difference.place}: {difference.text}"
    for difference in inventory.faults():
        yield INVENTORY if difference.kind in STRUCTURE else RECONCILER, difference.text
    for event in Event.objects.filter(op="S").order_by("seq"):
        yield BOOK, f"{event.document['reason']} on {event.obj}, version {event.ver}"
    # That moves no longer take a signature stands in Complere's own book, whichever schema is drilled.
    connection.connection.execute("RESET ROLE")
    for (seq,) in connection.connection.execute(SIGNED_STATES).fetchall():
        yield BOOK, f"other moves take a signature, event {seq}"
