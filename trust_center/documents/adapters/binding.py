"""Puts the signature page behind the PDF that was signed. The same two give the same bytes."""

import io

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError

from trust_center.documents.adapters.printing import PrintingFailed


def bind(pdf: bytes, page: bytes) -> tuple[int, bytes]:
    """Number of pages, and `pdf` followed by `page`. Raises `PrintingFailed` where one of them is no PDF."""
    try:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
        writer.append(PdfReader(io.BytesIO(page)), import_outline=False)
    except PyPdfError as unreadable:
        raise PrintingFailed(f"The PDF cannot be read: {unreadable}") from unreadable
    out = io.BytesIO()
    writer.write(out)
    return len(writer.pages), out.getvalue()
