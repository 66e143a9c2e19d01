"""Exports on their page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from audit.export.models import Export
from audit.export.states import TONES, WORDS, State
from audit.presenters import Story
from audit.readers import EXPORT, READ
from audit.signatures.catalogue import WORDS as MEANINGS
from audit.signatures.catalogue import Meaning
from audit.trail.presenters import Moment, moment


@dataclass(frozen=True, slots=True)
class Line:
    export: Export
    period: str
    state: str
    tone: str
    asked: Moment
    expires: Moment | None
    is_ready: bool
    is_under_way: bool
    size: str


def line(export: Export, zone: ZoneInfo) -> Line:
    state = State(export.state)
    return Line(
        export=export,
        period=period(export.since_at, export.until_at, zone),
        state=WORDS[state],
        tone=TONES[state],
        asked=moment(export.asked_at, zone),
        expires=moment(export.expires_at, zone) if export.expires_at else None,
        is_ready=state == State.READY,
        is_under_way=state in (State.WAITING, State.RUNNING),
        size=in_bytes(export.file_size),
    )


def period(since: datetime | None, until: datetime | None, zone: ZoneInfo) -> str:
    """“from 1 Mar 2026 to 31 Mar 2026”, both days included."""
    if since is None and until is None:
        return "Everything"
    begin = "the beginning" if since is None else _day(since, zone)
    return f"From {begin} to {'the newest signed head' if until is None else _day_before(until, zone)}"


def in_bytes(size: int) -> str:
    if size < 1_000_000:
        return f"{size / 1000:,.1f} kB"
    return f"{size / 1_000_000:,.1f} MB"


def facts(export: Export, zone: ZoneInfo) -> list[dict[str, Any]]:
    """For the page of one export."""
    ended = moment(export.expires_at, zone).local if export.expires_at else ""
    known = [
        ("Period", period(export.since_at, export.until_at, zone)),
        ("Ordered by", export.asked_by_name),
        ("Ordered", moment(export.asked_at, zone).local),
        ("Reason", export.reason),
        ("Events", f"{export.event_count:,} of {export.log_size:,} in the log" if export.log_size else ""),
        ("Size", in_bytes(export.file_size) if export.file_size else ""),
        ("SHA-256 of the file", export.file_digest),
        ("Kept until", ended),
        ("Why it failed", export.failure),
    ]
    return [{"term": term, "text": text} for term, text in known if text]


def _day(at: datetime, zone: ZoneInfo) -> str:
    day = at.astimezone(zone)
    return f"{day.day} {day:%b %Y}"


def _day_before(at: datetime, zone: ZoneInfo) -> str:
    return _day(at - timedelta(microseconds=1), zone)


STORIES = [
    Story(
        kind="audit.export",
        permission=EXPORT,
        title=lambda export: f"Export of the trail, ordered on {export.asked_at.day} {export.asked_at:%b %Y}",
        labels={
            "since_at": "beginning of the period",
            "until_at": "end of the period",
            "asked_at": "moment of the order",
            "asked_by": "id of who ordered",
            "asked_by_name": "ordered by",
            "from_index": "first entry",
            "event_count": "number of events",
            "log_size": "size of the log",
            "file_size": "size of the file",
            "file_digest": "SHA-256 of the file",
            "expires_at": "kept until",
        },
        values={"state": lambda value: WORDS[State(value)].lower()},
        hide=("content_key", "state_changed_at"),
    ),
    Story(
        kind="audit.signature",
        permission=READ,
        title=lambda signature: f"Signature over version {signature.signed_version}",
        labels={"obj": "table", "pk_text": "id of the record", "signer_id": "id of the signer"},
        values={"meaning": lambda value: MEANINGS[Meaning(value)]},
    ),
    Story(
        kind="audit.logkey",
        permission=READ,
        title=lambda key: f"Key {key.version} of {key.name}",
        labels={"vkey": "public key"},
    ),
]
