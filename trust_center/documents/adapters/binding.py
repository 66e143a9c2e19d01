"""Puts the signature page behind the PDF that was signed. The same two give the same bytes."""

import io

from pypdf import PdfReader, PdfWriter


def bind(pdf: bytes, page: bytes) -> tuple[int, bytes]:
    """Number of pages, and `pdf` followed by `page`."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.append(PdfReader(io.BytesIO(page)), import_outline=False)
    out = io.BytesIO()
    writer.write(out)
    return len(writer.pages), out.getvalue()
