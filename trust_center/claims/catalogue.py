"""The parts that the public pages are made of, in their order. Pure: no framework."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Page(StrEnum):
    TRUST_CENTER = "trust-center"
    COMPLIANCE = "compliance"


@dataclass(frozen=True, slots=True)
class Part:
    """`key` is the anchor on the page; `label` is what the index calls it."""

    key: str
    page: Page
    label: str


PARTS: Final[dict[str, Part]] = {
    part.key: part
    for part in (
        Part("overview", Page.TRUST_CENTER, "Overview"),
        Part("privacy", Page.TRUST_CENTER, "Privacy & data protection"),
        Part("security", Page.TRUST_CENTER, "Security practices"),
        Part("sub-processors", Page.TRUST_CENTER, "Sub-processors"),
        Part("incidents", Page.TRUST_CENTER, "Incident response & breach disclosure"),
        Part("documents", Page.TRUST_CENTER, "Documents available on request"),
        Part("contact", Page.TRUST_CENTER, "Contact"),
        Part("frameworks", Page.COMPLIANCE, "Overview"),
        Part("21-cfr-part-11", Page.COMPLIANCE, "21 CFR Part 11"),
        Part("eu-gmp-annex-11", Page.COMPLIANCE, "EU GMP Annex 11"),
        Part("eu-gmp-annex-11-draft", Page.COMPLIANCE, "Annex 11, draft of 2025"),
        Part("iso-13485", Page.COMPLIANCE, "ISO 13485"),
        Part("gamp-5", Page.COMPLIANCE, "GAMP 5"),
        Part("alcoa", Page.COMPLIANCE, "ALCOA+"),
    )
}
ORDER: Final = {key: place for place, key in enumerate(PARTS)}


def keys_of(page: Page) -> list[str]:
    return [part.key for part in PARTS.values() if part.page == page]
