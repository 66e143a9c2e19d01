"""Which files a case takes, and how long its letters stay open. Pure."""

from datetime import timedelta

MEGABYTE = 1024 * 1024
LARGEST_FILE = 5 * MEGABYTE
EVIDENCE_FILES = ("pdf", "png", "jpg", "jpeg", "txt", "eml", "docx")
ANSWER_FILES = (*EVIDENCE_FILES, "json", "csv", "xlsx", "zip")

# How the content of each kind of file begins; text must merely be readable as text.
BEGINNINGS = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "docx": (b"PK\x03\x04",),
    "xlsx": (b"PK\x03\x04",),
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
}

CONFIRM_WITHIN = timedelta(days=7)
ANSWER_OPEN_FOR = timedelta(days=30)
FOLLOW_FOR = timedelta(days=400)
# A personal link that expired is kept so much longer, then its row goes.
KEPT_AFTER_EXPIRY = timedelta(days=30)


def refusal(name: str, content: bytes, allowed: tuple[str, ...]) -> str | None:
    """Why a file cannot be taken, as a sentence; None when it can."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in allowed:
        return f"Choose a file of one of these kinds: {', '.join(allowed)}."
    if not content:
        return "The file is empty. Choose another one."
    if len(content) > LARGEST_FILE:
        return "The file is larger than 5 MB. Choose a smaller one."
    begins = content.startswith(BEGINNINGS[ending]) if ending in BEGINNINGS else b"\x00" not in content
    return None if begins else f"The content is not that of a .{ending} file. Choose the original file."
