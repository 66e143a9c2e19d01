"""People, their roles, and who can do what, as pages and files show them."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.presenters import Story
from audit.signatures.catalogue import WORDS
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import latest_invitation
from tenants.members.roles import catalogue, queries
from tenants.members.roles.models import CustomRole
from tenants.members.roles.queries import Named, SignedMove

YES, NO = "yes", ""
# What a spreadsheet would take for a formula (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands: a word, a tone, and what it means."""

    word: str
    tone: str
    note: str = ""
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    user: User
    standing: Standing


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role in the list; `record` is set for one that was made here."""

    role: Named
    people: int
    sentences: list[str]
    record: CustomRole | None = None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A permission: its sentence, which of its moves take a signature, and for each role whether it carries it."""

    key: str
    group: str
    sentence: str
    signature: str
    cells: list[tuple[Named, bool]]


# Nobody invited them, and they have no password: a provider looks after these accounts.
KEPT_ELSEWHERE = {
    "sso": Standing("Active", "verified", "through the identity provider"),
    "scim": Standing("Kept by the directory", "neutral", "Comes in once linked or invited"),
}


def standing(user: User, now: datetime) -> Standing:
    if not user.is_active:
        return Standing("Deactivated", "closed", f"by {user.deactivated_by}")
    if user.has_usable_password():
        return Standing("Active", "verified")
    invitation = latest_invitation(user)
    if invitation is None and user.managed_by in KEPT_ELSEWHERE:
        return KEPT_ELSEWHERE[user.managed_by]
    if invitation is None or invitation.revoked_at is not None:
        return Standing("Invitation taken back", "closed", "Nobody can sign in with this account")
    if invitation.expires_at <= now:
        return Standing("Invitation expired", "attention", "Send it again")
    return Standing("Invited", "active", f"by {invitation.invited_by}", open_until=invitation.expires_at)


def rows(people: list[User], now: datetime) -> list[PersonRow]:
    return [PersonRow(user, standing(user, now)) for user in people]


def role_rows(*, platform: bool) -> list[RoleRow]:
    """The roles of the catalogue, then those made here."""
    people = queries.held_by_how_many()
    shipped = [(role, None) for role in queries.shipped(platform=platform)]
    made = [(queries.made_here(record), record) for record in queries.custom_roles()]
    return [
        RoleRow(role, people.get(role.key, 0), sentences(role.permissions), record)
        for role, record in [*shipped, *made]
    ]


def sentences(permissions: Iterable[str]) -> list[str]:
    """What the permissions allow, in the order of the catalogue."""
    wanted = set(permissions)
    return [sentence for key, sentence in catalogue.PERMISSIONS.items() if key in wanted]


def matrix(roles: Sequence[Named], permissions: Mapping[str, str]) -> list[MatrixRow]:
    """Who can do what (P11-10g): a row for each permission, a cell for each role."""
    signed = queries.signed_moves()
    return [
        MatrixRow(
            key,
            catalogue.group_of(key),
            sentence,
            signature_words(signed.get(key, [])),
            [(role, key in role.permissions) for role in roles],
        )
        for key, sentence in permissions.items()
    ]


def signature_words(moves: Iterable[SignedMove]) -> str:
    """“Statement from draft to published: approval.”"""
    return " ".join(_move(move) for move in moves)


def csv_lines(roles: Sequence[Named], permissions: Mapping[str, str]) -> Iterator[str]:
    """The matrix as CSV (RFC 4180) with a byte order mark, which spreadsheets need; formulas are made text."""
    yield "\ufeff"
    yield from lines(matrix_table(roles, permissions))


def matrix_table(roles: Sequence[Named], permissions: Mapping[str, str]) -> list[list[str]]:
    """Names of roles above their keys, then a row for each permission."""
    head = ["permission", "group", "allows to", "takes a signature", *(role.name for role in roles)]
    keys = ["", "", "", "key of the role", *(role.key for role in roles)]
    body = [
        [row.key, row.group, row.sentence, row.signature, *(YES if carries else NO for _, carries in row.cells)]
        for row in matrix(roles, permissions)
    ]
    return [head, keys, *body]


def lines(table: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of a CSV file."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in table:
        writer.writerow([inert(text) for text in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def inert(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _move(move: SignedMove) -> str:
    to = move.to.replace("_", " ")
    came = f"to {to}" if move.was == "*" else f"from {move.was.replace('_', ' ')} to {to}"
    meanings = " or ".join(WORDS[meaning].partition(":")[0].lower() for meaning in move.meanings)
    return f"{move.record[0].upper()}{move.record[1:]} {came}: {meanings}."


STORIES = [
    Story(
        kind="members.customrole",
        permission="members.view_people",
        title=lambda role: str(role.name),
        labels={"permissions": "what it allows"},
        values={"permissions": lambda keys: "; ".join(sentences(keys or ()))},
    ),
    Story(
        kind="members.rolegrant",
        permission="members.view_people",
        title=lambda grant: f"{queries.name_of(grant.role)}: {grant.user.full_name}",
        labels={"user": "person"},
        values={"role": queries.name_of},
        hide=["custom"],
    ),
]
