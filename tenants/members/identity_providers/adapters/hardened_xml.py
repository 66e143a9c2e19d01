"""XML from outside, before anything understands it: small, UTF-8, without a document type, fetching nothing."""

from typing import Any, Final

from lxml import etree

MOST_BYTES: Final = 128 * 1024


class XmlRefused(Exception):
    """`code` names the check, `words` explain it to an administrator."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


def check(raw: bytes, *, most: int = MOST_BYTES) -> None:
    """What can be told before a parser sees it (ASVS 1.5.1). Raises `XmlRefused`."""
    if len(raw) > most:
        raise XmlRefused("too-large", f"The document has {len(raw):,} bytes; at most {most:,} are read.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise XmlRefused("not-xml", "The document is not UTF-8 text. Send it as UTF-8.") from broken
    if "<!doctype" in text.lower() or "<!entity" in text.lower():
        raise XmlRefused("doctype", "The document declares a document type or entities. Send it without.")


def parse(raw: bytes, *, most: int = MOST_BYTES) -> Any:
    """The root element, without comments and processing instructions. Raises `XmlRefused`."""
    check(raw, most=most)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, dtd_validation=False, no_network=True,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as broken:
        raise XmlRefused("not-xml", f"The document is not well-formed XML: {broken}.") from broken
    if root.getroottree().docinfo.doctype:
        raise XmlRefused("doctype", "The document declares a document type. Send it without.")
    return root
