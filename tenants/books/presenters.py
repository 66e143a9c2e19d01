"""The log and its checks as people read them."""

from typing import TYPE_CHECKING, Any

from audit.sequencer.queries import Head
from audit.subject_keys.queries import open_names
from audit.verification.catalogue import WORDS, Kind
from tenants.books.queries import AnchorOf, Collected

if TYPE_CHECKING:
    from audit.ledger.models import Anchor
    from audit.log_keys.models import LogKey
    from audit.verification.models import TrailCheck


def history(heads: list[Head], stamps: "list[Anchor]") -> list[dict[str, Any]]:
    """Heads over all logs, each with the moment that an authority attests, where it does."""
    attested = {(stamp.about, stamp.size): stamp.at for stamp in stamps}
    return [
        {"at": head.at, "size": head.size, "root": head.root.hex(), "stamped_at": attested.get((name(head), head.size))}
        for head in heads
    ]


def name(head: Head) -> str:
    return head.note.split("\n", 1)[0]


def begun_anew(heads: list[Collected]) -> list[dict[str, Any]]:
    """Logs of another name than their first: after a restore."""
    return [{"origin": head.origin, "epoch": head.epoch, "size": head.size} for head in heads if head.epoch > 1]


def standing(head: Head | None, key: "LogKey | None", anchored: AnchorOf | None, zone: str) -> list[dict[str, Any]]:
    """What an inspector asks first of this log."""
    unsigned = {"none": "Nothing is signed yet"}
    return [
        {"term": "Log", "text": key.name if key else "", **unsigned},
        {"term": "Public key", "text": key.vkey if key else "", **unsigned},
        {"term": "Newest signed head", "text": f"{head.size:,} entries" if head else "", **unsigned},
        {"term": "Signed", "at": head.at if head else None, "tz": zone, **unsigned},
        {"term": "Root", "text": head.root.hex() if head else "", **unsigned},
        {
            "term": "In the public log of all logs",
            "text": f"{anchored.head.size:,} entries, as entry {anchored.head.index} of {anchored.over_all.size}"
            if anchored
            else "",
            "none": "Not yet: heads are gathered every hour",
        },
    ]


def row(check: "TrailCheck", zone: str) -> dict[str, Any]:
    """One check of the trail in a list."""
    tone, word = verdict(check)
    asker = open_names([(check.asker, check.asker_key_id)]).get(check.asker, check.asker)
    return {"check": check, "tone": tone, "word": word, "asker": asker, "zone": zone}


def verdict(check: "TrailCheck") -> tuple[str, str]:
    if check.finished_at is None:
        return ("active", "Under way") if check.started_at else ("neutral", "Waiting")
    if check.failure:
        return "failed", "Not finished"
    return ("failed", "Damage found") if check.findings else ("verified", "Whole")


def findings(check: "TrailCheck") -> list[dict[str, str]]:
    return [{"kind": WORDS[Kind(kind)], "record": record, "text": text} for kind, record, text in check.findings]


def facts(check: "TrailCheck", zone: str) -> list[dict[str, Any]]:
    speed = f"{check.size / check.seconds:,.0f} events a second" if check.size and check.seconds else ""
    return [
        {"term": "Asked for", "at": check.requested_at, "tz": zone},
        {"term": "Finished", "at": check.finished_at, "tz": zone, "none": "Not yet"},
        {"term": "Events hashed", "text": f"{check.size:,}" if check.size is not None else "", "none": "Not yet"},
        {"term": "Signed heads compared", "text": f"{check.heads:,}" if check.finished_at else "", "none": "Not yet"},
        {"term": "Speed", "text": speed, "none": "Not measured"},
        {"term": "Root", "text": check.root, "none": "Not yet"},
    ]
