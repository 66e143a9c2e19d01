"""Signed text: C2SP signed-note with Ed25519, and the heads of a log in it (C2SP tlog-checkpoint)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
MOST_SIGNATURES = 100
SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/=]+)")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
NAME = re.compile(r"[^\s+]+")
DECIMAL = re.compile(r"0|[1-9][0-9]*")


class NoteRefused(ValueError):
    """The note is malformed, or nobody who is trusted has signed it."""


class KeyRefused(ValueError):
    """The text is no key of a note."""


@dataclass(frozen=True)
class VerifierKey:
    """Who may have signed: `<name>+<key id>+<base64 of 0x01 and the public key>`."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or CONTROL.search(self.name) or not _is_unicode(self.name):
            raise KeyRefused("the name of a key is one word without a plus sign")
        if len(self.public) != 32:
            raise KeyRefused("an Ed25519 public key has 32 bytes")

    @classmethod
    def parse(cls, vkey: str) -> "VerifierKey":
        """Raises KeyRefused."""
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            decoded = from_base64(encoded, 33)
        except ValueError as refused:
            raise KeyRefused("the key is damaged") from refused
        if decoded[:1] != ED25519:
            raise KeyRefused("only Ed25519 keys are read")
        key = cls(name, decoded[1:])
        if key.id.hex() != key_id:
            raise KeyRefused("the key does not fit its own id")
        return key

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(ED25519 + self.public)}"

    def has_signed(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class SignerKey:
    """A key that signs notes under a name; for a log the name is its origin."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.verifier = VerifierKey(name, private.public_key().public_bytes_raw())

    @classmethod
    def new(cls, name: str) -> "SignerKey":
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> "SignerKey":
        """`seed`: the 32 bytes of RFC 8032, as `seed` gives them."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def seed(self) -> bytes:
        return self._private.private_bytes_raw()

    @property
    def vkey(self) -> str:
        return self.verifier.vkey

    def signature_line(self, text: str) -> str:
        signed = self.verifier.id + self._private.sign(text.encode())
        return f"— {self.verifier.name} {_base64(signed)}\n"


@dataclass(frozen=True)
class Note:
    """The text of a note and those of the known keys that signed it."""

    text: str
    signers: tuple[VerifierKey, ...]


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: the root over its first `size` entries (C2SP tlog-checkpoint)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if self.size < 0 or len(self.root) != 32 or not all(lines) or any(_is_broken(line) for line in lines):
            raise NoteRefused("these parts form no checkpoint")

    @property
    def text(self) -> str:
        return "\n".join([self.origin, str(self.size), _base64(self.root), *self.extensions, ""])

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Raises NoteRefused."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not is_decimal(lines[1]):
            raise NoteRefused("this text is no checkpoint")
        origin, size, root, *extensions = lines
        try:
            return cls(origin, int(size), from_base64(root, 32), tuple(extensions))
        except ValueError as refused:
            raise NoteRefused("this text is no checkpoint") from refused


def sign(text: str, *keys: SignerKey) -> str:
    """The note: the text and a signature line of each key. Raises NoteRefused."""
    if not text.endswith("\n") or CONTROL.search(text) or not _is_unicode(text):
        raise NoteRefused("the text of a note ends its last line and holds no control characters")
    return text + "\n" + "".join(key.signature_line(text) for key in keys)


def open(note: str, vkeys: Iterable[str]) -> Note:  # noqa: A001 - as in every library for notes
    """The text, once a known key has signed it and no known key's signature is wrong.

    Lines of unknown keys are ignored, so that witnesses may add theirs. Raises NoteRefused, KeyRefused.
    """
    text, lines = _split(note)
    known = {(key.name, key.id): key for key in map(VerifierKey.parse, vkeys)}
    signers: list[VerifierKey] = []
    for name, key_id, signature in lines:
        key = known.get((name, key_id))
        if key is None or key in signers:
            continue
        if not key.has_signed(text, signature):
            raise NoteRefused(f"the signature of {name} is wrong")
        signers.append(key)
    if not signers:
        raise NoteRefused("nobody who is trusted has signed this note")
    return Note(text, tuple(signers))


def open_checkpoint(note: str, origin: str, vkeys: Sequence[str]) -> Checkpoint:
    """The signed head of this very log. Raises NoteRefused, KeyRefused."""
    checkpoint = Checkpoint.parse(open(note, vkeys).text)
    if checkpoint.origin != origin:
        raise NoteRefused(f"this is a checkpoint of {checkpoint.origin}, not of {origin}")
    return checkpoint


def from_base64(text: str, length: int | None = None) -> bytes:
    """Strict: one text for one value. Raises ValueError."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error as refused:
        raise ValueError("this is not base64") from refused
    if _base64(decoded) != text or (length is not None and len(decoded) != length):
        raise ValueError("this is not the base64 text of such a value")
    return decoded


def is_decimal(text: str) -> bool:
    return bool(DECIMAL.fullmatch(text)) and text.isascii()


def _split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    text, found, rest = note.rpartition("\n\n")
    if not found or not text or CONTROL.search(note) or not rest.endswith("\n") or not _is_unicode(note):
        raise NoteRefused("this is not a signed note")
    lines = rest.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteRefused("the note has too many signatures")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    parts = SIGNATURE.fullmatch(line)
    if parts is None:
        raise NoteRefused("a signature line is malformed")
    try:
        signed = from_base64(parts["signature"])
    except ValueError as refused:
        raise NoteRefused("a signature line is damaged") from refused
    if len(signed) < 5:
        raise NoteRefused("a signature line is too short")
    return parts["name"], signed[:4], signed[4:]


def _is_unicode(text: str) -> bool:
    """Half a surrogate pair, which JSON can smuggle in, has no bytes that could be signed."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_broken(line: str) -> bool:
    return "\n" in line or bool(CONTROL.search(line))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
