"""A zip file that is written as a stream: nothing but the part at hand is ever held."""

import hashlib
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

PART_BYTES = 1024 * 1024
EARLIEST = 1980
QUICK = 2


class Parts:
    """Takes bytes as they come and hands them on in parts of equal size, with the digest of them all."""

    def __init__(self, keep: Callable[[int, bytes], None]) -> None:
        self._keep, self._rest = keep, bytearray()
        self._digest = hashlib.sha256()
        self.size = self.count = 0

    def write(self, data: bytes) -> int:
        self._rest += data
        while len(self._rest) >= PART_BYTES:
            self._hand_on(bytes(self._rest[:PART_BYTES]))
            del self._rest[:PART_BYTES]
        return len(data)

    def flush(self) -> None:
        """Parts go as they are full."""

    def end(self) -> str:
        """Hand on what is left; the SHA-256 of everything as hex."""
        if self._rest:
            self._hand_on(bytes(self._rest))
            self._rest.clear()
        return self._digest.hexdigest()

    def _hand_on(self, part: bytes) -> None:
        self._digest.update(part)
        self._keep(self.count, part)
        self.count += 1
        self.size += len(part)


class Archive:
    """The files of an export, each with its digest. `at` is the date they carry."""

    def __init__(self, out: Parts, at: datetime) -> None:
        # A stream without a way back: zipfile then writes sizes behind each file.
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, allowZip64=True)  # type: ignore[call-overload]
        self._date = (max(at.year, EARLIEST), at.month, at.day, at.hour, at.minute, at.second)
        self.digests: dict[str, str] = {}

    def add(self, name: str, content: bytes | Iterable[bytes]) -> None:
        entry = zipfile.ZipInfo(name, self._date)
        entry.compress_type = zipfile.ZIP_DEFLATED
        # Quickly: hashes and ciphertext hardly shrink, and a long job has only so much time.
        entry._compresslevel = QUICK  # type: ignore[attr-defined]
        entry.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        with self._zip.open(entry, "w", force_zip64=True) as file:
            for chunk in [content] if isinstance(content, bytes) else content:
                digest.update(chunk)
                file.write(chunk)
        self.digests[name] = digest.hexdigest()

    def close(self) -> None:
        self._zip.close()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *failed: Any) -> None:
        if failed[0] is None:
            self.close()
