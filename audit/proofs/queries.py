"""That one entry is in the signed log, computed from what the ledger keeps."""

from dataclasses import dataclass

from audit.ledger.models import Event, Leaf
from audit.log_keys import queries as log_keys
from audit.merkle import notes, proofs, tree
from audit.sequencer import queries as sequencer
from audit.sequencer.queries import Head


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry with what proves it. Without a `head` that covers it there is nothing to prove it by yet.

    `faults` is empty when the proof, checked like any reader would, holds.
    """

    leaf: Leaf
    event: Event
    head: Head | None
    record: proofs.RecordProof | None
    origin: str
    faults: tuple[str, ...]

    @property
    def root(self) -> str:
        return "" if self.head is None else self.head.root.hex()

    @property
    def path(self) -> list[str]:
        return [] if self.record is None else [each.hex() for each in self.record.hashes]


def of_entry(index: int) -> Proof | None:
    """The proof of the entry at `index` against the newest signed head; None when there is no such entry."""
    leaf = Leaf.objects.select_related("event").filter(idx=index).first()
    return None if leaf is None else of_leaf(leaf, sequencer.last_head())


def of_leaf(leaf: Leaf, head: Head | None) -> Proof:
    """The proof of an entry that was read with its event, against `head`."""
    if head is None or head.size <= leaf.idx:
        return Proof(leaf, leaf.event, None, None, "", _altered(leaf))
    origin = head.note.split("\n", 1)[0]
    try:
        record = sequencer.record_proof(leaf.idx, head)
    except tree.TreeRefused as refused:
        return Proof(leaf, leaf.event, head, None, origin, (*_altered(leaf), f"The log is damaged: {refused}."))
    return Proof(leaf, leaf.event, head, record, origin, (*_altered(leaf), *_refusals(record, leaf.event, origin)))


def _altered(leaf: Leaf) -> tuple[str, ...]:
    same = tree.leaf_hash(leaf.event.payload.encode()) == bytes(leaf.hash)
    return () if same else ("The entry is not the one that entered the log: its hash differs.",)


def _refusals(record: proofs.RecordProof, event: Event, origin: str) -> tuple[str, ...]:
    try:
        record.check(event.payload.encode(), origin, log_keys.vkeys())
    except (proofs.ProofRefused, notes.NoteRefused, notes.KeyRefused) as refused:
        return (f"The proof does not hold: {refused}.",)
    return ()
