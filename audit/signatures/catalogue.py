"""What a signature means and which moves take one. Pure: no framework (§11.50, §11.70, §11.200)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# Between proving who one is and the signature (P11-200a1); a project rule where the law names no figure.
FRESHNESS: Final = timedelta(seconds=60)


class Meaning(StrEnum):
    """§11.50(a)(3): the meaning associated with the signature."""

    AUTHORSHIP = "authorship"
    REVIEW = "review"
    APPROVAL = "approval"
    RESPONSIBILITY = "responsibility"


WORDS: Final = {
    Meaning.AUTHORSHIP: "Authorship: I wrote this",
    Meaning.REVIEW: "Review: I read this and found it right",
    Meaning.APPROVAL: "Approval: I approve this for use",
    Meaning.RESPONSIBILITY: "Responsibility: I answer for this decision",
}
# Who approves is never who wrote (P11-10g).
FOUR_EYES: Final = frozenset({Meaning.APPROVAL, Meaning.REVIEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which moves of a model take a signature, as its `states.SIGNING` says.

    `moves` gives the meanings allowed for each (from, to) of `column`; a from of "*" is any. Content may change while
    the column holds one of `open`; `free` columns are no content. With `sealed`, only those columns are.
    """

    moves: Mapping[tuple[str, str], Sequence[Meaning]]
    open: frozenset[str]
    free: frozenset[str] = frozenset()
    sealed: frozenset[str] | None = None
    column: str = "state"

    def meanings(self, was: str, to: str) -> Sequence[Meaning]:
        """The meanings a signature of this move may have; none when it takes no signature."""
        return self.moves.get((was, to)) or self.moves.get(("*", to)) or ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How the signer proved who they are, and when: two components at least (§11.200(a)(1)).

    `detail` names what was used, never a secret: a credential's id, an identity provider's issuer.
    """

    methods: tuple[str, ...]
    authenticated_at: datetime
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """One act of signing, ready to be bound to records. `seen` holds the version of each record that was on the screen.

    `time_zone` is that of the signer, an IANA name; `nonce` makes the act unlike any other.
    """

    meaning: Meaning
    evidence: Evidence
    time_zone: str
    nonce: str
    seen: Mapping[str, int] = field(default_factory=dict)
